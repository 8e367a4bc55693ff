//! Tests every kind of interrupt against every kind of work, each in a process of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

const INT: i32 = 2;
const KILL: i32 = 9;
const TERM: i32 = 15;

/// The end of the work.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The work ends with the limit's error.
    Error,
    /// The work dies of a signal.
    Signal(i32),
    /// The work goes on, though it was told of the limit.
    GoesOn,
}

/// The kinds of work that ask whether they may go on, or that give the executor, which asks for them, a chance to.
const ASKS: [&str; 3] = ["checks", "async", "checks-in-a-thread"];
/// The kinds of work that do not ask.
const DEAF: [&str; 6] = ["spins", "reads", "sleeps", "native", "spins-in-a-thread", "async-spins"];

fn start(work: &str, interrupt: &str, signals: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_limits_child"));
    child.args([work, interrupt, signals]).stdin(Stdio::piped()).stdout(Stdio::piped());
    child.spawn().unwrap()
}

fn end(work: &str, interrupt: &str, signals: &str) -> End {
    let mut child = start(work, interrupt, signals);
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    if interrupt == "cancellation" && DEAF.contains(&work) {
        assert_eq!(said.next().as_deref(), Some("told"), "{work}");
        assert_eq!(child.try_wait().unwrap(), None, "{work} goes on");
        child.kill().unwrap();
        child.wait().unwrap();
        return End::GoesOn;
    }
    let limit = said.find(|line| line.starts_with("limit: there was no progress for "));
    let status = child.wait().unwrap();
    if let Some(signal) = status.signal() {
        return End::Signal(signal);
    }
    assert!(status.success(), "{work}: {status}");
    assert!(limit.is_some(), "{work}");
    End::Error
}

#[test]
fn cancellation_reaches_what_asks() {
    for work in ASKS {
        assert_eq!(end(work, "cancellation", "default"), End::Error, "{work}");
    }
    for work in DEAF {
        assert_eq!(end(work, "cancellation", "default"), End::GoesOn, "{work}");
    }
}

#[test]
fn a_signal_ends_what_has_no_handler() {
    for work in ASKS.iter().chain(&DEAF) {
        assert_eq!(end(work, "signal", "default"), End::Signal(INT), "{work}");
    }
}

#[test]
fn what_does_not_heed_the_cancellation_gets_a_signal() {
    for work in ASKS {
        assert_eq!(end(work, "both", "default"), End::Error, "{work}");
    }
    for work in DEAF {
        assert_eq!(end(work, "both", "default"), End::Signal(INT), "{work}");
    }
}

#[test]
fn what_survives_sigint_gets_sigterm_and_what_survives_that_can_be_killed() {
    for work in DEAF {
        assert_eq!(end(work, "both", "int"), End::Signal(TERM), "{work}");
        assert_eq!(end(work, "signal", "int"), End::Signal(TERM), "{work}");
        assert_eq!(end(work, "both-kill", "int-and-term"), End::Signal(KILL), "{work}");
        assert_eq!(end(work, "signal-kill", "int-and-term"), End::Signal(KILL), "{work}");
    }
}

/// A handler alone does not wake a thread out of a system call: the signal has to come to that thread.
#[test]
fn the_signal_comes_to_the_guarded_thread() {
    let mut child = start("polls-in-a-thread", "signal", "int");
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(said.last().unwrap().unwrap(), "interrupted");
    assert!(child.wait().unwrap().success());
}
