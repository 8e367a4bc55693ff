//! Tests that an item is not to blame for the end of a process that is asked to end.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use safe_state::LoopProgress;

use crate::{Asked, asked, checkpoint};

const HOUR: u64 = 3_600_000;

/// Returns the number of items that were given up.
fn given_up(dir: &Path) -> usize {
    checkpoint(dir).dead_letters().len()
}

/// Returns whether the checkpoint suspects an item.
fn suspects(dir: &Path) -> bool {
    let suspect = checkpoint(dir).loop_progress(0).and_then(LoopProgress::suspect);
    suspect.is_some_and(|suspect| suspect.in_flight)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Kills a run, so that the next one suspects its items.
fn killed(dir: &Path) {
    let mut asked = Asked::start(&mut asked("suspects", dir, HOUR));
    asked.begun(1);
    asked.signal(Signal::KILL);
    assert_eq!(asked.ended().signal(), Some(9));
}

/// A service manager kills a process that does not end in time after it was asked to.
#[test]
fn a_kill_after_a_request_to_end_blames_no_item() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    for _ in 0..3 {
        let mut asked = Asked::start(&mut asked("suspects", dir.path(), HOUR));
        asked.begun(1);
        assert!(suspects(dir.path()));
        asked.signal(Signal::TERM);
        until("it is acquitted", || !suspects(dir.path()));
        asked.signal(Signal::KILL);
        assert_eq!(asked.ended().signal(), Some(9));
    }
    assert_eq!(given_up(dir.path()), 0);
}

#[test]
fn a_second_request_to_end_blames_no_item() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    for _ in 0..2 {
        let mut asked = Asked::start(&mut asked("suspects", dir.path(), HOUR));
        asked.begun(1);
        asked.signal(Signal::TERM);
        thread::sleep(Duration::from_millis(2500));
        asked.signal(Signal::TERM);
        let ended = asked.ended();
        assert_eq!(ended.signal(), Some(15));
    }
    assert_eq!(given_up(dir.path()), 0);
}

/// Without a request to end, the item is to blame.
#[test]
fn a_kill_without_a_request_to_end_blames_the_item() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    killed(dir.path());
    let mut asked = Asked::start(&mut asked("suspects", dir.path(), HOUR));
    asked.begun(1);
    assert_eq!(given_up(dir.path()), 1);
}

/// The supervisor that starts the program again says what it died of.
#[test]
fn an_end_by_a_signal_that_asks_for_it_blames_no_item() {
    let ended_by = |signal: Signal| {
        let dir = tempfile::tempdir().unwrap();
        let supervised = || {
            let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_command"));
            run.args(["run", "--backoff", "1ms", "--"]).arg(env!("CARGO_BIN_EXE_signals_child"));
            run.arg("plain").arg(dir.path()).arg(HOUR.to_string());
            Asked::start(&mut run)
        };
        let mut run = supervised();
        for _ in 0..3 {
            run.begun(1);
            let before = run.child();
            rustix::process::kill_process(before, signal).unwrap();
            until("it is started again", || run.child() != before);
        }
        run.begun(1);
        let given_up = given_up(dir.path());
        run.signal(Signal::TERM);
        run.ended();
        given_up
    };
    assert_eq!(ended_by(Signal::TERM), 0);
    assert_eq!(ended_by(Signal::KILL), 2);
}
