//! Tests that neither the guard nor its job outlives the other, and that nothing is left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use safe_state_guard_tests::{guarded, rescued};

use crate::GUARDED;

#[test]
fn a_job_dies_with_its_guard() {
    let mut guard =
        guarded(GUARDED, &["wait"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let job: u32 = line.strip_prefix("waiting ").unwrap().parse().unwrap();
    assert_ne!(job, guard.id());
    kill_process(Pid::from_child(&guard), Signal::KILL).unwrap();
    guard.wait().unwrap();
    // The job held the other end of its standard output, so the job has ended.
    assert!(lines.next().is_none());
}

#[test]
fn no_memory_is_left_and_no_file() {
    // Files by which jobs hold leases end in a digit of a process id, and come and go with other tests.
    let shared = || {
        let listed = fs::read_dir("/dev/shm").unwrap().map(|file| file.unwrap().file_name());
        let names = listed.map(|name| name.to_string_lossy().into_owned());
        let is_a_jobs = |name: &String| name.ends_with(|last: char| last.is_ascii_digit());
        names.filter(|name| name.contains("safe-state") && !is_a_jobs(name)).count()
    };
    let dir = tempfile::tempdir().unwrap();
    for how in ["return", "segfault", "kill"] {
        guarded(GUARDED, &[how]).current_dir(dir.path()).output().unwrap();
    }
    assert_eq!(shared(), 0);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_guard_that_runs_again_and_again_takes_no_more() {
    let output = guarded(GUARDED, &["again"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn data_has_a_bound_and_room_is_used_again() {
    let output = guarded(GUARDED, &["bounds"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(rescued(&output), None);
}
