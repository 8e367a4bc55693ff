//! Tests how a loop ends before its input does.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Barrier, Mutex};

use safe_state::{Backoff, resumable};

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

/// Fails in two items at once, in an order that is not known.
#[resumable(name = "both", state_dir = dir, threads = 2)]
fn both(dir: &Path, barrier: &Barrier) -> Result<(), Anything> {
    for item in 0..2 {
        barrier.wait();
        return Err(format!("item {item}").into());
    }
    Ok(())
}

#[test]
fn the_failure_with_the_lowest_index_of_several_is_returned() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let failed = both(dir.path(), &Barrier::new(2)).unwrap_err();
        assert_eq!(failed.to_string(), "item 0");
        let stored = stored("both", dir.path()).unwrap();
        let failure = stored.last_failure().unwrap();
        assert_eq!(failure.index(), Some(0));
        let told = stored.to_string();
        assert!(told.contains("item 1 failed beside it: item 1"), "{told}");
    }
}

#[resumable(name = "panics", state_dir = dir, threads = 2)]
fn panics(dir: &Path, barrier: &Barrier) {
    for item in 0..2 {
        barrier.wait();
        assert!(item > 1, "item {item}");
    }
}

#[test]
fn two_panics_at_once_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = || panics(dir.path(), &Barrier::new(2));
    catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    let stored = stored("panics", dir.path()).unwrap();
    assert_eq!(stored.last_failure().unwrap().index(), Some(0));
}

/// Leaves the loop at the item `at`.
#[resumable(name = "found", state_dir = dir, threads = 3)]
fn found(dir: &Path, at: u32) -> u32 {
    let mut after = 0;
    for item in 0..100_u32 {
        if item == at {
            break;
        }
    }
    after += 1;
    after
}

#[test]
fn a_break_leaves_the_loop_for_what_is_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(found(dir.path(), 5), 1);
}

#[resumable(name = "returned", state_dir = dir, threads = 3)]
fn returned(dir: &Path, at: u32) -> u32 {
    for item in 0..100_u32 {
        if item == at {
            return item;
        }
    }
    100
}

#[test]
fn a_return_gives_its_value() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(returned(dir.path(), 5), 5);
    assert_eq!(returned(dir.path(), 500), 100);
}

fn at_once() -> Backoff {
    Backoff::exponential("1ms", "1ms")
}

/// Fails twice in each item, and always in the item `poison`.
#[resumable(name = "again", state_dir = dir, threads = 4, max_attempts = 3, backoff = at_once(), fresh(poison))]
fn again(dir: &Path, poison: Option<u32>, tries: &Mutex<Vec<u32>>) -> Result<(), Anything> {
    for item in 0..12_u32 {
        let attempts = {
            let mut tries = tries.lock().unwrap();
            tries.push(item);
            tries.iter().filter(|it| **it == item).count()
        };
        if attempts < 3 || poison == Some(item) {
            return Err(format!("item {item}, attempt {attempts}").into());
        }
    }
    Ok(())
}

#[test]
fn each_item_has_its_own_attempts() {
    let dir = tempfile::tempdir().unwrap();
    let tries = Mutex::default();
    again(dir.path(), None, &tries).unwrap();
    let tries = tries.into_inner().unwrap();
    assert!((0..12).all(|item| tries.iter().filter(|it| **it == item).count() == 3), "{tries:?}");
}

#[test]
fn the_last_attempt_in_vain_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let failed = again(dir.path(), Some(5), &Mutex::default()).unwrap_err();
    assert_eq!(failed.to_string(), "item 5, attempt 3");
    assert!(!complete("again", dir.path()).contains(&5));
}

fn bury(_: &safe_state::ErrorContext<'_>) -> safe_state::Action {
    safe_state::Action::DeadLetter
}

#[resumable(name = "buried", state_dir = dir, threads = 3, on_error = bury, fresh(bad), capture(name))]
fn buried(dir: &Path, bad: &[u32], did: &Mutex<Vec<u32>>) -> Result<(), Anything> {
    for name in 0..10_u32 {
        if bad.contains(&name) {
            return Err(format!("{name} is bad").into());
        }
        did.lock().unwrap().push(name);
    }
    Ok(())
}

#[test]
fn dead_letters_are_put_back_and_done_alone() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    buried(dir.path(), &[2, 6], &did).unwrap();
    let stored = stored("buried", dir.path()).unwrap();
    let mut letters: Vec<_> = stored.dead_letters().iter().collect();
    letters.sort_by_key(safe_state::DeadLetter::index);
    assert_eq!(letters.iter().map(safe_state::DeadLetter::index).collect::<Vec<_>>(), [2, 6]);
    let captured = letters[1].failure().captured();
    assert_eq!((captured[0].name.as_str(), captured[0].value.as_str()), ("name", "6"));
    let job = safe_state::Job::new("buried").state_dir(dir.path());
    assert_eq!(job.retry_dead_letters().unwrap(), 2);
    buried(dir.path(), &[], &did).unwrap();
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, (0..10).collect::<Vec<_>>());
}
