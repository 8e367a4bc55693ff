//! Tests that a second signal, well after the first, ends the process at once.

use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use safe_state::resumable;

use crate::{Asked, asked};

const HOUR: u64 = 3_600_000;

fn is_ended_by_the_second(kind: &str, after: Duration) {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let mut asked = Asked::start(&mut asked(kind, dir.path(), HOUR));
        asked.begun(1);
        asked.signal(signal);
        // However late the first signal is taken up, some later one is the second.
        let mut ended = None;
        while ended.is_none() {
            thread::sleep(after);
            asked.signal(signal);
            thread::sleep(Duration::from_millis(20));
            ended = asked.child.try_wait().unwrap();
        }
        assert_eq!(ended.unwrap().signal(), Some(signal.as_raw()));
    }
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    is_ended_by_the_second("graceful", Duration::from_millis(2200));
}

#[test]
fn the_time_until_a_second_signal_counts_can_be_set() {
    is_ended_by_the_second("soon", Duration::from_millis(50));
}

#[resumable(name = "patient", state_dir = dir, graceful, second_signal_after = "1h")]
fn patient(dir: &std::path::Path) -> anyhow::Result<()> {
    for item in 0..3 {
        if item == 1 {
            for _ in 0..100 {
                rustix::process::kill_process(rustix::process::getpid(), Signal::TERM)?;
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
    Ok(())
}

/// If the second signal was not ignored, it would end the process of this test.
#[test]
fn a_second_signal_can_be_ignored_for_long() {
    let dir = tempfile::tempdir().unwrap();
    patient(dir.path()).unwrap_err();
    assert_eq!(patient::peek_checkpoint(dir.path()).unwrap().unwrap().completed().len(), 2);
}
