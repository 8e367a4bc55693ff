//! Fails a job at each system call.

use std::io;
use std::process::Output;

use safe_state_tests::{Found, storms};

use crate::traced::{Call, Kind, Victim, calls_of, is_out_of_reach};

/// The errors that a call may return, by the names that `strace` has for them and by their numbers.
const ERRORS: [(&str, i32); 5] =
    [("ENOSPC", 28), ("EIO", 5), ("EDQUOT", 122), ("EROFS", 30), ("EMFILE", 24)];

/// The calls that a run does not need. If room cannot be allocated, zeros are written. A lock that cannot be removed is
/// used again. A directory that cannot be looked at is created. A file system whose kind is not known is taken for one
/// of this machine.
const DISPENSABLE: [&str; 5] = ["fallocate", "fstatfs", "unlinkat", "statx", "newfstatat"];

/// The calls that the standard library or our code repeats when they are interrupted.
const REPEATED: [&str; 7] =
    ["fdatasync", "fsync", "ftruncate", "openat", "pwrite64", "renameat", "write"];

#[test]
fn an_error_of_each_call_is_reported() {
    fail_each(Kind("function", "power"));
    fail_each(Kind("function", "process"));
}

#[test]
fn an_error_of_each_call_is_reported_where_snapshots_are_replaced() {
    fail_each(Kind("bulky", "power"));
}

#[test]
fn an_interrupted_call_is_repeated() {
    let kind = Kind("bulky", "power");
    for call in calls_of(kind).iter().filter(|call| REPEATED.contains(&&*call.name)) {
        let mut victim = Victim::new(kind);
        let (output, _) = victim.run(Some(&format!("{}:error=EINTR:when={}", call.name, call.nth)));
        assert!(output.status.success(), "{call:?}: {output:?}");
        assert_eq!(victim.look(&format!("{call:?}")), Found::Finished);
    }
}

#[test]
fn a_write_that_writes_nothing_is_reported() {
    let kind = Kind("bulky", "power");
    for call in calls_of(kind).iter().filter(|call| call.name.contains("write")) {
        let victim = Victim::new(kind);
        let (output, _) = victim.run(Some(&format!("{}:retval=0:when={}", call.name, call.nth)));
        expect_failure(victim, call, &output, "failed to write whole buffer");
    }
}

fn fail_each(kind: Kind) {
    let calls = calls_of(kind);
    let can_fail = |call: &&Call| !["close", "fcntl", "lseek"].contains(&&*call.name);
    for (at, call) in calls.iter().filter(can_fail).enumerate() {
        // Each call fails with two of the errors, with one of them once and with the other from then on. With
        // `SAFE_STATE_STORM=3`, each call fails with all of the errors.
        let turns = ERRORS.len().min(2 * storms::times() as usize);
        for turn in at..at + turns {
            let lasting = if turn % 2 == 0 { "" } else { "+" };
            fail(kind, &calls, call, (ERRORS[turn % ERRORS.len()], lasting));
        }
    }
}

fn fail(
    kind: Kind,
    undisturbed: &[Call],
    call: &Call,
    ((error, number), lasting): ((&str, i32), &str),
) {
    let mut victim = Victim::new(kind);
    let inject = format!("{}:error={error}:when={}{lasting}", call.name, call.nth);
    let (output, calls) = victim.run(Some(&inject));
    let Some(failed) = calls.iter().find(|call| call.is_injected()) else {
        assert!(is_out_of_reach(call, undisturbed, &calls), "{inject}: {call:?} of {calls:?}");
        return;
    };
    forsakes_what_it_could_not_sync(&calls);
    if output.status.success() {
        for (at, call) in calls.iter().enumerate().filter(|(_, call)| call.is_injected()) {
            let is_fine = is_dispensable(call, &calls[at..]);
            assert!(is_fine, "{inject}: was not reported, of {}", call.text);
        }
        assert_eq!(victim.look(&inject), Found::Finished, "{inject}");
    } else {
        let reason = io::Error::from_raw_os_error(number).to_string();
        expect_failure(victim, failed, &output, &reason);
    }
}

/// Returns whether a run may finish though the first of these calls, its last ones, has failed.
fn is_dispensable(call: &Call, to_the_end: &[Call]) -> bool {
    let stores = |call: &Call| ["fdatasync", "fsync", "renameat"].contains(&&*call.name);
    DISPENSABLE.contains(&&*call.name)
        // A run soon looks for requests again.
        || call.text.contains("request")
        // The lock is left if a run that has stored everything can't read its own line in it.
        || call.name == "read" && !to_the_end.iter().any(stores)
        // A run looks for an older run of the job under another name, and tells of it where it is found. It does so by
        // a list, which the standard library opens with these flags.
        || call.text.contains("O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY")
        || call.name == "getdents64"
        // A page that can't be read is ignored, which is told: the log counts.
        || call.text.contains(".page\"")
}

/// Checks that the error names what was tried, on what, and why it failed; and that the next run has what it needs.
fn expect_failure(mut victim: Victim, call: &Call, output: &Output, reason: &str) {
    let when = format!("{call:?} failed");
    let said = String::from_utf8_lossy(&output.stderr);
    let dir = victim.dir.path().to_str().unwrap();
    let told = ["Error: cannot ", dir, reason].iter().all(|part| said.contains(part));
    assert!(output.status.code() == Some(1) && told, "{when}: {output:?}");
    let left = victim.dir.path().join("state/storm.safestate.tmp").exists();
    assert!(!left || call.name == "unlink", "{when}: the temporary file is left");
    let found = victim.look(&when);
    assert_ne!(found, Found::Finished, "{when}: but the checkpoint is gone");
    victim.run_to_the_end(&when);
}

/// Checks that a file is only closed after its sync has failed: the failed sync may have dropped what it could not
/// write, and the next sync would report success.
fn forsakes_what_it_could_not_sync(calls: &[Call]) {
    let failed = |call: &Call| call.name == "fdatasync" && call.is_injected();
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| failed(call)) {
        let (handle, _) = call.text["fdatasync(".len()..].split_once(')').unwrap();
        let on_it = |call: &&Call| {
            let rest = call.text[call.name.len() + 1..].strip_prefix(handle);
            rest.is_some_and(|rest| rest.starts_with([',', ')']))
        };
        let then = calls[at + 1..].iter().filter(on_it).find(|call| call.name != "fcntl");
        assert_eq!(then.map(|call| &*call.name), Some("close"), "after {call:?}");
    }
}
