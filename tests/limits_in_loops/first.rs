//! Tests that a process is ended even if it is process 1 of a container, to which the kernel sends no signal of its
//! own. The tests run on Linux alone, and need root or user namespaces.

use std::process::{Command, Output};

use safe_state::Job;
use safe_state_tests::as_process_1;

const BY_INT: i32 = 128 + 2;
const BY_TERM: i32 = 128 + 15;
const BY_KILL: i32 = 128 + 9;

fn ended(mut command: Command) -> Output {
    let mut timed = Command::new("timeout");
    timed.args(["--signal=KILL", "120"]).arg(command.get_program()).args(command.get_args());
    command = timed;
    command.output().unwrap()
}

fn ends(kind: &str, codes: &[i32]) {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_limits_in_loops"));
    child.arg(kind).arg(dir.path());
    let output = ended(as_process_1(&child));
    let code = output.status.code();
    assert!(code.is_some_and(|code| codes.contains(&code)), "{kind}: {output:?}");
    let checkpoint = Job::new("limited").state_dir(dir.path()).peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.loop_progress(0).unwrap().completed().len(), 7, "{kind}");
}

#[test]
fn process_1_is_ended_in_an_item_that_does_not_end() {
    ends("spins", &[BY_INT]);
    ends("reads", &[BY_INT]);
}

#[test]
fn process_1_that_heeds_sigint_is_killed_in_a_slow_item() {
    ends("graceful", &[BY_KILL]);
}

/// An item whose memory grows so fast that no time is left for a grace period is ended by SIGKILL, and a slower one by
/// SIGINT.
#[test]
fn process_1_is_ended_in_an_item_that_takes_memory_without_end() {
    ends("takes", &[BY_INT, BY_KILL]);
}

#[test]
fn process_1_is_ended_when_its_run_takes_too_long() {
    ends("run", &[BY_INT]);
}

#[test]
fn process_1_is_ended_when_guarded_work_takes_too_long() {
    for (interrupt, heeded, code) in [
        ("signal", "none", BY_INT),
        ("both", "none", BY_INT),
        ("signal", "int", BY_TERM),
        ("both", "int", BY_TERM),
        ("signal-kill", "int-and-term", BY_KILL),
        ("both-kill", "int-and-term", BY_KILL),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_limits_child"));
        child.args(["spins", interrupt, heeded]);
        let output = ended(as_process_1(&child));
        assert_eq!(output.status.code(), Some(code), "{interrupt}, {heeded}: {output:?}");
    }
}
