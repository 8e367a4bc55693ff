//! Tests of what the system refuses. Each refusal is an error that names the operation and the file, and the previous
//! checkpoint is still there.
#![cfg(unix)]

mod child;

use std::error::Error as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state_backends::format::Change;
use safe_state_backends::{
    Backend, Checkpoint, Error, Failure, FailureKind, FileBackend, LeaseOptions, Store,
};

const JOB: &str = "job";

fn open(state_dir: &Path) -> Store {
    try_open(state_dir).unwrap()
}

fn try_open(state_dir: &Path) -> Result<Store, Error> {
    let backend = Arc::new(FileBackend::new(state_dir));
    Store::open(backend, JOB, LeaseOptions::default())?.begin(Checkpoint::new(JOB, None))
}

fn load(state_dir: &Path) -> Option<Checkpoint> {
    Checkpoint::load(&FileBackend::new(state_dir), JOB).unwrap()
}

/// Returns a change that is too long for the tail, so that a snapshot is due.
fn long_change() -> Change {
    let failure = Failure::new(FailureKind::Error, "E", "x".repeat(16_000));
    Change { failure: Some(failure), ..Change::completed(1) }
}

fn short_change() -> Change {
    Change::completed(1)
}

/// Checks that the result is an error with this action, path and kind.
#[track_caller]
fn assert_names<T>(result: Result<T, Error>, action: &str, path: &Path, kind: ErrorKind) {
    let Err(error) = result else { panic!("it worked") };
    assert_eq!(error.to_string(), format!("cannot {action} `{}`", path.display()));
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    assert_eq!(source.unwrap().kind(), kind, "{source:?}");
}

fn names_in(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

/// Runs the test `test` in another process, under limits that a line of shell sets.
fn run_under(limits: &str, test: &str, state_dir: &Path) {
    let output = child::command(test, limits, state_dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_directory_that_is_not_there_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(dir.path().join("a/b"));
    assert_eq!(backend.load(JOB).unwrap(), None);
    assert!(!backend.exists(JOB).unwrap());
    assert_eq!(backend.list().unwrap(), [""; 0]);
    backend.delete(JOB).unwrap();
    assert_eq!(names_in(dir.path()), [""; 0]);
    open(&dir.path().join("a/b"));
    assert!(backend.exists(JOB).unwrap());
}

#[test]
fn files_are_their_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().join("state");
    let _store = open(&state_dir);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state_dir), 0o700);
    assert_eq!(mode(&state_dir.join("job.safestate")), 0o600);
    assert_eq!(mode(&state_dir.join("job.lock")), 0o600);
}

#[test]
fn a_file_in_place_of_the_directory_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().join("state");
    fs::write(&state_dir, "a file").unwrap();
    let action = "create the state directory";
    assert_names(try_open(&state_dir), action, &state_dir, ErrorKind::NotADirectory);
    let path = state_dir.join("job.safestate");
    let loaded = FileBackend::new(&state_dir).load(JOB);
    assert_names(loaded, "read", &path, ErrorKind::NotADirectory);
    assert_eq!(fs::read(&state_dir).unwrap(), b"a file");
}

#[test]
fn a_directory_in_place_of_the_checkpoint_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("job.safestate");
    fs::create_dir(&path).unwrap();
    assert_names(try_open(dir.path()), "read", &path, ErrorKind::IsADirectory);
    let saved = FileBackend::new(dir.path()).save(JOB, b"bytes");
    assert_names(saved, "replace", &path, ErrorKind::IsADirectory);
    assert_eq!(names_in(dir.path()), ["job.safestate"], "the temporary file is removed");
}

#[test]
fn a_directory_in_place_of_the_temporary_file_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let saved = store.checkpoint().clone();
    let path = dir.path().join("job.safestate.tmp");
    fs::create_dir(&path).unwrap();
    assert_names(store.save(long_change()), "create", &path, ErrorKind::IsADirectory);
    assert_eq!(load(dir.path()), Some(saved));
    fs::remove_dir(&path).unwrap();
    store.save(short_change()).unwrap();
    assert_eq!(load(dir.path()).as_ref(), Some(store.checkpoint()), "the failed save is in it");
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let saved = open(dir.path()).checkpoint().clone();
    let _read_only = ReadOnly::make(dir.path());
    let path = dir.path().join("job.lock");
    assert_names(try_open(dir.path()), "open the lock", &path, ErrorKind::PermissionDenied);
    assert_eq!(load(dir.path()), Some(saved));
}

/// A directory that is read-only even for root, whom mode bits do not stop.
struct ReadOnly<'a>(&'a Path);

impl<'a> ReadOnly<'a> {
    fn make(dir: &'a Path) -> Self {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o500)).unwrap();
        let probe = dir.join("probe");
        if File::create(&probe).is_ok() {
            fs::remove_file(&probe).unwrap();
            let chattr = Command::new("chattr").arg("+i").arg(dir).status();
            assert!(chattr.unwrap().success(), "as root this test needs `chattr +i`");
        }
        ReadOnly(dir)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        // The command fails where it was not needed.
        let _ = Command::new("chattr").arg("-i").arg(self.0).output();
        let _ = fs::set_permissions(self.0, fs::Permissions::from_mode(0o700));
    }
}

/// Like on a full disk, the space for a snapshot can't be allocated.
#[test]
fn a_file_that_may_not_grow_keeps_what_was_saved() {
    if let Some(state_dir) = child::state_dir() {
        let mut store = open(&state_dir);
        store.save(short_change()).unwrap();
        let saved = store.checkpoint().clone();
        let path = state_dir.join("job.safestate");
        for _ in 0..2 {
            assert_names(store.save(long_change()), "write", &path, ErrorKind::FileTooLarge);
            assert_eq!(load(&state_dir).as_ref(), Some(&saved));
            assert!(!state_dir.join("job.safestate.tmp").exists());
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // Without a check, the system would answer with SIGXFSZ, which ends the process.
    run_under("ulimit -f 16", "a_file_that_may_not_grow_keeps_what_was_saved", dir.path());
    assert_eq!(load(dir.path()).unwrap().completed().len(), 1);
}

#[test]
fn a_save_needs_no_further_open_files() {
    if let Some(state_dir) = child::state_dir() {
        let mut store = open(&state_dir);
        let path = state_dir.join("job.safestate");
        let open: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        assert!(open.len() < 64);
        let kind = io::Error::from_raw_os_error(24).kind();
        assert_names(FileBackend::new(&state_dir).load(JOB), "read", &path, kind);
        store.save(short_change()).unwrap();
        // The log's own file is closed by then, so one can be created. The directory is open already.
        store.save(long_change()).unwrap();
        drop(open);
        assert_eq!(load(&state_dir).as_ref(), Some(store.checkpoint()));
        store.save(short_change()).unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    run_under("ulimit -n 64", "a_save_needs_no_further_open_files", dir.path());
    assert_eq!(load(dir.path()).unwrap().completed().len(), 3);
}

#[test]
fn a_directory_that_vanishes_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().join("a/state");
    let mut store = open(&state_dir);
    for change in [short_change(), long_change()] {
        fs::remove_dir_all(dir.path().join("a")).unwrap();
        // A save checks the directory only if a millisecond has passed.
        thread::sleep(Duration::from_millis(2));
        store.save(change).unwrap();
        assert_eq!(load(&state_dir).as_ref(), Some(store.checkpoint()));
        assert!(matches!(try_open(&state_dir), Err(Error::Held { .. })), "the lease has gone");
    }
    fs::remove_dir_all(dir.path().join("a")).unwrap();
    store.delete().unwrap();
    drop(store);
    assert_eq!(names_in(dir.path()), [""; 0]);
}

#[test]
fn a_checkpoint_that_vanishes_is_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.save(short_change()).unwrap();
    fs::remove_file(dir.path().join("job.safestate")).unwrap();
    thread::sleep(Duration::from_millis(2));
    store.save(short_change()).unwrap();
    assert_eq!(load(dir.path()).as_ref(), Some(store.checkpoint()));
}

#[test]
fn a_run_saves_nothing_after_another_has_begun() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    fs::remove_file(dir.path().join("job.safestate")).unwrap();
    fs::remove_file(dir.path().join("job.lock")).unwrap();
    let other = open(dir.path());
    thread::sleep(Duration::from_millis(2));
    assert!(matches!(store.save(short_change()), Err(Error::Held { .. })));
    drop(store);
    assert_eq!(load(dir.path()).as_ref(), Some(other.checkpoint()));
    assert!(matches!(try_open(dir.path()), Err(Error::Held { .. })));
}

#[test]
fn a_job_may_have_a_name_of_any_kind() {
    let dir = tempfile::tempdir().unwrap();
    let long = ["x".repeat(255), "ä".repeat(255), "/".repeat(1000)];
    let odd = ["..", "a/../b", "ünï/cödé 漢字", "tab\tline\nend", "con", "%2F", "-rf", "\u{0}"];
    let mut jobs: Vec<String> = odd.map(str::to_owned).into_iter().chain(long).collect();
    for job in &jobs {
        let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(dir.path()));
        let opening = Store::open(backend, job, LeaseOptions::default()).unwrap();
        let store = opening.begin(Checkpoint::new(job, None)).unwrap();
        let found = Checkpoint::load(&FileBackend::new(dir.path()), job).unwrap();
        assert_eq!(found.as_ref(), Some(store.checkpoint()));
    }
    jobs.sort_unstable();
    assert_eq!(FileBackend::new(dir.path()).list().unwrap(), jobs);
    assert_eq!(names_in(dir.path()).len(), jobs.len());
}
