//! Tests control groups whose memory is all in use: what is complete is saved before the kernel kills.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use safe_state::{Checkpoint, Job};
use safe_state_tests::{Effects, Group};

use crate::contained;

const LIMIT: u64 = 128 << 20;
/// The most items that may be lost. Saves take a tenth of the time, and an item here takes no longer than a save.
const LOST: u64 = 20;

fn checkpoint(dir: &Path) -> Checkpoint {
    Job::new("grows").state_dir(dir).peek_checkpoint().unwrap().unwrap()
}

fn done(dir: &Path) -> u64 {
    let done = Effects::open(dir.join("effects")).unwrap().all();
    done.into_iter().max().map_or(0, |last| last + 1)
}

fn run(kind: &str, dir: &Path) -> Output {
    let group = Group::with_memory(LIMIT);
    group.command(&contained(kind, dir)).output().unwrap()
}

/// Checks that the job is killed after its items have taken all memory, that it has saved nearly all of them, and that
/// a second run finishes it. Returns what the first run said.
fn saves(kind: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } = run(kind, dir.path());
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.signal(), Some(9), "{kind}: {status}, {said}");
    let (saved, done) = (checkpoint(dir.path()).completed().len(), done(dir.path()));
    assert!((90..=128).contains(&done), "{kind}: the limit held, {done}");
    assert!(saved + LOST >= done, "{kind}: {saved} of {done}");
    let again = run(kind, dir.path());
    assert!(again.status.success(), "{kind}: {again:?}");
    said
}

#[test]
fn what_is_complete_is_saved_at_nine_tenths_and_that_is_said() {
    for kind in ["grows", "grows-async", "grows-in-threads"] {
        let said = saves(kind);
        let told = "MiB of memory are in use in the control group, which may have 128.0 MiB: from now on what is \
                    complete is saved as items end";
        assert_eq!(said.matches(told).count(), 1, "{kind}: {said}");
    }
}

#[test]
fn what_is_in_a_page_is_safe_as_it_is() {
    saves("grows-paged");
}

/// The supervisor is in the group as well. It takes little memory, so the kernel does not kill it.
#[test]
fn the_supervisor_tells_that_it_was_the_kernel() {
    let dir = tempfile::tempdir().unwrap();
    let group = Group::with_memory(LIMIT);
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.args(["run", "--restarts", "1", "--backoff", "1ms", "--"]);
    command.arg(env!("CARGO_BIN_EXE_contained")).arg("grows").arg(dir.path());
    let output = group.command(&command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let told = "` succeeded after 1 restart; it ended by signal 9 (SIGKILL) from the kernel, as the 128 MiB of memory \
                that its control group may have were in use\n";
    assert!(output.status.success() && said.contains(told), "{said}");
}
