use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteBackend;
use crate::{Appended, Backend, Durability, Error, Lease, LeaseOptions};

const JOB: &str = "job";

fn on_disk() -> (TempDir, SqliteBackend) {
    let dir = tempfile::tempdir().unwrap();
    let backend = SqliteBackend::new(dir.path().join("jobs.db"));
    (dir, backend)
}

fn lease(backend: &SqliteBackend) -> Box<dyn Lease> {
    Arc::new(backend.clone()).lease(JOB, LeaseOptions::default()).unwrap()
}

fn ask<T: rusqlite::types::FromSql>(dir: &TempDir, question: &str) -> T {
    let connection = Connection::open(dir.path().join("jobs.db")).unwrap();
    connection.query_row(question, [], |row| row.get(0)).unwrap()
}

fn names_in(dir: &TempDir) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn looking_makes_nothing() {
    let (dir, backend) = on_disk();
    assert_eq!(backend.load(JOB).unwrap(), None);
    assert!(!backend.exists(JOB).unwrap());
    assert_eq!(backend.list().unwrap(), [""; 0]);
    backend.delete(JOB).unwrap();
    assert_eq!(names_in(&dir), [""; 0]);
    Connection::open(dir.path().join("jobs.db"))
        .unwrap()
        .execute("CREATE TABLE t (c)", [])
        .unwrap();
    assert_eq!(backend.load(JOB).unwrap(), None);
    assert_eq!(ask::<i64>(&dir, "SELECT count(*) FROM sqlite_schema"), 1);
}

#[cfg(unix)]
#[test]
fn a_new_database_is_its_owners_alone_and_syncs_once_a_save() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, backend) = on_disk();
    let mut lease = lease(&backend);
    lease.save(b"a").unwrap();
    assert_eq!(names_in(&dir), ["jobs.db", "jobs.db-shm", "jobs.db-wal", "jobs.db.job.lock"]);
    for file in fs::read_dir(&dir).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(ask::<String>(&dir, "PRAGMA journal_mode"), "wal");
    drop(lease);
    assert_eq!(names_in(&dir), ["jobs.db"]);
}

#[test]
fn a_database_of_the_users_keeps_its_mode_and_tables() {
    let (dir, backend) = on_disk();
    let connection = Connection::open(dir.path().join("jobs.db")).unwrap();
    connection.execute_batch("CREATE TABLE theirs (c); INSERT INTO theirs VALUES (7)").unwrap();
    lease(&backend).save(b"a").unwrap();
    assert_eq!(ask::<String>(&dir, "PRAGMA journal_mode"), "delete");
    assert_eq!(ask::<i64>(&dir, "SELECT c FROM theirs"), 7);
    assert_eq!(backend.load(JOB).unwrap().as_deref(), Some(&b"a"[..]));
}

#[test]
fn durability_is_how_a_commit_is_synced() {
    for (durability, level) in [(Durability::Power, 3), (Durability::Process, 1)] {
        let (_dir, backend) = on_disk();
        let lease = backend.lease_of(JOB, LeaseOptions::new(durability)).unwrap();
        assert_eq!(lease.synchronous(), level);
    }
}

#[test]
fn an_append_adds_a_row_and_a_snapshot_removes_them() {
    let (dir, backend) = on_disk();
    let mut lease = lease(&backend);
    assert_eq!(lease.append(b"x").unwrap(), Appended::No);
    lease.save(b"a").unwrap();
    for record in [b"b", b"c"] {
        assert_eq!(lease.append(record).unwrap(), Appended::Yes);
    }
    assert_eq!(ask::<i64>(&dir, "SELECT count(*) FROM safe_state_records"), 2);
    assert_eq!(backend.load(JOB).unwrap().as_deref(), Some(&b"abc"[..]));
    lease.save(b"d").unwrap();
    assert_eq!(ask::<i64>(&dir, "SELECT count(*) FROM safe_state_records"), 0);
    lease.delete().unwrap();
    assert_eq!(backend.load(JOB).unwrap(), None);
    assert_eq!(lease.append(b"x").unwrap(), Appended::No);
}

#[test]
fn a_run_whose_lock_was_removed_by_hand_saves_nothing_over_the_next() {
    let (dir, backend) = on_disk();
    let mut zombie = lease(&backend);
    zombie.save(b"old").unwrap();
    fs::remove_file(dir.path().join("jobs.db.job.lock")).unwrap();
    let mut heir = lease(&backend);
    heir.save(b"new").unwrap();
    let outcomes = [zombie.append(b"er").map(drop), zombie.save(b"old"), zombie.delete()];
    for outcome in outcomes {
        let Err(Error::LeaseLost { holder: Some(holder), .. }) = outcome else { panic!() };
        assert_eq!(holder.pid(), std::process::id());
    }
    assert_eq!(backend.load(JOB).unwrap().as_deref(), Some(&b"new"[..]));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_database_leads_to_the_same_lease() {
    let (dir, backend) = on_disk();
    let held = lease(&backend);
    let link = dir.path().join("link.db");
    std::os::unix::fs::symlink(dir.path().join("jobs.db"), &link).unwrap();
    let other = Arc::new(SqliteBackend::new(link));
    let refused = Arc::clone(&other).lease(JOB, LeaseOptions::default());
    assert!(matches!(refused, Err(Error::Held { holder: Some(_), .. })));
    drop(held);
    other.lease(JOB, LeaseOptions::default()).map(drop).unwrap();
}

#[test]
fn a_full_disk_is_told_and_what_was_saved_is_there() {
    let (dir, _) = on_disk();
    let connection = Connection::open(dir.path().join("jobs.db")).unwrap();
    connection.pragma_update(None, "max_page_count", 32).unwrap();
    let backend = SqliteBackend::from_connection(connection);
    let mut lease = lease(&backend);
    lease.save(b"old").unwrap();
    let error = lease.save(&vec![7; 1 << 20]).unwrap_err();
    let place = std::error::Error::source(&error).unwrap();
    assert!(place.to_string().contains("jobs.db"), "{place}");
    assert_eq!(place.source().unwrap().to_string(), "database or disk is full");
    assert_eq!(backend.load(JOB).unwrap().as_deref(), Some(&b"old"[..]));
    let error = loop {
        match lease.append(&[7; 4096]) {
            Ok(Appended::Yes) => {}
            Ok(Appended::No) => lease.save(b"old").unwrap(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Backend { .. }), "{error}");
    assert_eq!(lease.append(b"x").unwrap(), Appended::No);
    let loaded = backend.load(JOB).unwrap().unwrap();
    assert!(loaded.starts_with(b"old") && (loaded.len() - 3).is_multiple_of(4096));
    lease.save(b"new").unwrap();
}

#[test]
fn a_database_in_memory_has_leases_of_its_own() {
    let backend = SqliteBackend::from_connection(Connection::open_in_memory().unwrap());
    assert_eq!(backend.path(JOB), None);
    let mut held = lease(&backend);
    let refused = Arc::new(backend.clone()).lease(JOB, LeaseOptions::default());
    assert!(matches!(refused, Err(Error::Held { holder: Some(_), .. })));
    held.save(b"a").unwrap();
    drop(held);
    assert_eq!(backend.load(JOB).unwrap().as_deref(), Some(&b"a"[..]));
    lease(&backend).save(b"b").unwrap();
}

#[test]
fn prefixes_tell_tables_apart() {
    let (_dir, backend) = on_disk();
    let other = backend.clone().table_prefix("team_7").unwrap();
    backend.save(JOB, b"a").unwrap();
    assert_eq!(other.load(JOB).unwrap(), None);
    other.save(JOB, b"b").unwrap();
    assert_eq!(backend.load(JOB).unwrap().as_deref(), Some(&b"a"[..]));
    assert!(matches!(backend.table_prefix("a;b"), Err(Error::TablePrefix(_))));
}

#[test]
fn tables_of_a_newer_release_are_left_alone() {
    let (dir, backend) = on_disk();
    backend.save(JOB, b"a").unwrap();
    let connection = Connection::open(dir.path().join("jobs.db")).unwrap();
    connection.execute("UPDATE safe_state_meta SET version = 2", []).unwrap();
    let error = backend.save(JOB, b"b").unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().source().unwrap().to_string();
    assert!(cause.contains("version 2") && cause.contains("update safe-state"), "{cause}");
    assert_eq!(ask::<Vec<u8>>(&dir, "SELECT snapshot FROM safe_state_jobs"), b"a");
}

#[test]
fn tables_have_the_version_of_their_columns() {
    let (dir, backend) = on_disk();
    backend.save(JOB, b"a").unwrap();
    assert_eq!(ask::<i64>(&dir, "SELECT version FROM safe_state_meta"), 1);
}

#[test]
fn an_open_transaction_of_the_programs_is_told_of_commit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.db");
    let [first, second] = [&path, &path].map(|path| Connection::open(path).unwrap());
    first.execute_batch("BEGIN IMMEDIATE").unwrap();
    second.busy_timeout(std::time::Duration::ZERO).unwrap();
    let busy = second.execute_batch("BEGIN IMMEDIATE").unwrap_err();
    let error = super::database::Trouble::from(busy).at("saving", JOB, "jobs.db".to_owned());
    let place = std::error::Error::source(&error).unwrap();
    let why = place.source().unwrap();
    assert!(why.to_string().contains("`commit!(tx)`"), "{why}");
    assert_eq!(why.source().unwrap().to_string(), "database is locked");
}
