//! Tests a job of 10,000 items with nobody watching: one item segfaults, one hangs, one takes all memory.

use std::collections::BTreeSet;
use std::process::Command;

use safe_state::{DeadLetter, FailureKind, Job};
use safe_state_tests::Effects;

#[test]
fn items_that_end_the_program_become_dead_letters_that_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.args(["run", "--restarts", "5", "--backoff", "1ms..10ms", "--"]);
    command.arg(env!("CARGO_BIN_EXE_supervisor_child")).arg(dir.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("succeeded after 4 restarts; it ended by signal 11 (SIGSEGV) (2 times)"),
        "{said}"
    );
    let checkpoint = Job::new("unattended").state_dir(dir.path()).peek_checkpoint().unwrap();
    let checkpoint = checkpoint.unwrap();
    assert!(checkpoint.is_finished(), "{checkpoint}");
    let letters: Vec<DeadLetter> = checkpoint.dead_letters().iter().collect();
    let why: Vec<_> = letters
        .iter()
        .map(|letter| (letter.index(), letter.failure().causes().join(", ")))
        .collect();
    let [(3000, crashed), (6000, hung), (9000, took)] = why.as_slice() else { panic!("{why:?}") };
    assert_eq!(crashed, "signal 11 (SIGSEGV)");
    assert_eq!(hung, "the item took longer than 2s");
    assert!(took.ends_with(" MiB of memory were in use, more than may be"), "{took}");
    assert!(letters.iter().all(|letter| letter.failure().kind() == FailureKind::Crash));
    let done: BTreeSet<u64> =
        Effects::open(dir.path().join("effects")).unwrap().all().into_iter().collect();
    assert!(done.into_iter().eq((0..10_000).filter(|item| ![3000, 6000, 9000].contains(item))));
}
