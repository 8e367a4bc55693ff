//! Tests handles of databases and HTTP clients that are rebuilt on resume, their transactions, and what is committed
//! with them.

mod commits;
mod http;
mod postgres;
mod recipes;
mod redis;
mod sqlite;
mod transactions;

use std::fs;
use std::path::Path;
use std::process::Command;

use safe_state_drivers::{ITEMS, Stop, run};

/// Checks that the job of a driver returns all rows after it was interrupted at each item, by an error and by a kill.
fn interrupted_is_as_uninterrupted(driver: &str, url: &str) {
    for item in 0..ITEMS {
        let dir = tempfile::tempdir().unwrap();
        run(driver, dir.path(), url, Stop::Fail(item)).unwrap_err();
        run(driver, dir.path(), url, Stop::Fail(item)).unwrap_err();
        finishes(driver, dir.path(), url);

        let dir = tempfile::tempdir().unwrap();
        killed(driver, dir.path(), url, item);
        finishes(driver, dir.path(), url);
    }
}

fn finishes(driver: &str, dir: &Path, url: &str) {
    let rows = run(driver, dir, url, Stop::Never).unwrap();
    assert_eq!(rows, (0..ITEMS).collect::<Vec<_>>());
}

/// Runs the job in a process that is killed as it begins `item`.
fn killed(driver: &str, dir: &Path, url: &str, item: i64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_killed"));
    let status = command.arg(driver).arg(dir).args([url, &item.to_string()]).status();
    assert_eq!(status.unwrap().code(), None);
}

/// Checks that no file in the state directory holds the URL's password.
fn holds_no_password(dir: &Path, url: &str) {
    let password = url.split([':', '@']).nth(2).unwrap();
    for file in fs::read_dir(dir).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let found = bytes.windows(password.len()).any(|part| part == password.as_bytes());
        assert!(!found, "the password is in the checkpoint");
    }
}

/// Checks that `result` is a failure to reconnect, and that its message contains `reason`.
fn refused<T>(result: anyhow::Result<T>, reason: &str) {
    let error = format!("{:#}", result.err().expect("it was not refused"));
    assert!(error.contains("cannot be reconnected"), "{error}");
    assert!(error.contains(reason), "{error}");
}
