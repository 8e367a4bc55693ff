//! Tests leases that are lost or taken up again between commits, and commits that come late.

use std::thread;
use std::time::Duration;

use postgres::types::{ToSql, Type};
use postgres::{Client, NoTls};
use safe_state::backend::from_url;
use safe_state::commit::{Dialect, Parameter, Statement, Transaction};
use safe_state::{commit, resumable};
use safe_state_drivers::Ledger;
use safe_state_tests::servers::{mysql_url, postgres_url};

use super::{Base, BoxError, put_in};

/// Returns the statement that takes a job's lease away, as another run would.
fn take_over(job: &str) -> String {
    format!(
        "UPDATE safe_state_jobs SET epoch = epoch + 1, holder = '1 1 elsewhere' WHERE job = '{job}'"
    )
}

const TAKEN_OVER: &str = "was taken over by another run: pid 1 on host elsewhere";

fn a_zombie_commits_nothing(driver: &str, url: &str) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(driver, dir.path(), url);
    // Drivers that block must not be called within a runtime, so another thread calls them.
    let taken = || ledger.execute(&take_over(&ledger.name));
    let error = ledger.run(|item| match item {
        7 => thread::scope(|scope| scope.spawn(taken).join()).unwrap(),
        _ => Ok(()),
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains(TAKEN_OVER), "{driver}: {error}");
    let found = ledger.look();
    assert_eq!(found.rows.len(), 7, "{driver}");
    assert_eq!(found.checkpoint.unwrap().completed().len(), 7, "{driver}");
}

#[test]
fn a_run_that_has_lost_its_lease_commits_nothing() {
    for driver in ["postgres", "tokio-postgres", "sqlx-postgres"] {
        a_zombie_commits_nothing(driver, &postgres_url());
    }
    for driver in ["mysql", "mysql_async", "sqlx-mysql"] {
        a_zombie_commits_nothing(driver, &mysql_url());
    }
}

#[resumable(name = "zombie", backend = base.backend(), fresh(connection))]
fn in_sqlite(base: &Base) -> anyhow::Result<()> {
    let mut connection = base.connection();
    for item in 0..6 {
        if item == 3 {
            connection.execute_batch(&take_over("zombie"))?;
        }
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        commit!(tx)?;
    }
    Ok(())
}

#[test]
fn a_run_in_sqlite_that_has_lost_its_lease_commits_nothing() {
    let base = Base::new();
    let error = in_sqlite(&base).unwrap_err().to_string();
    assert!(error.contains(TAKEN_OVER), "{error}");
    assert_eq!((base.rows(), base.completed("zombie")), (vec![0, 1, 2], 3));
}

/// A transaction that is committed some time after its answer was given up.
struct Late(Client, Duration);

impl Transaction for Late {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        let typed = statement.parameters.iter().map(|parameter| match parameter {
            Parameter::Integer(value) => (value as &(dyn ToSql + Sync), Type::INT8),
            Parameter::Text(value) => (value as _, Type::TEXT),
            Parameter::Bytes(value) => (value as _, Type::BYTEA),
        });
        let values: Vec<_> = typed.collect();
        self.0.execute_typed(&statement.text, &values)?;
        Ok(())
    }

    fn commit(mut self) -> Result<(), BoxError> {
        thread::spawn(move || {
            thread::sleep(self.1);
            self.0.batch_execute("COMMIT").unwrap();
        });
        Err("there was no answer in time".into())
    }

    fn rollback(mut self) -> Result<(), BoxError> {
        Ok(self.0.batch_execute("ROLLBACK")?)
    }
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), fresh(late))]
fn late(ledger: &Ledger, late: Duration) -> anyhow::Result<()> {
    for item in 0..4 {
        let mut client = Client::connect(&ledger.url, NoTls)?;
        client.batch_execute(&format!("BEGIN; INSERT INTO {} VALUES ({item}, 0)", ledger.name))?;
        commit!(Late(client, late))?;
    }
    Ok(())
}

/// The commit is waited for, however late it is: the row of the lease is locked until then.
#[test]
fn a_commit_that_comes_late_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::new("postgres", dir.path(), &postgres_url());
    late(&ledger, Duration::from_millis(200)).unwrap();
    let items: Vec<i64> = ledger.look().rows.iter().map(|(item, _)| *item).collect();
    assert_eq!(items, [0, 1, 2, 3]);
}

/// Commits three items, runs the statements `then`, and saves the last item without `commit!`.
#[resumable(name = &ledger.name, backend = from_url(&by_name(ledger)), fresh(then, client))]
fn interrupted(ledger: &Ledger, then: &str) -> anyhow::Result<()> {
    let mut client = Client::connect(&ledger.url, NoTls)?;
    #[resume]
    for item in 0..4_i64 {
        let mut tx = client.transaction()?;
        tx.execute(&format!("INSERT INTO {} VALUES ($1, 0)", ledger.name), &[&item])?;
        if item < 3 {
            commit!(tx)?;
        } else {
            tx.commit()?;
            client.batch_execute(then)?;
        }
    }
    Ok(())
}

/// Returns the URL of the ledger's database, with the ledger's name as the application name of the connections.
fn by_name(ledger: &Ledger) -> String {
    format!("{}?application_name={}", ledger.url, ledger.name)
}

#[test]
fn a_server_that_has_lost_a_commit_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = || Ledger::new("postgres", dir.path(), &postgres_url());
    // The statement ends the lease's connection, as a server that crashes does.
    let end = |ledger: &Ledger| {
        format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
             WHERE application_name = '{}';",
            ledger.name
        )
    };
    let well = ledger();
    interrupted(&well, &end(&well)).unwrap();

    let lost = ledger();
    let meanwhile = format!(
        "DELETE FROM safe_state_records WHERE job = '{}' AND number = 3; {}",
        lost.name,
        end(&lost)
    );
    let error = interrupted(&lost, &meanwhile).unwrap_err().to_string();
    assert!(error.contains("the store lost the lease"), "{error}");
    assert_eq!(lost.look().checkpoint.unwrap().completed().len(), 2);
}
