//! Tests bodies that heed nothing: what is complete is saved beside them, and the process is ended.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use safe_state::{Checkpoint, CrashCause, Job};
use safe_state_tests::Effects;

const INT: i32 = 2;
const KILL: i32 = 9;
/// The item that does not end.
const BAD: u64 = 7;

fn run(kind: &str, dir: &Path) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_limits_in_loops"));
    child.arg(kind).arg(dir).output().unwrap()
}

fn checkpoint(dir: &Path) -> Checkpoint {
    Job::new("limited").state_dir(dir).peek_checkpoint().unwrap().unwrap()
}

/// Runs the job until it has given up its one bad item, and checks what it has left.
fn ends(kind: &str, signals: &[i32], is_cause: fn(CrashCause) -> bool) {
    let dir = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } = run(kind, dir.path());
    let said = String::from_utf8(stderr).unwrap();
    assert!(said.contains("[safe-state] limited: ") && said.contains("item 7"), "{kind}: {said}");
    assert_eq!(said.matches("; the process is ended, ").count(), 1, "{kind}: {said}");
    assert!(status.signal().is_some_and(|it| signals.contains(&it)), "{kind}: {status}");
    let after = checkpoint(dir.path());
    // With carried variables, items that were not saved before are done again.
    let saved = if kind == "carries" { 0 } else { BAD };
    let progress = after.loop_progress(0).unwrap();
    assert_eq!(progress.completed().len(), saved, "{kind}");
    let suspect = progress.suspect().unwrap();
    assert!(suspect.in_flight && suspect.cause.is_some_and(is_cause), "{kind}: {suspect:?}");
    assert!(run(kind, dir.path()).status.success(), "{kind}");
    let letters: Vec<_> = checkpoint(dir.path()).dead_letters().iter().collect();
    let [letter] = letters.as_slice() else { panic!("{kind}: {letters:?}") };
    assert_eq!(letter.index(), BAD, "{kind}");
    let [cause] = letter.failure().causes() else { panic!("{kind}: {letter:?}") };
    assert_eq!(*cause, suspect.cause.unwrap().to_string(), "{kind}");
    let mut done = Effects::open(dir.path().join("effects")).unwrap().all();
    done.sort_unstable();
    if kind == "carries" {
        done.dedup();
    }
    assert!(done.into_iter().eq((0..20).filter(|item| *item != BAD)), "{kind}");
}

fn is_slow(cause: CrashCause) -> bool {
    cause == CrashCause::ItemTimeout(1000)
}

#[test]
fn an_item_that_never_ends_is_ended() {
    ends("spins", &[INT], is_slow);
}

#[test]
fn an_item_in_a_system_call_is_ended() {
    ends("reads", &[INT], is_slow);
}

#[test]
fn an_async_item_that_does_not_await_is_ended() {
    ends("async", &[INT], is_slow);
}

#[test]
fn a_slow_item_of_a_function_that_carries_a_variable_is_ended() {
    ends("carries", &[INT], is_slow);
}

#[test]
fn a_slow_item_that_is_known_by_key_is_ended() {
    ends("by-key", &[INT], is_slow);
}

#[test]
fn a_slow_item_in_a_program_that_survives_sigint_is_killed() {
    ends("graceful", &[KILL], is_slow);
}

/// An item whose memory grows so slowly that its grace period ends first is ended by SIGINT, and a faster one by
/// SIGKILL.
#[test]
fn an_item_that_takes_memory_without_end_is_ended() {
    ends(
        "takes",
        &[INT, KILL],
        |cause| matches!(cause, CrashCause::Memory(used) if used > 256 << 20),
    );
}

#[test]
fn no_item_is_to_blame_where_the_run_takes_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } = run("run", dir.path());
    let said = String::from_utf8(stderr).unwrap();
    assert!(said.contains("[safe-state] limited: the run took longer than "), "{said}");
    assert_eq!(status.signal(), Some(INT), "{status}");
    let progress = checkpoint(dir.path()).loop_progress(0).unwrap().clone();
    assert_eq!((progress.completed().len(), progress.suspect()), (BAD, None));
}
