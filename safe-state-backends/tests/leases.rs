//! Tests that one run at a time has a job, among threads and processes that want it.
#![cfg(unix)]

mod child;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use safe_state_backends::{Backend, Error, FileBackend, Lease, LeaseOptions};

const JOB: &str = "job";

fn try_lease(state_dir: &Path) -> Result<Box<dyn Lease>, Error> {
    Arc::new(FileBackend::new(state_dir)).lease(JOB, LeaseOptions::default())
}

/// Takes the lease as soon as it is free.
fn lease(state_dir: &Path) -> Box<dyn Lease> {
    loop {
        match try_lease(state_dir) {
            Ok(lease) => return lease,
            Err(Error::Held { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Counts in a file. The count is right only if one process at a time does it.
fn count(state_dir: &Path, times: u32) {
    let path = state_dir.join("count");
    for _ in 0..times {
        let lease = lease(state_dir);
        let count = counted(&path);
        fs::write(&path, (count + 1).to_string()).unwrap();
        drop(lease);
    }
}

fn counted(path: &Path) -> u32 {
    fs::read_to_string(path).map_or(0, |count| count.parse().unwrap())
}

fn names_in(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

/// A process that is killed when its test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Starts the test `test` as another process, and waits until it holds the lease.
fn start_holder(test: &str, state_dir: &Path) -> Process {
    let mut command = child::command(test, "", state_dir);
    let mut holder = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(holder.0.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")), "the child ended");
    holder
}

fn hold(state_dir: &Path) {
    let _lease = lease(state_dir);
    println!("held");
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn one_thread_at_a_time_has_the_lease() {
    let dir = tempfile::tempdir().unwrap();
    let holders = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let lease = lease(dir.path());
                    assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                    std::thread::yield_now();
                    assert_eq!(holders.fetch_sub(1, Ordering::SeqCst), 1);
                    drop(lease);
                }
            });
        }
    });
    assert_eq!(names_in(dir.path()), [""; 0], "the lock is removed with the last run");
}

#[test]
fn one_process_at_a_time_has_the_lease() {
    if let Some(state_dir) = child::state_dir() {
        return std::thread::scope(|scope| {
            (0..2).for_each(|_| drop(scope.spawn(|| count(&state_dir, 100))));
        });
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = child::command("one_process_at_a_time_has_the_lease", "", dir.path());
    command.stdout(Stdio::null());
    let mut children: Vec<_> = (0..8).map(|_| command.spawn().unwrap()).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(counted(&dir.path().join("count")), 8 * 2 * 100);
}

#[test]
fn a_killed_holder_frees_the_job_at_once() {
    if let Some(state_dir) = child::state_dir() {
        return hold(&state_dir);
    }
    let dir = tempfile::tempdir().unwrap();
    let holder = start_holder("a_killed_holder_frees_the_job_at_once", dir.path());
    assert!(matches!(try_lease(dir.path()), Err(Error::Held { .. })));
    drop(holder);
    try_lease(dir.path()).map(drop).unwrap();
}

#[test]
fn the_refused_are_told_who_holds_it() {
    if let Some(state_dir) = child::state_dir() {
        return hold(&state_dir);
    }
    let dir = tempfile::tempdir().unwrap();
    let before = SystemTime::now() - Duration::from_millis(1);
    let child = start_holder("the_refused_are_told_who_holds_it", dir.path());
    let Err(error) = try_lease(dir.path()) else { panic!("two hold it") };
    let Error::Held { job, holder: Some(holder) } = &error else { panic!("{error}") };
    assert_eq!(job, JOB);
    assert_eq!(holder.pid(), child.0.id());
    assert_eq!(Some(holder.host()), hostname::get().unwrap().to_str());
    assert!(holder.since() >= before && holder.since() <= SystemTime::now());
    assert!(error.to_string().contains(&format!("pid {} on host", child.0.id())), "{error}");
}

#[test]
fn what_is_written_in_a_lock_file_locks_nothing() {
    let stale: [&[u8]; 4] = [b"1 1 elsewhere\n", b"", b"\xff\xfe\0", &b"9".repeat(9999)];
    for content in stale {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("job.lock");
        fs::write(&path, content).unwrap();
        let lease = try_lease(dir.path()).unwrap();
        let line = fs::read_to_string(&path).unwrap();
        assert!(line.starts_with(&format!("{} ", std::process::id())), "{line}");
        fs::write(&path, content).unwrap();
        assert!(matches!(try_lease(dir.path()), Err(Error::Held { .. })));
        drop(lease);
        assert!(!path.exists());
    }
}

#[test]
fn the_refused_leave_the_lock_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let lease = try_lease(dir.path()).unwrap();
    for _ in 0..3 {
        assert!(try_lease(dir.path()).is_err());
    }
    assert_eq!(names_in(dir.path()), ["job.lock"]);
    drop(lease);
}

#[test]
fn a_lock_file_removed_by_hand_costs_the_next_holder_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lease = try_lease(dir.path()).unwrap();
    fs::remove_file(dir.path().join("job.lock")).unwrap();
    let second = try_lease(dir.path()).unwrap();
    drop(lease);
    assert!(
        matches!(try_lease(dir.path()), Err(Error::Held { .. })),
        "the first removed the lock of the second"
    );
    drop(second);
}

#[cfg(target_os = "linux")]
#[test]
fn child_processes_do_not_inherit_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let lease = try_lease(dir.path()).unwrap();
    let sleeper = Process(Command::new("sleep").arg("60").spawn().unwrap());
    let open = fs::read_dir(format!("/proc/{}/fd", sleeper.0.id())).unwrap();
    // Some files may be closed again meanwhile.
    let files: Vec<_> = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).collect();
    assert!(!files.is_empty() && !files.iter().any(|file| file.starts_with(dir.path())));
    drop(lease);
    try_lease(dir.path()).map(drop).unwrap();
}

/// Does what a file server does that has taken the lock from a client which was cut off, and given it to another.
#[test]
fn who_has_lost_the_lease_unnoticed_replaces_and_removes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (lock, checkpoint) = (dir.path().join("job.lock"), dir.path().join("job.safestate"));
    let another = "7 1000000 another-host 0/1/2#3@801\n";
    let lost = |outcome: Result<(), Error>| {
        let error = outcome.unwrap_err();
        let Error::LeaseLost { holder: Some(holder), .. } = &error else { panic!("{error}") };
        assert_eq!((holder.pid(), holder.host()), (7, "another-host"));
    };
    let mut held = lease(dir.path());
    held.save(b"ours").unwrap();
    fs::write(&lock, another).unwrap();
    fs::write(&checkpoint, "theirs").unwrap();
    lost(held.save(b"ours, later"));
    lost(held.delete());
    drop(held);
    assert_eq!(fs::read_to_string(&lock).unwrap(), another);
    assert_eq!(fs::read_to_string(&checkpoint).unwrap(), "theirs");
    assert_eq!(names_in(dir.path()).len(), 2, "{:?}", names_in(dir.path()));
}

/// Takes the lease through another mount of the same directory, which has separate locks.
#[test]
fn a_lease_that_is_held_by_another_mount_is_not_granted() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let held = lease(elsewhere.path());
    let line = fs::read_to_string(elsewhere.path().join("job.lock")).unwrap();
    let (line, device) = line.trim_end().rsplit_once('@').unwrap();
    let device = u64::from_str_radix(device, 16).unwrap();
    fs::write(dir.path().join("job.lock"), format!("{line}@{:x}\n", device + 1)).unwrap();
    let Err(error) = try_lease(dir.path()) else { panic!("it was granted") };
    assert!(matches!(error, Error::Held { holder: Some(_), .. }), "{error}");
    drop(held);
}
