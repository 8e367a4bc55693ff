//! The backend in a SQLite database.

mod busy;
mod database;
mod lease;
mod statements;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::tables::Tables;
use crate::{Backend, Error, Holder, Lease, LeaseOptions, Listing, name};
use database::{Database, schema};
use lease::SqliteLease;

/// A backend that keeps checkpoints in tables of a SQLite database, which may be the program's own.
///
/// A save is one transaction: a snapshot replaces the row of its job, and a record is a row behind it. With
/// [`Durability::Power`](crate::Durability::Power) the database is set to `synchronous = EXTRA`, so a save that has returned
/// survives a power cut in every journal mode; with [`Durability::Process`](crate::Durability::Process), to `NORMAL`. A
/// database that the backend creates is in WAL mode, where a save is one sync; an existing one keeps its mode. Only their owner
/// can read new files (mode 0600).
///
/// The lease is a lock on a file beside the database, `DATABASE.JOB.lock`, as for the file backend: the system releases it when
/// the process dies. Each save is also checked against the epoch in the job's row, so that a run whose lock file was removed by
/// hand saves nothing over the next one. The row stays when the job has finished. Databases on NFS and similar file systems are
/// not safe with any program.
///
/// The backend waits up to 30 seconds for another connection that writes.
///
/// ```
/// use safe_state_backends::{Backend, SqliteBackend};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("jobs.db");
/// let backend = SqliteBackend::new(&path);
/// backend.save("job", b"bytes")?;
/// assert_eq!(backend.load("job")?.as_deref(), Some(&b"bytes"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteBackend {
    source: Source,
    tables: Tables,
}

#[derive(Clone, Debug)]
enum Source {
    /// A file. Each lease, and each question without one, opens a connection of its own.
    Path(PathBuf),
    Connection(Arc<Mutex<Connection>>),
}

impl SqliteBackend {
    /// Creates a backend on the database in the file `path`, which is created when the first job runs.
    ///
    /// A path that SQLite takes for a database in memory (`:memory:`, nothing, `file::memory:`) names no file, and is refused
    /// on use: [`MemoryBackend`](crate::MemoryBackend) is for that.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        SqliteBackend { source: Source::Path(path.into()), tables: Tables::default() }
    }

    /// Creates a backend on an open connection, with its extensions, keys and settings. A database in memory is possible; its
    /// leases hold within the process, like the database.
    pub fn from_connection(connection: Connection) -> Self {
        let source = Source::Connection(Arc::new(Mutex::new(connection)));
        SqliteBackend { source, tables: Tables::default() }
    }

    /// Names the tables `PREFIX_meta`, `PREFIX_jobs` and `PREFIX_records`; the default prefix is `safe_state`.
    ///
    /// # Errors
    ///
    /// The prefix is no word of letters, digits and `_`.
    pub fn table_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        self.tables = Tables::with_prefix(prefix)?;
        Ok(self)
    }

    /// Returns the statements that create the tables. The first run executes them if the tables are missing.
    pub fn schema(&self) -> String {
        schema(&self.tables)
    }

    /// Opens the database, if it exists and has our tables.
    fn existing(&self, action: &'static str, job: &str) -> Result<Option<Database>, Error> {
        self.check_path()?;
        let database = match &self.source {
            Source::Path(path) => Database::existing(path, &self.tables),
            Source::Connection(shared) => Ok(Some(Database::shared(shared, &self.tables))),
        };
        let with_tables = database.and_then(|database| match database {
            Some(database) => Ok(database.has_tables()?.then_some(database)),
            None => Ok(None),
        });
        with_tables.map_err(|trouble| trouble.at(action, job, self.place()))
    }

    fn lease_of(&self, job: &str, options: LeaseOptions) -> Result<SqliteLease, Error> {
        if job.is_empty() {
            return Err(Error::EmptyName);
        }
        self.check_path()?;
        let database = match &self.source {
            Source::Path(path) => Database::create(path, &self.tables),
            Source::Connection(shared) => Ok(Database::shared(shared, &self.tables)),
        };
        let opened = database.map_err(|trouble| trouble.at("opening", job, self.place()))?;
        SqliteLease::take(opened, job, options, self.place())
    }

    /// Refuses a path that SQLite takes for a database in memory: a file with this name would be created.
    #[doc(hidden)]
    pub fn check_path(&self) -> Result<(), Error> {
        match &self.source {
            Source::Path(path) if is_memory(path) => Err(Error::NoFile(path.clone())),
            _ => Ok(()),
        }
    }

    fn place(&self) -> String {
        self.path("").map_or_else(|| "memory".to_owned(), |path| path.display().to_string())
    }
}

fn is_memory(path: &Path) -> bool {
    let path = path.to_string_lossy();
    let uri = path.strip_prefix("file:");
    path.is_empty()
        || path == ":memory:"
        || uri.is_some_and(|uri| {
            let (name, query) = uri.split_once('?').unwrap_or((uri, ""));
            matches!(name, "" | ":memory:") || query.split('&').any(|part| part == "mode=memory")
        })
}

impl Backend for SqliteBackend {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(database) = self.existing("loading", job)? else { return Ok(None) };
        let loaded = database.load(&name::encode(job));
        loaded.map_err(|trouble| trouble.at("loading", job, self.place()))
    }

    /// Saves under a lease of its own. Fails with [`Error::Held`] while the job runs.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.lease_of(job, LeaseOptions::default())?.save(checkpoint)
    }

    /// Removes the checkpoint under a lease of its own. Fails with [`Error::Held`] while the job runs.
    fn delete(&self, job: &str) -> Result<(), Error> {
        if self.exists(job)? {
            self.lease_of(job, LeaseOptions::default())?.delete()?;
        }
        Ok(())
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        let Some(database) = self.existing("looking", job)? else { return Ok(false) };
        let exists = database.exists(&name::encode(job));
        exists.map_err(|trouble| trouble.at("looking", job, self.place()))
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Ok(Box::new(self.lease_of(job, options)?))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        Ok(self.listing()?.jobs)
    }

    fn listing(&self) -> Result<Listing, Error> {
        let Some(database) = self.existing("listing", "*")? else { return Ok(Listing::default()) };
        let keys = database.list().map_err(|trouble| trouble.at("listing", "*", self.place()))?;
        let load = |key: &str| database.load(key).map_err(|it| it.at("loading", key, self.place()));
        Listing::of(keys.iter().map(String::as_str), load)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let database = self.existing("looking", job)?;
        database.map_or(Ok(None), |database| lease::holder(&database, job))
    }

    /// Returns the path of the database, which is the same for all jobs.
    fn path(&self, _: &str) -> Option<PathBuf> {
        match &self.source {
            Source::Path(path) => Some(path.clone()),
            Source::Connection(shared) => database::path_of(shared),
        }
    }

    fn store_name(&self) -> Option<String> {
        Some(self.place())
    }

    fn page_place(&self) -> Option<String> {
        let path = crate::dir::absolute(&self.path("")?);
        Some(format!("sqlite:{} {}", path.display(), self.tables.jobs))
    }
}
