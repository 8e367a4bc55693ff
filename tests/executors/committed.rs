//! Drops a run while it commits an item. In the end the item's row exists once. Items that were complete before are
//! lost only where nobody can tell by then whether they were saved with it.

use std::error::Error as StdError;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::types::Value;
use safe_state::backend::SqliteBackend;
use safe_state::commit::{AsyncTransaction, Dialect, Parameter, Statement};
use safe_state::{commit, resumable};
use safe_state_tests::Ran;
use smol::future::yield_now;

use super::dropped::{When, drop_at};

type BoxError = Box<dyn StdError + Send + Sync>;

const ITEMS: u64 = 4;

/// A transaction of an async driver.
struct Open<'a> {
    connection: Connection,
    /// Whether the transaction's statements are under way.
    is_in_doubt: &'a AtomicBool,
}

impl AsyncTransaction for Open<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        self.is_in_doubt.store(true, Ordering::SeqCst);
        yield_now().await;
        let values = statement.parameters.iter().cloned().map(|value| match value {
            Parameter::Integer(value) => Value::Integer(value),
            Parameter::Text(value) => Value::Text(value),
            Parameter::Bytes(value) => Value::Blob(value),
        });
        self.connection.execute(&statement.text, rusqlite::params_from_iter(values))?;
        Ok(())
    }

    async fn commit(self) -> Result<(), BoxError> {
        yield_now().await;
        self.connection.execute_batch("COMMIT")?;
        yield_now().await;
        Ok(())
    }

    async fn rollback(self) -> Result<(), BoxError> {
        Ok(self.connection.execute_batch("ROLLBACK")?)
    }
}

/// Inserts a row in each second item, and notes the others in `ran`.
#[resumable(name = "committed", backend = SqliteBackend::new(ledger), save_every = 1000)]
async fn job(ledger: &Path, ran: &Ran, is_in_doubt: &AtomicBool) -> anyhow::Result<()> {
    for item in 0..ITEMS {
        yield_now().await;
        if item % 2 == 0 {
            ran.note(item);
            continue;
        }
        let connection = Connection::open(ledger)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute("INSERT INTO rows VALUES (?1)", [i64::try_from(item)?])?;
        let tx = Open { connection, is_in_doubt };
        commit!(tx).await?;
        is_in_doubt.store(false, Ordering::SeqCst);
    }
    Ok(())
}

/// Drops the job at its wait number `last`, and runs it again to its end. Returns whether the job waits that often.
fn is_dropped_at(last: usize, when: When) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.db");
    Connection::open(&ledger).unwrap().execute_batch("CREATE TABLE rows (item INTEGER)").unwrap();
    let (ran, is_in_doubt) = (Ran::default(), AtomicBool::new(false));
    if let Some(returned) = drop_at(last, when, job(&ledger, &ran, &is_in_doubt)) {
        returned.unwrap();
        return false;
    }
    let was_in_doubt = is_in_doubt.swap(false, Ordering::SeqCst);
    let first = ran.take();
    smol::block_on(job(&ledger, &ran, &is_in_doubt)).unwrap();
    let connection = Connection::open(&ledger).unwrap();
    let mut rows = connection.prepare("SELECT item FROM rows ORDER BY item").unwrap();
    let rows: Vec<i64> =
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let without_rows = [first, ran.take()].concat();
    // If the job had finished before it was dropped, all its items are done once more.
    if without_rows.len() == 4 && rows.len() == 4 {
        return true;
    }
    assert_eq!(rows, [1, 3], "{when:?} at {last}");
    if !was_in_doubt {
        assert_eq!(without_rows, [0, 2], "{when:?} at {last}");
    }
    true
}

#[test]
fn a_commit_that_is_dropped_loses_nothing_that_was_complete_before() {
    for when in [When::AtOnce, When::Woken] {
        let mut drops = 0;
        while is_dropped_at(drops + 1, when) {
            drops += 1;
        }
        assert!(drops >= 6, "{when:?}: dropped at {drops} places only");
    }
}

/// Drops the first attempt to commit, with its transaction, before the transaction was given the statements that save.
#[resumable(name = "given-up", backend = SqliteBackend::new(ledger), fresh(ends))]
async fn gives_up(ledger: &Path, is_in_doubt: &AtomicBool, ends: bool) -> anyhow::Result<u64> {
    let begin = |item: u64| -> anyhow::Result<Open<'_>> {
        let connection = Connection::open(ledger)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute("INSERT INTO rows VALUES (?1)", [i64::try_from(item)?])?;
        Ok(Open { connection, is_in_doubt })
    };
    for item in 0..ITEMS {
        let tx = begin(item)?;
        let done = smol::future::poll_once(commit!(tx)).await;
        assert!(done.is_none(), "it was not dropped");
        anyhow::ensure!(!is_in_doubt.load(Ordering::SeqCst), "in doubt");
        anyhow::ensure!(!ends || item != 2, "given up");
        if item % 2 == 0 {
            let tx = begin(item)?;
            commit!(tx).await?;
            is_in_doubt.store(false, Ordering::SeqCst);
        }
    }
    Ok(ITEMS)
}

/// Runs a job that drops commits. Returns whether none of them had begun its statements when it was dropped.
fn goes_on_behind_drops() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.db");
    Connection::open(&ledger).unwrap().execute_batch("CREATE TABLE rows (item INTEGER)").unwrap();
    let in_doubt = AtomicBool::new(false);
    for ends in [true, false] {
        match smol::block_on(gives_up(&ledger, &in_doubt, ends)) {
            Err(error) if error.to_string() == "in doubt" => return false,
            Err(error) => assert!(ends && error.to_string() == "given up", "{error}"),
            Ok(items) => assert!(!ends && items == ITEMS),
        }
    }
    let connection = Connection::open(&ledger).unwrap();
    let mut rows = connection.prepare("SELECT item FROM rows ORDER BY item").unwrap();
    let rows: Vec<i64> =
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, [0, 2]);
    true
}

/// The thread that makes the statements is sometimes faster than the drop.
#[test]
fn a_commit_that_is_dropped_before_its_statements_leaves_no_doubt() {
    assert!((0..1000).any(|_| goes_on_behind_drops()));
}
