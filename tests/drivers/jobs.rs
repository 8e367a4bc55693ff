//! Runs one job on a handle of each driver. The job leaves a row for each item, and returns all rows.

mod ledgers;

use std::path::Path;
use std::process::Command;
use std::thread;

use postgres::NoTls;
use safe_state::reconnect::ReconnectRegistry;
use safe_state::resumable;

pub use ledgers::{Found, Ledger};

/// The number of items of a job.
pub const ITEMS: i64 = 8;

/// The trouble that a job meets as it begins an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The job meets no trouble.
    Never,
    /// The job fails.
    Fail(i64),
    /// The job kills its own process.
    Kill(i64),
}

impl Stop {
    fn at(self, item: i64) -> anyhow::Result<()> {
        anyhow::ensure!(self != Stop::Fail(item), "asked to fail");
        if self == Stop::Kill(item) {
            let kill = format!("kill -s KILL {}", std::process::id());
            Command::new("sh").args(["-c", &kill]).status()?;
            thread::park();
        }
        Ok(())
    }
}

/// Runs the job of the driver `driver`, with what it needs to connect again.
///
/// # Errors
///
/// The errors of the job.
pub fn run(driver: &str, dir: &Path, url: &str, stop: Stop) -> anyhow::Result<Vec<i64>> {
    let registry = openers(url);
    match driver {
        "sqlite" => by_sqlite(dir, stop),
        "postgres" => by_postgres(dir, url, &registry, stop),
        "redis" => by_redis(dir, url, &registry, stop),
        "redis-connection" => by_redis_connection(dir, url, &registry, stop),
        other => anyhow::bail!("unknown: {other}"),
    }
}

/// Returns a registry that opens the handles of all drivers at one URL.
pub fn openers(url: &str) -> ReconnectRegistry {
    let registry = ReconnectRegistry::default();
    let at = url.to_owned();
    registry
        .register_opener::<postgres::Client>(move |_| Ok(postgres::Client::connect(&at, NoTls)?));
    let at = url.to_owned();
    registry.register_opener::<redis::Client>(move |_| Ok(redis::Client::open(at.as_str())?));
    let at = url.to_owned();
    registry.register_opener::<redis::Connection>(move |_| {
        Ok(redis::Client::open(at.as_str())?.get_connection()?)
    });
    registry
}

/// Runs the job on an SQLite database in the folder.
///
/// # Errors
///
/// If `stop` asks for it, or the handle cannot be rebuilt.
#[resumable(name = "sqlite", state_dir = dir, reconnect(database), fresh(stop))]
pub fn by_sqlite(dir: &Path, stop: Stop) -> anyhow::Result<Vec<i64>> {
    let mut database = {
        let database = rusqlite::Connection::open(dir.join("rows.db"))?;
        database.execute("CREATE TABLE IF NOT EXISTS rows (item INTEGER)", [])?;
        database
    };
    for item in 0..ITEMS {
        stop.at(item)?;
        let insertion = database.transaction()?;
        insertion.execute("INSERT INTO rows VALUES (?1)", [item])?;
        insertion.commit()?;
    }
    let mut rows = database.prepare("SELECT item FROM rows ORDER BY rowid")?;
    let rows = rows.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Runs the job on a PostgreSQL table of its own.
///
/// # Errors
///
/// If `stop` asks for it, the handle cannot be rebuilt, or the server reports an error.
#[resumable(name = "postgres", state_dir = dir, reconnect(client), registry = registry, fresh(stop, url))]
pub fn by_postgres(
    dir: &Path,
    url: &str,
    registry: &ReconnectRegistry,
    stop: Stop,
) -> anyhow::Result<Vec<i64>> {
    let table = own_name(dir);
    let mut client = {
        let mut client = postgres::Client::connect(url, NoTls)?;
        client.batch_execute(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (at SERIAL, item BIGINT)"
        ))?;
        client
    };
    for item in 0..ITEMS {
        stop.at(item)?;
        let insertion = format!("INSERT INTO {table} (item) VALUES ($1)");
        client.execute(&insertion, &[&item])?;
    }
    let rows = client.query(&format!("SELECT item FROM {table} ORDER BY at"), &[])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Runs the job on a Redis list of its own, by a client.
///
/// # Errors
///
/// If `stop` asks for it, the handle cannot be rebuilt, or the server reports an error.
#[resumable(name = "redis", state_dir = dir, reconnect(client), registry = registry, fresh(stop, url))]
pub fn by_redis(
    dir: &Path,
    url: &str,
    registry: &ReconnectRegistry,
    stop: Stop,
) -> anyhow::Result<Vec<i64>> {
    let list = own_name(dir);
    let mut client = redis::Client::open(url)?;
    for item in 0..ITEMS {
        stop.at(item)?;
        redis::cmd("RPUSH").arg(&list).arg(item).exec(&mut client)?;
    }
    Ok(redis::cmd("LRANGE").arg(&list).arg(0).arg(-1).query(&mut client)?)
}

/// Runs the job on a Redis list of its own, by a connection.
///
/// # Errors
///
/// If `stop` asks for it, the handle cannot be rebuilt, or the server reports an error.
#[resumable(name = "redis", state_dir = dir, reconnect(connection), registry = registry, fresh(stop, url))]
pub fn by_redis_connection(
    dir: &Path,
    url: &str,
    registry: &ReconnectRegistry,
    stop: Stop,
) -> anyhow::Result<Vec<i64>> {
    let list = own_name(dir);
    let mut connection = redis::Client::open(url)?.get_connection()?;
    for item in 0..ITEMS {
        stop.at(item)?;
        redis::cmd("RPUSH").arg(&list).arg(item).exec(&mut connection)?;
    }
    Ok(redis::cmd("LRANGE").arg(&list).arg(0).arg(-1).query(&mut connection)?)
}

/// Returns a name that is made of the folder's, which no other job has.
fn own_name(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    name.replace('.', "rows_").to_lowercase()
}
