//! A connection to the database, and the statements of the backend on it.

use crate::escape::Line;
use std::error::Error as StdError;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, named_params,
};

use super::busy;
use crate::format::tail_room;
use crate::size::{SizeLimit, too_large};
use crate::tables::{self, Tables, VERSION};
use crate::{Durability, Error, Holder};

/// Returns the statements that create the tables, where they are missing.
pub(super) fn schema(tables: &Tables) -> String {
    let Tables { meta, jobs, records, .. } = tables;
    format!(
        "CREATE TABLE IF NOT EXISTS {meta} (version INTEGER NOT NULL);
INSERT INTO {meta} SELECT {VERSION} WHERE NOT EXISTS (SELECT 1 FROM {meta});
CREATE TABLE IF NOT EXISTS {jobs} (
    job TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    holder TEXT,
    snapshot BLOB
);
CREATE TABLE IF NOT EXISTS {records} (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
"
    )
}

pub(super) struct Database {
    connection: Arc<Mutex<Connection>>,
    tables: Tables,
    /// Whether this backend opened the connection, and so may lower its settings.
    is_own: bool,
}

/// The key and epoch of a job's row, as of when its lease was taken.
#[derive(Clone, Copy)]
pub(super) struct LeaseToken<'c> {
    pub(super) key: &'c str,
    pub(super) epoch: i64,
}

/// The reason why an operation was not done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The row has another epoch by now. The value is the line of the new holder.
    Lost(Option<String>),
    /// Another run has the lease. The value is its line.
    Held(String),
    Other(Box<dyn StdError + Send + Sync>),
}

type Result<T> = std::result::Result<T, Trouble>;

impl Database {
    /// Opens the database, and creates it if it does not exist.
    pub(super) fn create(path: &Path, tables: &Tables) -> Result<Database> {
        let is_new = make(path)?;
        let database = Database::open(path, tables)?;
        if is_new {
            // If another connection uses the database, it stays in its mode, which is safe too.
            let _ = database.lock().pragma_update(None, "journal_mode", "WAL");
        }
        Ok(database)
    }

    /// Opens the database if it exists.
    pub(super) fn existing(path: &Path, tables: &Tables) -> Result<Option<Database>> {
        match path.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => Database::open(path, tables).map(Some),
            Err(error) => Err(error.into()),
        }
    }

    fn open(path: &Path, tables: &Tables) -> Result<Database> {
        // The system's name of the file is used: SQLite gives `:memory:` and the empty path meanings of its own.
        let path = fs::canonicalize(path)?;
        if !fs::metadata(&path)?.is_file() {
            // SQLite would wait for a pipe.
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file").into());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_handler(Some(busy::looks_again))?;
        let connection = Arc::new(Mutex::new(connection));
        Ok(Database { connection, tables: tables.clone(), is_own: true })
    }

    /// Creates a handle to a connection that others use as well.
    pub(super) fn shared(connection: &Arc<Mutex<Connection>>, tables: &Tables) -> Database {
        let connection = Arc::clone(connection);
        Database { connection, tables: tables.clone(), is_own: false }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        lock(&self.connection)
    }

    /// Returns the path of the database's file; `None` if it is in memory.
    pub(super) fn path(&self) -> Option<PathBuf> {
        path_of(&self.connection)
    }

    pub(super) fn has_tables(&self) -> Result<bool> {
        let connection = self.lock();
        Ok(connection.table_exists(None, self.tables.meta.as_str())?)
    }

    /// Sets the failures that a commit has to survive from now on. A shared connection is only made safer.
    pub(super) fn set_durability(&self, durability: Durability) -> Result<()> {
        let level = match durability {
            Durability::Power => "EXTRA",
            Durability::Process if self.is_own => "NORMAL",
            Durability::Process => return Ok(()),
        };
        Ok(self.lock().pragma_update(None, "synchronous", level)?)
    }

    #[cfg(test)]
    pub(super) fn synchronous(&self) -> i64 {
        self.lock().pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap()
    }

    /// Creates the tables, if they are missing.
    pub(super) fn make_tables(&self) -> Result<()> {
        let mut connection = self.lock();
        let making = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        making.execute_batch(&schema(&self.tables))?;
        let version = format!("SELECT version FROM {}", self.tables.meta);
        let version: i64 = making.query_row(&version, [], |row| row.get(0))?;
        tables::check_version(version).map_err(|too_new| Trouble::Other(too_new.into()))?;
        Ok(making.commit()?)
    }

    /// Takes the row of a job: raises its epoch and sets its holder. In a database without a file, the row's holder is what
    /// keeps other runs out.
    pub(super) fn acquire(&self, key: &str, holder: &str, in_memory: bool) -> Result<i64> {
        let jobs = &self.tables.jobs;
        let connection = self.lock();
        if in_memory {
            let asked = format!("SELECT holder FROM {jobs} WHERE job = ?1");
            let held = connection.query_row(&asked, [key], |row| row.get(0)).optional()?;
            if let Some(Some(holder)) = held {
                return Err(Trouble::Held(holder));
            }
        }
        let taken = format!(
            "INSERT INTO {jobs} (job, epoch, holder) VALUES (?1, 1, ?2)
             ON CONFLICT (job) DO UPDATE SET epoch = epoch + 1, holder = excluded.holder
             RETURNING epoch"
        );
        Ok(connection.query_row(&taken, [key, holder], |row| row.get(0))?)
    }

    pub(super) fn release(&self, token: LeaseToken<'_>) -> Result<()> {
        let free = format!(
            "UPDATE {} SET holder = NULL WHERE job = :job AND epoch = :epoch",
            self.tables.jobs
        );
        let named = named_params! { ":job": token.key, ":epoch": token.epoch };
        self.lock().execute(&free, named)?;
        Ok(())
    }

    /// Replaces all that is stored by a snapshot; or removes it, if `snapshot` is `None`.
    pub(super) fn replace(&self, token: LeaseToken<'_>, snapshot: Option<&[u8]>) -> Result<()> {
        let len = snapshot.map_or(0, <[u8]>::len);
        check_size((len + tail_room(len, Durability::Power)) as u64)?;
        let Tables { jobs, records, .. } = &self.tables;
        let mut connection = self.lock();
        let replacing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let replace =
            format!("UPDATE {jobs} SET snapshot = :snapshot WHERE job = :job AND epoch = :epoch");
        let named =
            named_params! { ":snapshot": snapshot, ":job": token.key, ":epoch": token.epoch };
        if replacing.prepare_cached(&replace)?.execute(named)? == 0 {
            drop(replacing);
            return Err(self.lost(&connection, token));
        }
        replacing
            .prepare_cached(&format!("DELETE FROM {records} WHERE job = ?1"))?
            .execute([token.key])?;
        Ok(replacing.commit()?)
    }

    /// Adds a record behind the snapshot, by one statement, which is a transaction.
    pub(super) fn append(&self, token: LeaseToken<'_>, number: i64, record: &[u8]) -> Result<()> {
        let Tables { jobs, records, .. } = &self.tables;
        let connection = self.lock();
        let append = format!(
            "INSERT INTO {records} (job, number, record)
             SELECT job, :number, :record FROM {jobs} WHERE job = :job AND epoch = :epoch"
        );
        let named = named_params! {
            ":number": number, ":record": record, ":job": token.key, ":epoch": token.epoch
        };
        if connection.prepare_cached(&append)?.execute(named)? == 0 {
            return Err(self.lost(&connection, token));
        }
        Ok(())
    }

    /// Raises the row's epoch, so that no save under the last epoch can succeed any more. Returns the new epoch, and whether the
    /// last one saved `bytes`, as the record `number` or as the snapshot. Waits for a transaction that is under way.
    pub(super) fn settle(
        &self,
        token: LeaseToken<'_>,
        number: Option<i64>,
        bytes: &[u8],
    ) -> Result<(i64, bool)> {
        let Tables { jobs, records, .. } = &self.tables;
        let mut connection = self.lock();
        let settling = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let raise = format!(
            "UPDATE {jobs} SET epoch = epoch + 1 WHERE job = ?1 AND epoch = ?2 RETURNING epoch"
        );
        let raised = settling.query_row(&raise, (token.key, token.epoch), |row| row.get(0));
        let Some(epoch) = raised.optional()? else {
            drop(settling);
            return Err(self.lost(&connection, token));
        };
        let stored = match number {
            Some(number) => settling.query_row(
                &format!("SELECT record = ?3 FROM {records} WHERE job = ?1 AND number = ?2"),
                (token.key, number, bytes),
                |row| row.get(0),
            ),
            None => settling.query_row(
                &format!(
                    "SELECT snapshot IS ?2 AND NOT EXISTS (SELECT 1 FROM {records} WHERE job = ?1)
                     FROM {jobs} WHERE job = ?1"
                ),
                (token.key, bytes),
                |row| row.get(0),
            ),
        };
        let is_saved = stored.optional()?.unwrap_or(false);
        settling.commit()?;
        Ok((epoch, is_saved))
    }

    /// Checks that the row still has the token's epoch.
    pub(super) fn check(&self, token: LeaseToken<'_>) -> Result<()> {
        let asked = format!("SELECT 1 FROM {} WHERE job = ?1 AND epoch = ?2", self.tables.jobs);
        let connection = self.lock();
        let found =
            connection.query_row(&asked, (token.key, token.epoch), |_| Ok(())).optional()?;
        found.ok_or_else(|| self.lost(&connection, token))
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    fn lost(&self, connection: &Connection, token: LeaseToken<'_>) -> Trouble {
        let asked = format!("SELECT holder FROM {} WHERE job = ?1", self.tables.jobs);
        let holder = connection.query_row(&asked, [token.key], |row| row.get(0));
        // The new holder is named if it can be read.
        Trouble::Lost(holder.unwrap_or_default())
    }

    pub(super) fn load(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let Tables { jobs, records, .. } = &self.tables;
        let mut connection = self.lock();
        // One transaction sees one state.
        let reading = connection.transaction()?;
        let size = format!(
            "SELECT COALESCE((SELECT length(snapshot) FROM {jobs} WHERE job = ?1), 0)
             + COALESCE((SELECT sum(length(record)) FROM {records} WHERE job = ?1), 0)"
        );
        let size: i64 = reading.query_row(&size, [key], |row| row.get(0))?;
        check_size(size.cast_unsigned())?;
        let snapshot = format!("SELECT snapshot FROM {jobs} WHERE job = ?1");
        let stored = reading.query_row(&snapshot, [key], |row| row.get(0)).optional()?;
        let Some(mut checkpoint): Option<Vec<u8>> = stored.flatten() else { return Ok(None) };
        let behind = format!("SELECT record FROM {records} WHERE job = ?1 ORDER BY number");
        let mut behind = reading.prepare(&behind)?;
        let mut rows = behind.query([key])?;
        while let Some(row) = rows.next()? {
            checkpoint.extend_from_slice(row.get_ref(0)?.as_blob().map_err(io::Error::other)?);
        }
        Ok(Some(checkpoint))
    }

    pub(super) fn exists(&self, key: &str) -> Result<bool> {
        let asked =
            format!("SELECT 1 FROM {} WHERE job = ?1 AND snapshot IS NOT NULL", self.tables.jobs);
        let found = self.lock().query_row(&asked, [key], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }

    pub(super) fn list(&self) -> Result<Vec<String>> {
        let asked = format!("SELECT job FROM {} WHERE snapshot IS NOT NULL", self.tables.jobs);
        let connection = self.lock();
        let mut stored = connection.prepare(&asked)?;
        let keys = stored.query_map([], |row| row.get(0))?;
        Ok(keys.collect::<rusqlite::Result<_>>()?)
    }
}

/// Refuses a checkpoint larger than the limit, which is the same as for files.
fn check_size(bytes: u64) -> Result<()> {
    let limit = SizeLimit::default().bytes().map_err(|error| Trouble::Other(error.into()))?;
    if bytes > limit { Err(too_large(bytes, limit).into()) } else { Ok(()) }
}

pub(super) fn path_of(connection: &Mutex<Connection>) -> Option<PathBuf> {
    lock(connection).path().filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Locks a connection. A panic under the lock does no harm: an open transaction was rolled back when it was dropped.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates an empty file for its owner alone, unless it exists. Returns whether the file is empty.
fn make(path: &Path) -> io::Result<bool> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(fs::metadata(path)?.len() == 0)
        }
        Err(error) => Err(error),
    }
}

impl Trouble {
    /// Converts the trouble into an error with the operation, the job and the place.
    pub(super) fn at(self, action: &'static str, job: &str, place: String) -> Error {
        let job = job.to_owned();
        let holder =
            |line: Option<String>| line.as_deref().and_then(Holder::from_line).map(Box::new);
        match self {
            Trouble::Lost(line) => Error::LeaseLost { job, holder: holder(line) },
            Trouble::Held(line) => Error::Held { job, holder: holder(Some(line)) },
            Trouble::Other(source) => {
                Error::Backend { action, job, source: Box::new(In { place, source }) }
            }
        }
    }
}

/// An error of the database, with the place of the database.
#[derive(Debug, thiserror::Error)]
#[error("in the database `{place}`", place = Line(place))]
struct In {
    place: String,
    source: Box<dyn StdError + Send + Sync>,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => Trouble::Other(Box::new(busy::Busy(error))),
            _ => Trouble::Other(error.into()),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Other(error.into())
    }
}
