//! SQLite: the same file is opened again, and nothing of it is made anew.

use std::fs::{self, File};
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use safe_state_backends::FileId;
use safe_state_base::ReconnectError;
use serde::{Deserialize, Deserializer, Serialize};
use siphasher::sip::SipHasher13;

use super::handle::Reconnect;

/// The name of the database that a connection is opened with.
const MAIN: &str = "main";

/// What a connection has a setting of its own for, that is not in the file.
const SETTINGS: [&str; 6] = [
    "busy_timeout",
    "cache_size",
    "foreign_keys",
    "recursive_triggers",
    "synchronous",
    "temp_store",
];

/// How to open an SQLite database again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqliteMeta {
    path: String,
    read_only: bool,
    /// Grows with each change of a table or index, and tells a database from an empty one.
    schema_version: i64,
    /// The names and files of the databases attached to it.
    attached: Vec<(String, String)>,
    settings: [i64; SETTINGS.len()],
    #[serde(deserialize_with = "if_any")]
    known: Option<Known>,
    /// By what those are known that are attached, in the same order.
    #[serde(deserialize_with = "if_any")]
    attached_known: Vec<Attached>,
}

/// By what an attached database is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attached {
    schema_version: i64,
    known: Known,
}

/// By what the database is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// Its file.
    id: FileId,
    application_id: i64,
    /// A checksum of what its tables and indices are made by.
    schema: u64,
    pages: i64,
}

/// What is saved of older releases ends before it.
#[expect(clippy::unnecessary_wraps, reason = "what reads a field may fail")]
fn if_any<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    field: D,
) -> Result<T, D::Error> {
    Ok(T::deserialize(field).unwrap_or_default())
}

impl SqliteMeta {
    /// The database's file.
    pub fn path(&self) -> &Path {
        Path::new(&self.path)
    }
}

/// By its path, with the databases attached to it, read-only or not, and with the connection's
/// `busy_timeout`, `cache_size`, `foreign_keys`, `recursive_triggers`, `synchronous` and `temp_store`.
/// Functions, hooks and the like are not restored; [`register_opener`](super::register_opener) can.
///
/// Refused are databases in memory, temporary tables, a transaction that is open when an item
/// completes, and a file that is gone, has an older schema or another `application_id`. A file that is another one
/// than it was, by its device, number and time of birth, goes on as a copy, such as a restored backup, if it was made
/// by the same statements and has no fewer pages; an older copy that is as large is not noticed. Attached databases are
/// looked at in the same way. A save that is to survive a loss of
/// power needs `synchronous` not to be `OFF`, and syncs what SQLite by itself would not have.
impl Reconnect for Connection {
    type Meta = SqliteMeta;

    fn extract(&mut self) -> Result<SqliteMeta, ReconnectError> {
        if !self.is_autocommit() {
            return Err(ReconnectError::new(
                "an SQLite transaction is open, and what it holds would be lost; commit it within the item",
            ));
        }
        let mut databases = databases(self)?.into_iter();
        let Some((_, path)) = databases.next() else {
            return Err(ReconnectError::new("the SQLite connection has no database"));
        };
        is_there(&path)?;
        let (temporary, attached): (Vec<_>, Vec<_>) =
            databases.partition(|(name, _)| name == "temp");
        if !temporary.is_empty() && has_temporary_tables(self)? {
            return Err(ReconnectError::new(
                "temporary SQLite tables end with their connection; use tables in the file",
            ));
        }
        attached.iter().try_for_each(|(_, path)| is_there(path))?;
        let mut settings = [0; SETTINGS.len()];
        for (setting, name) in settings.iter_mut().zip(SETTINGS) {
            *setting = pragma(self, name)?;
        }
        let read_only = self.is_readonly("main").map_err(failed("look at"))?;
        let schema_version = pragma(self, "schema_version")?;
        let known = Some(Known::of(self, MAIN, &path)?);
        let attached_known = attached.iter().map(|(name, path)| Attached::of(self, name, path));
        let attached_known = attached_known.collect::<Result<_, _>>()?;
        Ok(SqliteMeta {
            path,
            read_only,
            schema_version,
            attached,
            settings,
            known,
            attached_known,
        })
    }

    fn files(meta: &SqliteMeta) -> Vec<PathBuf> {
        let attached = meta.attached.iter().map(|(_, path)| path.as_str());
        [meta.path.as_str()].into_iter().chain(attached).map(PathBuf::from).collect()
    }

    fn reconnect(meta: SqliteMeta) -> Result<Self, ReconnectError> {
        let mode = if meta.read_only {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        is_there(&meta.path)?;
        let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&meta.path, flags);
        let mut connection = opened.map_err(failed("open"))?;
        for (name, path) in &meta.attached {
            is_there(path)?;
            connection.execute("ATTACH ?1 AS ?2", [path, name]).map_err(failed("attach to"))?;
        }
        for (name, setting) in SETTINGS.iter().zip(meta.settings) {
            let set = connection.pragma_update(None, name, setting);
            set.map_err(failed("set up"))?;
        }
        connection.verify(&meta)?;
        Ok(connection)
    }

    fn verify(&mut self, meta: &SqliteMeta) -> Result<(), ReconnectError> {
        check_version(self, (MAIN, &meta.path), meta.schema_version)?;
        if let Some(known) = &meta.known {
            known.check(self, MAIN, &meta.path)?;
        }
        for ((name, path), attached) in meta.attached.iter().zip(&meta.attached_known) {
            check_version(self, (name, path), attached.schema_version)?;
            attached.known.check(self, name, path)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), ReconnectError> {
        if self.is_readonly("main").map_err(failed("look at"))? {
            return Ok(());
        }
        if pragma(self, "synchronous")? == 0 {
            return Err(ReconnectError::new(
                "with `PRAGMA synchronous = OFF`, rows of complete items could be lost with the power; \
                 turn it on, or say `durability = \"process\"`",
            ));
        }
        let databases = databases(self)?;
        let mut files = databases.iter().filter(|(name, _)| name != "temp");
        files.try_for_each(|(_, path)| sync_beside(Path::new(path)))
    }
}

fn check_version(
    connection: &Connection,
    (name, path): (&str, &str),
    was: i64,
) -> Result<(), ReconnectError> {
    let found = pragma_of(connection, name, "schema_version")?;
    if found >= was {
        return Ok(());
    }
    Err(ReconnectError::new(format!(
        "`{path}` is another database, or an older one: its schema has version {found}, \
         and had {was} when the progress was saved"
    )))
}

impl Attached {
    fn of(connection: &Connection, name: &str, path: &str) -> Result<Self, ReconnectError> {
        let schema_version = pragma_of(connection, name, "schema_version")?;
        Ok(Attached { schema_version, known: Known::of(connection, name, path)? })
    }
}

impl Known {
    /// Of the database that goes by that name in the connection.
    fn of(connection: &Connection, name: &str, path: &str) -> Result<Self, ReconnectError> {
        let found = fs::metadata(path).map_err(|error| {
            ReconnectError::because(format!("cannot look at the SQLite database `{path}`"), error)
        })?;
        Ok(Known {
            id: FileId::of(&found),
            application_id: pragma_of(connection, name, "application_id")?,
            schema: schema(connection, name).map_err(failed("read"))?,
            pages: pragma_of(connection, name, "page_count")?,
        })
    }

    fn check(&self, connection: &Connection, name: &str, path: &str) -> Result<(), ReconnectError> {
        let found = Known::of(connection, name, path)?;
        let another = |how: String| {
            Err(ReconnectError::new(format!("`{path}` is another database than it was: {how}")))
        };
        if found.application_id != self.application_id {
            return another(format!(
                "its `application_id` is {}, and was {}",
                found.application_id, self.application_id
            ));
        }
        if found.id.is(&self.id) {
            return Ok(());
        }
        if found.schema != self.schema {
            return another("it is another file, and its tables are made otherwise".to_owned());
        }
        if found.pages < self.pages {
            return another(format!(
                "it is another file, of {} pages, and had {} when the progress was saved",
                found.pages, self.pages
            ));
        }
        Ok(())
    }
}

fn schema(connection: &Connection, database: &str) -> rusqlite::Result<u64> {
    let mut hasher = SipHasher13::new();
    let text = format!(
        "SELECT type, name, tbl_name, sql FROM \"{}\".sqlite_schema ORDER BY type, name",
        database.replace('"', "\"\"")
    );
    let mut statement = connection.prepare_cached(&text)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..4 {
            let text = row.get::<_, Option<String>>(column)?.unwrap_or_default();
            hasher.write(&(text.len() as u64).to_le_bytes());
            hasher.write(text.as_bytes());
        }
    }
    Ok(hasher.finish())
}

/// What a commit may leave unsynced: the log, in WAL mode, and the end of the journal in the others.
/// Never the database itself: to close a file is to drop all locks that the process has on it.
fn sync_beside(database: &Path) -> Result<(), ReconnectError> {
    let failed =
        |error| ReconnectError::because(format!("cannot sync `{}`", database.display()), error);
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    if log.exists() {
        return File::open(log).and_then(|log| log.sync_data()).map_err(failed);
    }
    let dir = database.parent().unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// The names and files of all databases of a connection, the main one first.
fn databases(connection: &Connection) -> Result<Vec<(String, String)>, ReconnectError> {
    let mut statement = connection.prepare("PRAGMA database_list").map_err(failed("look at"))?;
    let rows = statement.query_map([], |row| Ok((row.get(1)?, row.get(2)?)));
    let found = rows.and_then(Iterator::collect).map_err(failed("look at"))?;
    Ok(found)
}

fn has_temporary_tables(connection: &Connection) -> Result<bool, ReconnectError> {
    let found =
        connection
            .query_row("SELECT EXISTS (SELECT * FROM sqlite_temp_master)", [], |row| row.get(0));
    found.map_err(failed("look at"))
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, ReconnectError> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(failed("read"))
}

/// Of the database that goes by that name.
fn pragma_of(connection: &Connection, database: &str, name: &str) -> Result<i64, ReconnectError> {
    let found = connection.pragma_query_value(Some(database), name, |row| row.get(0));
    found.map_err(failed("read"))
}

fn is_there(path: &str) -> Result<(), ReconnectError> {
    if path.is_empty() {
        return Err(ReconnectError::new(
            "an SQLite database in memory, or a temporary one, ends with its connection; use one in a file",
        ));
    }
    fs::metadata(path).map(drop).map_err(|error| {
        ReconnectError::because(format!("the SQLite database `{path}` has been deleted"), error)
    })
}

fn failed(action: &'static str) -> impl FnOnce(rusqlite::Error) -> ReconnectError {
    move |error| ReconnectError::because(format!("cannot {action} the SQLite database"), error)
}
