//! Conformance tests of our own backends, and of one as a user would write it.
#![cfg(feature = "conformance")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use safe_state_backends::conformance::{Subject, answer_as_child};
use safe_state_backends::{Backend, Error, FileBackend, MemoryBackend};

/// The environment variable that tells a child where its parent's store is.
const STORE: &str = "SAFE_STATE_TEST_STORE";

fn store_of_parent() -> PathBuf {
    std::env::var_os(STORE).unwrap_or_default().into()
}

/// Returns a command that runs the test `test` as a child process.
fn child<'c>(test: &'c str, store: &'c Path) -> impl Fn() -> Command + 'c {
    move || {
        let mut this = Command::new(std::env::current_exe().unwrap());
        this.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(STORE, store);
        this
    }
}

/// Checks the backend that `open` returns for a path in an empty directory, also between processes.
fn check<B: Backend>(
    test: &str,
    open: fn(PathBuf) -> B,
    promise: impl FnOnce(Subject, PathBuf) -> Subject,
) {
    if answer_as_child(|| Arc::new(open(store_of_parent()))) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let at = store.clone();
    let subject = promise(Subject::new(move || Arc::new(open(at.clone()))), store.clone());
    subject.check();
    subject.check_processes(child(test, &store));
}

#[test]
fn files_keep_their_promises() {
    check("files_keep_their_promises", FileBackend::new, |subject, _| subject);
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_keeps_its_promises() {
    check(
        "sqlite_keeps_its_promises",
        safe_state_backends::SqliteBackend::new,
        |subject, store| {
            subject.lapse(move |job| {
                fs::remove_file(format!("{}.{job}.lock", store.display())).unwrap();
            })
        },
    );
}

#[test]
fn memory_keeps_its_promises() {
    let store = Arc::new(MemoryBackend::default());
    Subject::new(move || Arc::clone(&store) as _).check();
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_in_memory_keeps_its_promises() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let store = Arc::new(safe_state_backends::SqliteBackend::from_connection(connection));
    Subject::new(move || Arc::clone(&store) as _).check();
}

#[cfg(feature = "encrypt")]
fn encrypted(within: impl Backend) -> safe_state_backends::Encrypted {
    let keys = safe_state_backends::EncryptionKeys::new([7; 32]);
    safe_state_backends::Encrypted::new(Arc::new(within), keys)
}

#[cfg(feature = "encrypt")]
#[test]
fn encrypted_files_keep_their_promises() {
    check(
        "encrypted_files_keep_their_promises",
        |store| encrypted(FileBackend::new(store)),
        |subject, _| subject,
    );
}

#[cfg(all(feature = "encrypt", feature = "sqlite"))]
#[test]
fn encrypted_sqlite_keeps_its_promises() {
    let open = |store: PathBuf| encrypted(safe_state_backends::SqliteBackend::new(store));
    check("encrypted_sqlite_keeps_its_promises", open, |subject, store| {
        subject
            .lapse(move |job| fs::remove_file(format!("{}.{job}.lock", store.display())).unwrap())
    });
}

#[cfg(feature = "encrypt")]
#[test]
fn encrypted_memory_keeps_its_promises() {
    let store = Arc::new(encrypted(MemoryBackend::default()));
    Subject::new(move || Arc::clone(&store) as _).check();
}

/// A backend with the four required methods, as in the trait's documentation.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Vec<u8>>>);

impl Backend for Shelf {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.lock().unwrap().get(job).cloned())
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.0.lock().unwrap().insert(job.to_owned(), checkpoint.to_vec());
        Ok(())
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.0.lock().unwrap().remove(job);
        Ok(())
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.0.lock().unwrap().contains_key(job))
    }
}

#[test]
fn a_backend_of_four_methods_keeps_its_promises() {
    let store = Arc::new(Shelf::default());
    Subject::new(move || Arc::clone(&store) as _).without_leases().without_list().check();
}
