//! Tests that a signal does what it does by default where nothing waits for it.

use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use safe_state_tests::as_process_1;

use crate::{Asked, asked};

const HOUR: u64 = 3_600_000;

#[test]
fn the_first_signal_after_a_graceful_job_ends_the_process() {
    let dir = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        let mut asked = Asked::start(&mut asked("after", dir.path(), HOUR));
        asked.begun(1);
        asked.signal(signal);
        assert_eq!(asked.ended().signal(), Some(signal.as_raw()));
    }
}

/// The second of a pair of signals comes after the first has ended the job, while the program winds up.
#[test]
fn a_stopped_program_has_time_to_wind_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut winds_up = Asked::start(&mut asked("winds-up", dir.path(), 300));
    winds_up.begun(3);
    winds_up.signal(Signal::TERM);
    while winds_up.line() != "stopped" {}
    winds_up.signal(Signal::TERM);
    assert_eq!(winds_up.ended().code(), Some(0));
    let mut asked = Asked::start(&mut asked("winds-up", dir.path(), HOUR));
    asked.begun(1);
    asked.signal(Signal::TERM);
    while asked.line() != "stopped" {}
    thread::sleep(Duration::from_millis(2200));
    let ended = loop {
        asked.signal(Signal::TERM);
        thread::sleep(Duration::from_millis(50));
        if let Some(ended) = asked.child.try_wait().unwrap() {
            break ended;
        }
    };
    assert_eq!(ended.signal(), Some(15));
}

#[test]
fn a_signal_asks_all_jobs_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut asked = Asked::start(&mut asked("two", dir.path(), 1));
    asked.begun(2);
    asked.signal(Signal::TERM);
    assert_eq!(asked.ended().code(), Some(1));
    let other = safe_state::Job::new("other").state_dir(dir.path());
    assert!(!other.peek_checkpoint().unwrap().unwrap().is_open());
}

/// The program is process 1 of a container. The test runs on Linux alone, and needs root or user namespaces.
#[test]
fn process_1_says_which_signal_ended_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut asked = Asked::start(&mut as_process_1(&asked("soon", dir.path(), HOUR)));
    asked.begun(1);
    let program = asked.child();
    let ended = loop {
        // However late the first signal is taken up, some later one is the second.
        let _ = kill_process(program, Signal::TERM);
        thread::sleep(Duration::from_millis(50));
        if let Some(ended) = asked.child.try_wait().unwrap() {
            break ended;
        }
    };
    assert_eq!(ended.code(), Some(128 + 15));
    let dir = tempfile::tempdir().unwrap();
    let mut after = Asked::start(&mut as_process_1(&crate::asked("after", dir.path(), HOUR)));
    after.begun(1);
    let _ = kill_process(after.child(), Signal::TERM);
    assert_eq!(after.ended().code(), Some(128 + 15));
}
