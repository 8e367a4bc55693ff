//! Tests MariaDB with settings that change what a statement means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use safe_state::backend::mysql_async::prelude::Queryable;
use safe_state::backend::mysql_async::{Conn, Error as DriverError, Value};
use safe_state::backend::network::Timeouts;
use safe_state::backend::{Appended, Backend, Error, LeaseOptions, MySqlBackend};
use safe_state::commit::{Dialect, Parameter};
use safe_state_backends::{Ended, Save};
use safe_state_tests::Proxy;
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server, at};

use crate::{goes_on, held, lease};

/// Runs statements on a connection of its own.
pub(crate) fn execute<S: AsRef<str>>(
    url: &str,
    statements: &[(S, Vec<Value>)],
) -> Result<(), DriverError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = Conn::from_url(url).await?;
        for (text, values) in statements {
            conn.exec_drop(text.as_ref(), values.clone()).await?;
        }
        conn.disconnect().await
    })
}

/// Starts a server with settings, and returns it with the URL of a user whom they concern.
fn server(settings: &[&str]) -> (Server, String) {
    let server = Server::start(Kind::MySql);
    let mut statements = vec![
        "CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'hush'",
        "GRANT ALL ON safe_state.* TO plain@'127.0.0.1'",
    ];
    statements.extend(settings);
    let statements: Vec<_> = statements.into_iter().map(|text| (text, Vec::new())).collect();
    execute(&server.url(), &statements).unwrap();
    let url = at("mysql://plain:hush@host/safe_state", server.address());
    (server, url)
}

fn backend(url: &str) -> Arc<dyn Backend> {
    Arc::new(MySqlBackend::new(url).unwrap())
}

/// All bytes, which as text of one character set are not what they are as text of another.
fn all_bytes() -> Vec<u8> {
    (0..=255).collect()
}

#[test]
fn a_save_is_committed_whatever_follows_a_commit() {
    let (mut server, url) = server(&["SET GLOBAL completion_type = 'CHAIN'"]);
    let mut run = lease(&backend(&url), "chained");
    run.save(b"a").unwrap();
    assert_eq!(run.append(b"b").unwrap(), Appended::Yes);
    server.restart();
    assert_eq!(backend(&url).load("chained").unwrap().unwrap(), b"ab");
    drop(run);
    goes_on(&backend(&url), "chained on");
}

#[test]
fn bytes_are_not_converted_from_one_character_set_to_another() {
    for collation in ["latin1_swedish_ci", "utf8mb3_unicode_ci"] {
        let init = format!("SET GLOBAL init_connect = 'SET collation_connection = {collation}'");
        let (_server, url) = server(&[&init]);
        let mut run = lease(&backend(&url), "bytes");
        run.save(&all_bytes()).unwrap();
        assert_eq!(run.append(&all_bytes()).unwrap(), Appended::Yes);
        for save in [Save::Record(&all_bytes()), Save::Whole(&all_bytes())] {
            let given = run.statements(save, Dialect::MySql).unwrap().unwrap();
            let saves = given.list.into_iter().map(|it| {
                let values = it.parameters.into_iter().map(|it| match it {
                    Parameter::Integer(it) => it.into(),
                    Parameter::Text(it) => it.into(),
                    Parameter::Bytes(it) => it.into(),
                });
                (it.text, values.collect())
            });
            let [begin, commit] = ["START TRANSACTION", "COMMIT"].map(|it| (it.to_owned(), vec![]));
            let statements: Vec<_> = [begin].into_iter().chain(saves).chain([commit]).collect();
            execute(&url, &statements).unwrap();
            run.ended(Ended::Committed).unwrap();
            let stored = backend(&url).load("bytes").unwrap().unwrap();
            let parts = if matches!(save, Save::Whole(_)) { 1 } else { 3 };
            assert_eq!(stored, all_bytes().repeat(parts), "{collation}");
        }
    }
}

#[test]
fn tables_without_transactions_are_refused() {
    let (server, url) =
        server(&["SET GLOBAL enforce_storage_engine = 'Aria'", "SET GLOBAL sql_mode = ''"]);
    let refused = told(&backend(&url).save("job", b"a").unwrap_err());
    assert!(refused.contains("engine Aria") && refused.contains("InnoDB"), "{refused}");
    let mended = ["meta", "jobs", "records"].map(|table| {
        (format!("ALTER TABLE safe_state.safe_state_{table} ENGINE = InnoDB"), Vec::new())
    });
    execute(&server.url(), &[("SET GLOBAL enforce_storage_engine = NULL", Vec::new())]).unwrap();
    execute(&server.url(), &mended).unwrap();
    goes_on(&backend(&url), "job");
}

#[test]
fn a_checkpoint_longer_than_a_statement_may_be_is_told_at_once() {
    let (_server, url) = server(&["SET GLOBAL max_allowed_packet = 1048576"]);
    let mut run = lease(&backend(&url), "long");
    run.save(b"a").unwrap();
    let began = Instant::now();
    let refused = told(&run.save(&vec![7; 2 << 20]).unwrap_err());
    assert!(refused.contains("raise its `max_allowed_packet`"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    drop(run);
    assert_eq!(held(&backend(&url), "long").unwrap(), b"a");
}

/// Returns whether the server has a transaction that locks rows.
fn has_locks(url: &str) -> bool {
    let locking = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_locked > 0";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = Conn::from_url(url).await.unwrap();
        let count: Option<u64> = conn.query_first(locking).await.unwrap();
        conn.disconnect().await.unwrap();
        count != Some(0)
    })
}

/// A machine that is paused or cut off within a save leaves a transaction, which locks the row of the lease.
#[test]
fn a_run_that_stops_within_a_save_does_not_keep_the_job() {
    let server = Server::start(Kind::MySql);
    let short = Duration::from_secs(1);
    let new = |url: &str, statement| -> Arc<dyn Backend> {
        let timeouts = Timeouts { connect: short, statement };
        let backend = MySqlBackend::new(url).unwrap().lease_time(short).timeouts(timeouts);
        Arc::new(backend.retry_time(Duration::ZERO))
    };
    let between = Proxy::to(server.address());
    // This one does not give up by itself, and its connection stays.
    let stopped = new(&at(&server.url(), between.address()), Duration::from_secs(600));
    let (mut run, heir) = (lease(&stopped, "stopped"), new(&server.url(), 2 * short));
    run.save(b"a").unwrap();
    let is_over = AtomicBool::new(false);
    let (is_within, refused) = std::thread::scope(|scope| {
        // On a busy machine a save may fail, and is followed by others.
        scope.spawn(|| {
            let mut is_lost = false;
            while !is_lost && !is_over.load(Ordering::Relaxed) {
                is_lost = matches!(run.save(b"ab"), Err(Error::LeaseLost { .. }));
            }
        });
        // Some of the moments are between two saves, which go on meanwhile. The server counts locks anew each 0.1 s.
        let is_within = (0..100).any(|time| {
            std::thread::sleep(Duration::from_micros(1_000 + 137 * time));
            between.delay(Duration::MAX);
            std::thread::sleep(Duration::from_millis(300));
            has_locks(&server.url()) || {
                between.restore();
                false
            }
        });
        let began = Instant::now();
        let refused = loop {
            match Arc::clone(&heir).lease("stopped", LeaseOptions::default()) {
                Err(error) if is_within && began.elapsed() < Duration::from_secs(40) => drop(error),
                other => break other.err(),
            }
        };
        is_over.store(true, Ordering::Relaxed);
        between.cut();
        (is_within, refused)
    });
    assert!(is_within, "no save was under way");
    assert!(refused.is_none(), "{}", told(&refused.unwrap()));
}
