//! Tests `commit!`: an item's rows and its progress are saved together, or neither is.

mod dropped;
mod ends;
mod items;
mod leases;
mod over;
mod places;

use std::cell::RefCell;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use safe_state::Job;
use safe_state::backend::SqliteBackend;
use safe_state::commit::{Parameter, Statement};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The way a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Well,
    /// The transaction is committed, and the answer is lost.
    Lost,
    /// The transaction is not committed.
    Broken,
    /// The transaction runs no statement of the progress.
    Refused,
}

/// An SQLite database with a table of rows, and the checkpoints of its jobs.
pub(crate) struct Base {
    dir: tempfile::TempDir,
}

impl Base {
    pub(crate) fn new() -> Self {
        let base = Base { dir: tempfile::tempdir().unwrap() };
        let table = "CREATE TABLE rows (item INTEGER NOT NULL);
            CREATE TABLE kinds (kind INTEGER PRIMARY KEY);
            CREATE TABLE later (kind REFERENCES kinds DEFERRABLE INITIALLY DEFERRED)";
        base.connection().execute_batch(table).unwrap();
        base
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn backend(&self) -> SqliteBackend {
        SqliteBackend::new(self.dir.path().join("rows.db"))
    }

    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(self.dir.path().join("rows.db")).unwrap();
        connection.pragma_update(None, "foreign_keys", "ON").unwrap();
        connection
    }

    /// Returns the rows, in the order in which they were inserted.
    pub(crate) fn rows(&self) -> Vec<i64> {
        let connection = self.connection();
        let mut rows = connection.prepare("SELECT item FROM rows ORDER BY rowid").unwrap();
        let rows = rows.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Returns the number of complete items of the job.
    pub(crate) fn completed(&self, job: &str) -> u64 {
        let checkpoint = Job::new(job).backend(self.backend()).peek_checkpoint().unwrap();
        checkpoint.map_or(0, |checkpoint| checkpoint.completed().len())
    }
}

/// The items that are to fail, each once.
#[derive(Default)]
pub(crate) struct Faults(RefCell<Vec<i64>>);

impl Faults {
    pub(crate) fn at(items: impl IntoIterator<Item = i64>) -> Self {
        Faults(RefCell::new(items.into_iter().collect()))
    }

    /// Fails if `item` is to fail and has not failed yet.
    pub(crate) fn strike(&self, item: i64) -> anyhow::Result<()> {
        let mut left = self.0.borrow_mut();
        let at = left.iter().position(|faulty| *faulty == item);
        at.map(|at| left.swap_remove(at));
        anyhow::ensure!(at.is_none(), "asked to fail at item {item}");
        Ok(())
    }
}

pub(crate) fn put_in(connection: &Connection, item: i64) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO rows VALUES (?1)", [item]).map(drop)
}

/// Runs a statement as a driver of one's own would.
pub(crate) fn run_statement(
    connection: &Connection,
    statement: &Statement,
) -> rusqlite::Result<()> {
    let values = statement.parameters.iter().cloned().map(|value| match value {
        Parameter::Integer(value) => Value::Integer(value),
        Parameter::Text(value) => Value::Text(value),
        Parameter::Bytes(value) => Value::Blob(value),
    });
    connection.execute(&statement.text, params_from_iter(values)).map(drop)
}
