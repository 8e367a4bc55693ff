//! Checkpoints in a SQLite database.

mod database;
mod lease;
mod statements;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::tables::Tables;
use crate::{Backend, Error, Holder, Lease, LeaseOptions, name};
use database::{Database, schema};
use lease::SqliteLease;

/// Keeps checkpoints in tables of a SQLite database, which may be one that the program has anyway.
///
/// A save is one transaction: a snapshot replaces the row of its job, a record is a row behind it.
/// With [`Durability::Power`](crate::Durability::Power) the database is `synchronous = EXTRA`, so a
/// save that has returned survives a loss of power in every journal mode; with
/// [`Durability::Process`](crate::Durability::Process), `NORMAL`. A database that is made here is in
/// WAL mode, where a save is one sync; one that is there already keeps its own. Files are made for
/// their owner alone (0600).
///
/// The lease is a lock on a file beside the database, `DATABASE.JOB.lock`, as the file backend's is:
/// the system releases it when the process dies. Each save is also checked against the epoch in the
/// job's row, so that a run whose lock file was removed by hand saves nothing over the next one. The
/// row stays when the job has finished. Databases on NFS and the like are not safe, with any program.
///
/// Another connection that writes is waited for, up to 30 seconds.
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
    /// Each lease, and each question, has a connection of its own.
    Path(PathBuf),
    Connection(Arc<Mutex<Connection>>),
}

impl SqliteBackend {
    /// The database in the file `path`, which is created when the first job runs.
    ///
    /// What SQLite takes for a database in memory (`:memory:`, nothing, `file::memory:`) is no file, and
    /// refused when it is used: [`MemoryBackend`](crate::MemoryBackend) is for that.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        SqliteBackend { source: Source::Path(path.into()), tables: Tables::default() }
    }

    /// The database that is open, as it is open: extensions, keys and the like. One in memory will
    /// do, whose leases are good within the process, as it is.
    pub fn from_connection(connection: Connection) -> Self {
        let source = Source::Connection(Arc::new(Mutex::new(connection)));
        SqliteBackend { source, tables: Tables::default() }
    }

    /// The tables are called `PREFIX_meta`, `PREFIX_jobs` and `PREFIX_records`; by default the
    /// prefix is `safe_state`.
    ///
    /// # Errors
    ///
    /// It is no word of letters, digits and `_`.
    pub fn table_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        self.tables = Tables::with_prefix(prefix)?;
        Ok(self)
    }

    /// The statements that make the tables, which the first run does if they are not there.
    pub fn schema(&self) -> String {
        schema(&self.tables)
    }

    /// The database, if it is there and has tables of ours.
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

    /// A file of such a name would be made, where a database in memory was meant.
    pub(crate) fn check_path(&self) -> Result<(), Error> {
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

    /// Fails with [`Error::Held`] while the job runs.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.lease_of(job, LeaseOptions::default())?.save(checkpoint)
    }

    /// Fails with [`Error::Held`] while the job runs.
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
        let Some(database) = self.existing("listing", "*")? else { return Ok(Vec::new()) };
        let keys = database.list().map_err(|trouble| trouble.at("listing", "*", self.place()))?;
        let mut jobs = Vec::new();
        for key in keys {
            let load =
                || database.load(&key).map_err(|trouble| trouble.at("loading", &key, self.place()));
            jobs.extend(name::job(&key, load)?);
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let database = self.existing("looking", job)?;
        database.map_or(Ok(None), |database| lease::holder(&database, job))
    }

    /// The database's file.
    fn path(&self, _: &str) -> Option<PathBuf> {
        match &self.source {
            Source::Path(path) => Some(path.clone()),
            Source::Connection(shared) => database::path_of(shared),
        }
    }

    fn page_place(&self) -> Option<String> {
        let path = crate::dir::absolute(&self.path("")?);
        Some(format!("sqlite:{} {}", path.display(), self.tables.jobs))
    }
}
