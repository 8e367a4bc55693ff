//! Tests `rusqlite::Connection`.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use safe_state::reconnect::Reconnect;
use safe_state::{Job, resumable};
use safe_state_drivers::{ITEMS, Stop, by_sqlite};

use crate::{interrupted_is_as_uninterrupted, refused};

#[test]
fn rows_are_there_once() {
    interrupted_is_as_uninterrupted("sqlite", "");
}

#[resumable(name = "any", state_dir = dir, reconnect(database))]
fn touch(dir: &Path, mut database: Connection, each: &str) -> anyhow::Result<()> {
    for _ in 0..2 {
        database.execute_batch(each)?;
        anyhow::ensure!(!each.is_empty(), "an item ran");
    }
    Ok(())
}

#[test]
fn what_ends_with_its_connection_is_refused_before_an_item_runs() {
    let dir = tempfile::tempdir().unwrap();
    for database in [Connection::open_in_memory().unwrap(), Connection::open("").unwrap()] {
        refused(touch(dir.path(), database, ""), "in memory, or a temporary one");
    }
    let database = Connection::open(dir.path().join("rows.db")).unwrap();
    database.execute_batch("CREATE TEMPORARY TABLE rows (item)").unwrap();
    refused(touch(dir.path(), database, ""), "temporary SQLite tables");
    let database = Connection::open(dir.path().join("rows.db")).unwrap();
    fs::remove_file(dir.path().join("rows.db")).unwrap();
    refused(touch(dir.path(), database, ""), "rows.db` has been deleted");
}

#[test]
fn an_open_transaction_is_no_complete_item() {
    let dir = tempfile::tempdir().unwrap();
    let database = Connection::open(dir.path().join("rows.db")).unwrap();
    refused(touch(dir.path(), database, "BEGIN"), "an SQLite transaction is open");
    let database = Connection::open(dir.path().join("rows.db")).unwrap();
    touch(dir.path(), database, "BEGIN; COMMIT").unwrap();
}

#[test]
fn unsynced_rows_are_not_promised_to_survive_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let database = Connection::open(dir.path().join("rows.db")).unwrap();
    database.pragma_update(None, "synchronous", "OFF").unwrap();
    refused(touch(dir.path(), database, "SELECT 1"), "`PRAGMA synchronous = OFF`");
}

/// Fails a job after its first item, calls `meanwhile` on the database, and resumes the job.
fn resumed_after(meanwhile: impl FnOnce(&Path)) -> anyhow::Result<Vec<i64>> {
    let dir = tempfile::tempdir().unwrap();
    by_sqlite(dir.path(), Stop::Fail(1)).unwrap_err();
    meanwhile(&dir.path().join("rows.db"));
    by_sqlite(dir.path(), Stop::Never)
}

#[test]
fn a_database_that_is_not_what_it_was_is_refused() {
    refused(resumed_after(|path| fs::remove_file(path).unwrap()), "rows.db` has been deleted");
    refused(
        resumed_after(|path| fs::write(path, "").unwrap()),
        "its schema has version 0, and had 1",
    );
    refused(resumed_after(|path| fs::write(path, "no database").unwrap()), "not a database");
    let made_by = |statements: &'static str| {
        resumed_after(move |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path).unwrap().execute_batch(statements).unwrap();
        })
    };
    refused(made_by("CREATE TABLE others (item INTEGER)"), "its tables are made otherwise");
    refused(
        made_by("CREATE TABLE rows (item INTEGER); PRAGMA application_id = 7"),
        "rows.db` is another database than it was: its `application_id` is 7, and was 0",
    );
}

/// The run goes on in the other database, and the next one knows it.
#[test]
fn another_database_goes_on_as_it_is_if_that_is_accepted() {
    let others = [
        "CREATE TABLE rows (item INTEGER); PRAGMA application_id = 7",
        "CREATE TABLE rows (item INTEGER); CREATE TABLE others (item INTEGER)",
    ];
    for other in others {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.db");
        by_sqlite(dir.path(), Stop::Fail(1)).unwrap_err();
        fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch(other).unwrap();
        let refusal = format!("{:#}", by_sqlite(dir.path(), Stop::Never).unwrap_err());
        assert!(refusal.contains("safe-state accept"), "{refusal}");
        Job::new("sqlite").state_dir(dir.path()).accept().unwrap();
        by_sqlite(dir.path(), Stop::Fail(2)).unwrap_err();
        let rows = by_sqlite(dir.path(), Stop::Never).unwrap();
        assert_eq!(rows, (1..ITEMS).collect::<Vec<_>>(), "{other}");
    }
}

#[test]
fn a_copy_of_a_database_goes_on() {
    let whole = resumed_after(|_| {}).unwrap();
    let copied = resumed_after(|path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    });
    assert_eq!(copied.unwrap(), whole);
}

#[test]
fn a_connection_is_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("rows.db"), dir.path().join("other.db"));
    let mut database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE rows (item); PRAGMA busy_timeout = 77; PRAGMA foreign_keys = ON; \
             PRAGMA synchronous = EXTRA; PRAGMA cache_size = -99",
        )
        .unwrap();
    database.execute("ATTACH ?1 AS other", [other.to_str().unwrap()]).unwrap();
    database.execute_batch("CREATE TABLE other.rows (item)").unwrap();
    let meta = database.extract().unwrap();
    let mut again = Connection::reconnect(meta.clone()).unwrap();
    assert_eq!(again.extract().unwrap(), meta);
    again.execute_batch("INSERT INTO other.rows VALUES (1)").unwrap();

    let mut reading = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let again = Connection::reconnect(reading.extract().unwrap()).unwrap();
    assert!(again.is_readonly("main").unwrap());
}

/// Extracts a connection to two databases, calls `meanwhile` on the attached one, and reconnects.
fn reconnected_after(meanwhile: impl FnOnce(&Path)) -> anyhow::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.db");
    let mut database = Connection::open(dir.path().join("rows.db"))?;
    database.execute("ATTACH ?1 AS \"the other\"", [other.to_str().unwrap()])?;
    database.execute_batch("CREATE TABLE \"the other\".rows (item INTEGER)")?;
    let meta = database.extract()?;
    drop(database);
    meanwhile(&other);
    let mut again = Connection::reconnect(meta)?;
    again.extract()?;
    Ok(())
}

#[test]
fn an_attached_database_is_known_as_the_main_one() {
    reconnected_after(|_| {}).unwrap();
    let made_by = |statements: &'static str| {
        reconnected_after(move |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path).unwrap().execute_batch(statements).unwrap();
        })
    };
    let told = |outcome: anyhow::Result<()>, reason: &str| {
        let error = format!("{:#}", outcome.unwrap_err());
        assert!(error.contains(reason), "{error}");
    };
    made_by("CREATE TABLE rows (item INTEGER)").unwrap();
    told(made_by("CREATE TABLE others (item INTEGER)"), "its tables are made otherwise");
    told(
        made_by("CREATE TABLE rows (item INTEGER); PRAGMA application_id = 7"),
        "other.db` is another database than it was: its `application_id` is 7, and was 0",
    );
    told(
        reconnected_after(|path| fs::write(path, "").unwrap()),
        "other.db` is another database, or an older one: its schema has version 0, and had 1",
    );
}

#[test]
fn a_log_is_synced_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let mut database = Connection::open(dir.path().join("rows.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch("CREATE TABLE rows (item)").unwrap();
    database.sync().unwrap();
    let meta = database.extract().unwrap();
    drop(database);
    Connection::reconnect(meta).unwrap().execute_batch("INSERT INTO rows VALUES (1)").unwrap();
}
