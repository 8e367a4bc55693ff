//! Connections to SQLite: the same file is opened again, and never created anew.

use std::fs::{self, File};
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use safe_state_backends::FileId;
use safe_state_base::ReconnectError;
use serde::{Deserialize, Deserializer, Serialize};
use siphasher::sip::SipHasher13;

use super::handle::Reconnect;
use super::outputs;

/// The name of the database that a connection is opened with.
const MAIN: &str = "main";

/// The settings of a connection that are not stored in the file, and are restored.
const SETTINGS: [&str; 6] = [
    "busy_timeout",
    "cache_size",
    "foreign_keys",
    "recursive_triggers",
    "synchronous",
    "temp_store",
];

/// The description of a connection to an SQLite database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqliteMeta {
    path: String,
    read_only: bool,
    /// The schema version, which grows with each change of a table or index. It is 0 in an empty database.
    schema_version: i64,
    /// The names and files of the attached databases.
    attached: Vec<(String, String)>,
    settings: [i64; SETTINGS.len()],
    #[serde(deserialize_with = "if_any")]
    known: Option<DatabaseIdentity>,
    /// The facts by which the attached databases are recognised, in the same order.
    #[serde(deserialize_with = "if_any")]
    attached_known: Vec<Attached>,
}

/// The facts by which an attached database is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attached {
    schema_version: i64,
    known: DatabaseIdentity,
}

/// The facts by which a database is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DatabaseIdentity {
    /// The identity of the database's file.
    id: FileId,
    application_id: i64,
    /// A checksum of the statements that its tables and indices were made by.
    schema: u64,
    pages: i64,
}

/// Reads the field if it is there: descriptions that older releases saved end before it.
#[expect(clippy::unnecessary_wraps, reason = "what reads a field may fail")]
fn if_any<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    field: D,
) -> Result<T, D::Error> {
    Ok(T::deserialize(field).unwrap_or_default())
}

impl SqliteMeta {
    /// Returns the path of the database's file.
    pub fn path(&self) -> &Path {
        Path::new(&self.path)
    }
}

/// Opens the database by its path, read-only if it was, with the databases attached to it, and restores the
/// connection's `busy_timeout`, `cache_size`, `foreign_keys`, `recursive_triggers`, `synchronous` and `temp_store`.
/// Functions, hooks and the like are not restored; a [`register_opener`](super::register_opener) can make them again.
///
/// Databases in memory, temporary tables and a transaction that is open when an item completes are refused. So is a
/// file that is gone, has an older schema, or has another `application_id`. A different file, by device, inode number
/// and time of birth, counts as a copy, such as a restored backup, if it was made by the same statements and has no
/// fewer pages; an older copy of the same size is not noticed. Attached databases are checked in the same way. A save
/// that has to survive a loss of power fails if `synchronous` is `OFF`, and syncs what SQLite by itself would not sync.
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
        let known = Some(DatabaseIdentity::of(self, MAIN, &path)?);
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
        taken_as_it_is(&meta.path, check_version(self, (MAIN, &meta.path), meta.schema_version))?;
        if let Some(known) = &meta.known {
            taken_as_it_is(&meta.path, known.check(self, MAIN, &meta.path))?;
        }
        for ((name, path), attached) in meta.attached.iter().zip(&meta.attached_known) {
            taken_as_it_is(path, check_version(self, (name, path), attached.schema_version))?;
            taken_as_it_is(path, attached.known.check(self, name, path))?;
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

/// Returns what a check has found out, unless the run accepts the database as it is now.
fn taken_as_it_is(path: &str, checked: Result<(), ReconnectError>) -> Result<(), ReconnectError> {
    checked.or_else(|error| {
        let is_accepted = outputs::accepts(|| format!("the database `{path}` as it is"));
        if is_accepted { Ok(()) } else { Err(error) }
    })
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
        Ok(Attached { schema_version, known: DatabaseIdentity::of(connection, name, path)? })
    }
}

impl DatabaseIdentity {
    /// Takes the facts of the database that the connection calls `name`.
    fn of(connection: &Connection, name: &str, path: &str) -> Result<Self, ReconnectError> {
        let found = fs::metadata(path).map_err(|error| {
            ReconnectError::because(format!("cannot look at the SQLite database `{path}`"), error)
        })?;
        Ok(DatabaseIdentity {
            id: FileId::of(&found),
            application_id: pragma_of(connection, name, "application_id")?,
            schema: schema(connection, name).map_err(failed("read"))?,
            pages: pragma_of(connection, name, "page_count")?,
        })
    }

    fn check(&self, connection: &Connection, name: &str, path: &str) -> Result<(), ReconnectError> {
        let found = DatabaseIdentity::of(connection, name, path)?;
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

/// Syncs what a commit may leave unsynced: the log in WAL mode; in the other modes the directory, from which the
/// journal was deleted. It does not open the database file itself, as closing it would drop all locks that the process
/// has on it.
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

/// Returns the names and files of all databases of a connection, the main one first.
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

/// Reads the pragma `name` of the database that the connection calls `database`.
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
