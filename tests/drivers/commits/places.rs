//! Tests transactions on the database of the checkpoint, and on other databases.

use std::sync::Arc;

use postgres::NoTls;
use rusqlite::Connection;
use safe_state::backend::{Backend, FileBackend, from_url};
use safe_state::testing::{fail_at, stop_after, survives};
use safe_state::{Error, commit, resumable};
use safe_state_tests::servers::postgres_url;

use super::{Base, put_in};

#[resumable(name = "elsewhere", backend = backend, fresh(connection))]
fn elsewhere(backend: Arc<dyn Backend>, connection: &mut Connection) -> anyhow::Result<()> {
    for item in 0..2 {
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        commit!(tx)?;
    }
    Ok(())
}

/// Returns the error of a job whose checkpoint is elsewhere, and checks that nothing was inserted.
fn refused(backend: Arc<dyn Backend>, base: &Base) -> String {
    let mut connection = base.connection();
    let error = format!("{:#}", elsewhere(backend, &mut connection).unwrap_err());
    assert!(connection.is_autocommit(), "the transaction is open still");
    assert_eq!(base.rows(), [0; 0]);
    error
}

#[test]
fn a_checkpoint_elsewhere_is_an_error_that_says_where() {
    let base = Base::new();
    let files = FileBackend::new(base.dir());
    let path = files.path("elsewhere").unwrap();
    assert_eq!(
        refused(Arc::new(files), &base),
        format!(
            "in job `elsewhere`, the transaction is one of SQLite, and the checkpoint is in `{}`; open \
             the job with `backend = ..` on the database of the transaction, which was rolled back",
            path.display()
        )
    );
    let server = refused(from_url(&postgres_url()).unwrap(), &base);
    assert!(server.contains("one of SQLite, and the checkpoint is in `postgres://"), "{server}");
}

#[test]
fn a_trial_says_that_it_cannot_test_a_commit() {
    let base = Base::new();
    let mut said = String::new();
    survives(|_| said = refused(Arc::new(base.backend()), &base));
    assert!(
        said.contains("in the memory of `testing::survives`, which can't test a `commit!`"),
        "{said}"
    );
}

#[test]
fn a_test_stops_a_run_after_a_committed_item() {
    let base = Base::new();
    let mut connection = base.connection();
    let mut post = || elsewhere(Arc::new(base.backend()), &mut connection);
    let stopped = stop_after(1, || post().unwrap_err());
    assert!(matches!(stopped.downcast_ref(), Some(Error::Stopped { .. })), "{stopped}");
    assert_eq!(base.rows(), [0]);
    assert!(fail_at(1, &mut post).is_none());
    assert_eq!(base.rows(), [0]);
    post().unwrap();
    assert_eq!(base.rows(), [0, 1]);
}

#[test]
fn another_database_of_the_same_kind_is_refused() {
    let (base, other) = (Base::new(), Base::new());
    let said = format!(
        "was rolled back; it has to be one in `{}/rows.db`, where the checkpoint is, and open",
        other.dir().display()
    );
    let error = refused(Arc::new(other.backend()), &base);
    assert!(error.contains(&said) && error.contains("no such table"), "{error}");
    // First the database has the same tables without a row of this job, and then with one.
    for job in ["another", "elsewhere"] {
        Arc::new(base.backend()).save(job, b"any").unwrap();
        let error = refused(Arc::new(other.backend()), &base);
        assert!(error.contains(&said) && error.contains("NOT NULL"), "{error}");
    }
    let stored = base.backend().load("elsewhere").unwrap();
    assert_eq!(stored.as_deref(), Some(&b"any"[..]));
}

#[resumable(name = "other-database", backend = backend, fresh(client))]
fn in_postgres(backend: Arc<dyn Backend>, url: &str) -> anyhow::Result<()> {
    let mut client = postgres::Client::connect(url, NoTls)?;
    for _ in 0..2 {
        let tx = client.transaction()?;
        commit!(tx)?;
    }
    Ok(())
}

#[test]
fn another_database_of_the_same_server_is_refused() {
    let other = postgres_url().replace("/safe_state", "/postgres");
    let backend = || from_url(&postgres_url()).unwrap();
    let error = format!("{:#}", in_postgres(backend(), &other).unwrap_err());
    assert!(error.contains("has to be one in `postgres://...@127.0.0.1:"), "{error}");
    assert!(!error.contains("hush"), "the password is in: {error}");
    in_postgres(backend(), &postgres_url()).unwrap();
}
