//! Tests of files that another user has put in place of ours, and of directories that belong to another user or are unmounted.
//! Nothing is written there, nothing is read, and nothing is waited for.
#![cfg(target_os = "linux")]

mod child;

use std::fs::{self, File};
use std::os::unix::fs::{chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use safe_state_backends::format::Change;
use safe_state_backends::{
    Backend, Checkpoint, Error, Failure, FailureKind, FileBackend, LeaseOptions, Store,
};

const JOB: &str = "job";
const OTHER_USER: Option<u32> = Some(12345);

fn open(backend: FileBackend) -> Result<Store, Error> {
    Store::open(Arc::new(backend), JOB, LeaseOptions::default())?.begin(Checkpoint::new(JOB, None))
}

fn names_in(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Returns a change that is too long for the tail, so that a snapshot is due.
fn long_change() -> Change {
    let failure = Failure::new(FailureKind::Error, "E", "x".repeat(16_000));
    Change { failure: Some(failure), ..Change::completed(1) }
}

fn text(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

type Put = fn(&Path);

/// Functions that put something that is no regular file of ours at a path, beside a `victim`.
const INTRUDERS: [(&str, Put); 4] = [
    ("a symbolic link", |path| symlink("victim", path).unwrap()),
    ("a symbolic link", |path| symlink("/dev/zero", path).unwrap()),
    ("a FIFO", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
    ("a socket", |path| drop(UnixListener::bind(path).unwrap())),
];

#[test]
fn what_is_in_the_place_of_a_lock_is_left_alone() {
    for (kind, put) in INTRUDERS {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::write(&victim, "PRECIOUS").unwrap();
        put(&dir.path().join("job.lock"));
        let backend = FileBackend::new(dir.path());
        for error in [open(backend.clone()).err().unwrap(), backend.holder(JOB).unwrap_err()] {
            let text = text(&error);
            assert!(text.contains("cannot open the lock `") && text.contains(kind), "{text}");
        }
        assert_eq!(fs::read(&victim).unwrap(), b"PRECIOUS");
        assert_eq!(names_in(dir.path()), ["job.lock", "victim"]);
    }
}

#[test]
fn what_is_in_the_place_of_a_checkpoint_is_not_read_and_others_are_listed() {
    for (kind, put) in INTRUDERS {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::write(&victim, Checkpoint::new("intruder", None).encode().unwrap()).unwrap();
        let backend = FileBackend::new(dir.path());
        drop(open(backend.clone()).unwrap());
        put(&dir.path().join("intruder.safestate"));
        let error = text(&backend.load("intruder").unwrap_err());
        assert!(error.contains("cannot read `") && error.contains(kind), "{error}");
        assert!(backend.exists("intruder").unwrap());
        assert_eq!(backend.list().unwrap(), ["intruder", "job"]);
        // Deleting the job removes this, and nothing else.
        backend.delete("intruder").unwrap();
        assert_eq!(names_in(dir.path()), ["job.safestate", "victim"]);
    }
}

#[test]
fn a_checkpoint_is_read_and_written_up_to_a_size() {
    let dir = tempfile::tempdir().unwrap();
    let small = FileBackend::new(dir.path()).max_checkpoint(10_000);
    let mut store = open(small.clone()).unwrap();
    let too_large = text(&store.save(long_change()).unwrap_err());
    assert!(too_large.contains("a checkpoint may have 10000"), "{too_large}");
    assert_eq!(Checkpoint::load(&small, JOB).unwrap().unwrap().completed().len(), 0);
    drop(store);
    let sparse = File::options().write(true).open(dir.path().join("job.safestate")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    for backend in [small, FileBackend::new(dir.path())] {
        let error = text(&backend.load(JOB).unwrap_err());
        assert!(error.contains("it has 1099511627776 bytes"), "{error}");
        assert!(error.contains("`$SAFE_STATE_MAX_CHECKPOINT`"), "{error}");
    }
}

#[track_caller]
fn made_for_root(result: std::io::Result<()>) {
    result.expect("this test gives files to another user, which takes root");
}

#[test]
fn a_directory_of_another_users_is_looked_into_and_not_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().join("state");
    drop(open(FileBackend::new(&state_dir)).unwrap());
    for name in ["state", "state/job.safestate"] {
        made_for_root(chown(dir.path().join(name), OTHER_USER, None));
    }
    let backend = FileBackend::new(&state_dir);
    assert!(backend.load(JOB).unwrap().is_some());
    assert_eq!(backend.list().unwrap(), [JOB]);
    for error in [open(backend.clone()).err().unwrap(), backend.delete(JOB).unwrap_err()] {
        assert!(matches!(&error, Error::NotOurs { owner: 12345, .. }), "{error}");
        assert!(error.to_string().contains("`$SAFE_STATE_TRUST`"), "{error}");
    }
    assert_eq!(names_in(&state_dir), ["job.safestate"]);
    open(backend.trusted()).unwrap();
}

#[test]
fn a_link_of_another_users_to_a_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, link) = (dir.path().join("ours"), dir.path().join("link"));
    fs::create_dir(&ours).unwrap();
    symlink(&ours, &link).unwrap();
    open(FileBackend::new(&link)).unwrap();
    made_for_root(lchown(&link, OTHER_USER, None));
    for path in [link.clone(), link.join("")] {
        let error = open(FileBackend::new(path)).err().unwrap();
        assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    }
    open(FileBackend::new(&link).trusted()).unwrap();
}

#[test]
fn a_checkpoint_of_another_users_in_a_directory_of_ours_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(dir.path());
    drop(open(backend.clone()).unwrap());
    made_for_root(chown(dir.path().join("job.safestate"), OTHER_USER, None));
    for error in [backend.load(JOB).unwrap_err(), open(backend.clone()).err().unwrap()] {
        assert!(text(&error).contains("it belongs to another user (uid 12345)"), "{error:?}");
    }
    assert!(backend.trusted().load(JOB).unwrap().is_some());
}

#[test]
fn a_directory_is_trusted_by_the_environment() {
    if let Some(state_dir) = child::state_dir() {
        drop(open(FileBackend::new(state_dir)).unwrap());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    made_for_root(chown(dir.path(), OTHER_USER, None));
    let trusts = |list: &str| {
        let mut command =
            child::command("a_directory_is_trusted_by_the_environment", "", dir.path());
        command.env("SAFE_STATE_TRUST", list).output().unwrap().status.success()
    };
    assert!(!trusts("/etc"));
    assert!(trusts(&format!("/etc:{}/.", dir.path().display())));
}

/// Runs a test in a mount namespace of its own, which takes root.
fn unmounted(test: &str, mount: &str) {
    let dir = tempfile::tempdir().unwrap();
    for name in ["mnt", "source"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    let shell = format!("cd {} && {mount}", dir.path().display());
    let inner = child::command(test, &shell, &dir.path().join("mnt/state"));
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]).arg(inner.get_program());
    command.args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "this test mounts, which takes root: {told}");
    assert_eq!(names_in(&dir.path().join("mnt")), [""; 0], "something was made beneath it");
}

/// Runs a job on a file system that is unmounted meanwhile.
fn run_and_unmount(state_dir: &Path) {
    let mount_point = state_dir.parent().unwrap();
    let mut store = open(FileBackend::new(state_dir)).unwrap();
    store.save(Change::completed(1)).unwrap();
    let unmount = Command::new("umount").arg("--lazy").arg(mount_point).status().unwrap();
    assert!(unmount.success());
    for change in [long_change(), Change::completed(1)] {
        let error = store.save(change).unwrap_err();
        assert!(matches!(error, Error::Unmounted { .. }), "{error}");
    }
    assert_eq!(names_in(mount_point), [""; 0]);
}

#[test]
fn an_unmounted_directory_is_not_made_beneath() {
    if let Some(state_dir) = child::state_dir() {
        return run_and_unmount(&state_dir);
    }
    unmounted("an_unmounted_directory_is_not_made_beneath", "mount -t tmpfs tmpfs mnt");
}

/// The directory beneath the mount is on the same device.
#[test]
fn a_directory_is_not_made_beneath_an_unmounted_bind_mount() {
    if let Some(state_dir) = child::state_dir() {
        return run_and_unmount(&state_dir);
    }
    unmounted("a_directory_is_not_made_beneath_an_unmounted_bind_mount", "mount --bind source mnt");
}

#[test]
fn a_lock_tells_who_runs_a_job_and_a_line_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Arc::new(FileBackend::new(dir.path()));
    let lease = Arc::clone(&backend).lease(JOB, LeaseOptions::default()).unwrap();
    let path = dir.path().join("job.lock");
    let ours = fs::read_to_string(&path).unwrap();
    assert_eq!(backend.holder(JOB).unwrap().unwrap().pid(), std::process::id());
    // The line is of a container, whose processes have other ids, or of this machine before its boot.
    for line in ["7 1 elsewhere\n", "7 1 elsewhere 0-0/1/2#3\n"] {
        fs::write(&path, line).unwrap();
        assert_eq!(backend.holder(JOB).unwrap().unwrap().pid(), 7, "it is held");
    }
    drop(lease);
    // The line was left by a killed process, whatever runs under its id now.
    for line in [&*ours, "7 1 elsewhere 0-0/1/2#3\n", "", "\n"] {
        fs::write(&path, line).unwrap();
        assert_eq!(backend.holder(JOB).unwrap(), None, "{line}");
    }
}

#[test]
fn who_looks_turns_nobody_away() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Arc::new(FileBackend::new(dir.path()));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // A holder that has not written its line for long, on a busy machine, is unknown.
                let _ = backend.holder(JOB);
            }
        });
        for _ in 0..300 {
            let lease = Arc::clone(&backend).lease(JOB, LeaseOptions::default());
            if let Err(error) = lease {
                is_over.store(true, Ordering::Relaxed);
                panic!("{error}");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_lock_that_gets_a_second_name_while_it_is_held_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(FileBackend::new(dir.path())).unwrap();
    fs::hard_link(dir.path().join("job.lock"), dir.path().join("backup.lock")).unwrap();
    let refused = open(FileBackend::new(dir.path())).map(drop);
    assert!(matches!(refused, Err(Error::Held { .. })), "{refused:?}");
    drop(first);
    open(FileBackend::new(dir.path())).unwrap();
}

#[test]
fn nothing_is_published_into_a_directory_that_was_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    for name in ["out", "out/", "out/."] {
        let published = safe_state_backends::publish(dir.path().join(name), |file| {
            std::io::Write::write_all(file, b"x")
        });
        assert!(published.is_err(), "{name}");
    }
    assert_eq!(names_in(&out), [""; 0]);
    assert_eq!(names_in(dir.path()), ["out"]);
}
