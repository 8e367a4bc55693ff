//! Tests that items that kill the process are given up, and all others are done.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use safe_state::{Checkpoint, DeadLetter, FailureKind, Job, MemoryBackend, Suspect, resumable};
use safe_state_tests::Effects;

/// Returns the most runs in which `killers` items are given up. For each item, the first death tells the next run to
/// watch, and two more count as the item's.
pub(crate) const fn runs(killers: usize) -> usize {
    1 + 3 * killers
}

/// Runs the job until it comes to an end. Returns the number of runs that died before.
pub(crate) fn run_to_its_end(kind: &str, dir: &Path, most: usize) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy"));
    child.arg(kind).arg(dir).stderr(Stdio::null());
    let died = (0..most).take_while(|_| child.status().unwrap().code().is_none()).count();
    assert!(died < most, "{kind}: it dies again and again");
    died
}

pub(crate) fn checkpoint(dir: &Path) -> Option<Checkpoint> {
    Job::new("kills").state_dir(dir).peek_checkpoint().unwrap()
}

#[test]
fn a_job_goes_on_without_items_that_kill_the_process() {
    for kind in ["every-item", "every-tenth", "by-time", "slow-saves", "by-key", "retried", "async"]
    {
        let dir = tempfile::tempdir().unwrap();
        let died = run_to_its_end(kind, dir.path(), runs(4));
        assert!(died >= 2 * 4, "{kind}: {died} deaths");
        let checkpoint = checkpoint(dir.path()).unwrap();
        assert!(checkpoint.is_finished(), "{kind}: {checkpoint}");
        let letters: Vec<_> = checkpoint.dead_letters().iter().collect();
        let given_up: Vec<u64> = letters.iter().map(DeadLetter::index).collect();
        assert_eq!(given_up, [3, 4, 17, 39], "{kind}");
        for letter in letters {
            assert_eq!((letter.failure().kind(), letter.attempts()), (FailureKind::Crash, 2));
            assert_eq!(letter.failure().message(), "the process died 2 times in this item");
            assert_eq!(letter.key_hash().is_some(), kind == "by-key");
        }
        let done: BTreeSet<u64> =
            Effects::open(dir.path().join("effects")).unwrap().all().into_iter().collect();
        let expected = (0..40).filter(|item| !given_up.contains(item));
        assert!(done.into_iter().eq(expected), "{kind}");
    }
}

#[test]
fn no_other_item_is_blamed_for_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy"));
    child.arg("once").arg(dir.path());
    assert_eq!(child.status().unwrap().code(), None);
    assert_eq!(child.status().unwrap().code(), None);
    // The first run cannot have come further than the tenth item, so nothing behind it is watched.
    let progress = checkpoint(dir.path()).unwrap().loop_progress(0).unwrap().clone();
    let suspect = Suspect { item: 9, crashes: 0, in_flight: false, cause: None };
    assert_eq!(progress.suspect(), Some(suspect));
    assert_eq!(progress.completed().prefix(), 10);
    assert!(child.status().unwrap().success());
    assert_eq!(checkpoint(dir.path()), None);
}

#[resumable(name = "dropped", backend = Arc::clone(backend), companion = false, max_crashes = 1, fresh(is_waiting))]
async fn waits(backend: &Arc<MemoryBackend>, items: &[u32], is_waiting: bool) {
    for item in items {
        if *item == 2 && is_waiting {
            std::future::pending::<()>().await;
        }
    }
}

#[test]
fn a_future_that_is_dropped_is_no_crash() {
    let backend = Arc::default();
    for _ in 0..4 {
        let waits = waits(&backend, &[0, 1, 2, 3], true);
        let soon = smol::Timer::after(Duration::from_millis(50));
        smol::block_on(smol::future::or(waits, async { _ = soon.await }));
    }
    smol::block_on(waits(&backend, &[0, 1, 2, 3], false));
    assert_eq!(Job::new("dropped").backend(backend).peek_checkpoint().unwrap(), None);
}
