//! Tests loops that an item leaves by `break` or `return` while others are in flight, and runs that resume after them.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};

use safe_state::{Backoff, Job, ahead, resumable};

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

/// Leaves the loop while all remaining items are in flight.
#[resumable(name = "sum", state_dir = dir, threads = 4, carry(total), fresh(fail))]
fn sum(dir: &Path, fail: bool) -> Result<u64, Anything> {
    let mut total = 0;
    for n in 0..5_u64 {
        let value = ahead!(n);
        total += value;
        if n == 3 {
            break;
        }
    }
    if fail {
        return Err("behind the loop".into());
    }
    Ok(total)
}

#[test]
fn a_break_among_the_last_items_adds_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        sum(dir.path(), true).unwrap_err();
    }
    assert_eq!(sum(dir.path(), false).unwrap(), 6);
}

#[resumable(name = "later", state_dir = dir, concurrency = 4, carry(total), fresh(fail))]
async fn later(dir: &Path, fail: bool) -> Result<u64, Anything> {
    let mut total = 0;
    for n in 0..5_u64 {
        let value = ahead!(std::future::ready(n).await);
        if n == 3 {
            total += 100;
            break;
        }
        total += value;
    }
    if fail {
        return Err("behind the loop".into());
    }
    Ok(total)
}

#[tokio::test]
async fn a_break_among_the_last_futures_adds_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        later(dir.path(), true).await.unwrap_err();
    }
    assert_eq!(later(dir.path(), false).await.unwrap(), 103);
}

/// Leaves the first loop by its last item, and the second by its last but one.
#[resumable(name = "phases", state_dir = dir, carry(total), fresh(fail))]
fn phases(dir: &Path, fail: Option<u64>, did: &Mutex<Vec<u64>>) -> Result<u64, Anything> {
    let mut total = 0;
    #[resume(threads = 4)]
    for n in 0..4_u64 {
        did.lock().unwrap().push(n);
        if n == 3 {
            break;
        }
    }
    #[resume(threads = 4)]
    for n in 0..6_u64 {
        let value = ahead!(n);
        total += value;
        if n == 4 {
            break;
        }
    }
    #[resume]
    for n in 0..3_u64 {
        if fail == Some(n) {
            return Err("in the third".into());
        }
        total += n;
    }
    Ok(total)
}

#[test]
fn what_a_break_has_left_stays_left_once_another_loop_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    phases(dir.path(), Some(1), &did).unwrap_err();
    phases(dir.path(), Some(2), &did).unwrap_err();
    assert_eq!(phases(dir.path(), None, &did).unwrap(), 13);
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 2, 3]);
}

fn soon() -> Backoff {
    Backoff::exponential("20ms", "20ms")
}

/// Leaves the loop by the item 1 while the item 0 waits for another attempt.
#[resumable(name = "waiting", state_dir = dir, threads = 2, max_attempts = 3, backoff = soon())]
fn waiting(
    dir: &Path,
    returns: bool,
    failed: &AtomicBool,
    barrier: &Barrier,
    did: &Mutex<Vec<u64>>,
) -> Result<u64, Anything> {
    let mut given = 1;
    for n in 0..4_u64 {
        if n == 0 && !failed.swap(true, Ordering::SeqCst) {
            barrier.wait();
            return Err("once".into());
        }
        if n == 1 {
            barrier.wait();
            did.lock().unwrap().push(n);
            if returns {
                return Ok(7);
            }
            break;
        }
        did.lock().unwrap().push(n);
    }
    given += 1;
    Ok(given)
}

#[test]
fn an_item_before_the_one_that_leaves_the_loop_is_tried_again() {
    for (returns, given) in [(false, 2), (true, 7)] {
        let dir = tempfile::tempdir().unwrap();
        let did = Mutex::default();
        let run =
            |did| waiting(dir.path(), returns, &AtomicBool::new(false), &Barrier::new(2), did);
        assert_eq!(run(&did).unwrap(), given);
        assert!(stored("waiting", dir.path()).is_none(), "it is finished");
        assert_eq!(did.into_inner().unwrap(), [1, 0]);
    }
}

/// Leaves the loop by the item 1 while the item 0 fails each time.
#[resumable(name = "vain", state_dir = dir, threads = 2, max_attempts = 3, backoff = soon(), fresh(fails))]
fn vain(dir: &Path, fails: bool, barrier: &Barrier, attempts: &Mutex<u32>) -> Result<(), Anything> {
    for n in 0..2_u64 {
        if n == 1 {
            barrier.wait();
            break;
        }
        let mut attempts = attempts.lock().unwrap();
        *attempts += 1;
        if *attempts == 1 {
            barrier.wait();
        }
        if fails {
            return Err(format!("attempt {attempts}").into());
        }
    }
    Ok(())
}

#[test]
fn an_item_before_a_break_that_fails_for_good_fails_the_function() {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Mutex::default();
    let failed = vain(dir.path(), true, &Barrier::new(2), &attempts).unwrap_err();
    assert_eq!(failed.to_string(), "attempt 3");
    assert_eq!(stored("vain", dir.path()).unwrap().last_failure().unwrap().index(), Some(0));
    *attempts.lock().unwrap() = 0;
    vain(dir.path(), false, &Barrier::new(2), &attempts).unwrap();
}

fn in_an_hour() -> Backoff {
    Backoff::exponential("1h", "1h")
}

/// Leaves the loop by the item 1, which cancels the job, while the item 0 waits for an hour.
#[resumable(name = "ended", state_dir = dir, threads = 2, max_attempts = 3, backoff = in_an_hour(), fresh(fails))]
fn ended(
    dir: &Path,
    fails: bool,
    barrier: &Barrier,
    did: &Mutex<Vec<u64>>,
) -> Result<(), Anything> {
    for n in 0..2_u64 {
        barrier.wait();
        if n == 1 {
            if fails {
                Job::new("ended").state_dir(dir).cancel()?;
            }
            break;
        }
        if fails {
            return Err("once".into());
        }
        did.lock().unwrap().push(n);
    }
    Ok(())
}

#[test]
fn a_run_cancelled_before_the_last_attempt_has_not_left_the_loop() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    let failed = ended(dir.path(), true, &Barrier::new(2), &did).unwrap_err();
    assert!(failed.to_string().contains("cancel"), "{failed}");
    assert_eq!(complete("ended", dir.path()), [] as [u64; 0]);
    ended(dir.path(), false, &Barrier::new(2), &did).unwrap();
    assert_eq!(did.into_inner().unwrap(), [0]);
}

/// Leaves the first loop while the item behind fails; fails in the second loop if it is told to.
#[resumable(name = "unrelated", state_dir = dir, fresh(barrier, fails))]
fn left_and_fails(dir: &Path, barrier: &Barrier, fails: bool) -> Result<(), Anything> {
    #[resume(threads = 2)]
    for item in 0..2 {
        barrier.wait();
        if item == 0 {
            break;
        }
        return Err("behind the break".into());
    }
    #[resume]
    for item in 0..3 {
        if fails && item == 2 {
            return Err("in the second loop".into());
        }
    }
    Ok(())
}

#[test]
fn a_failure_behind_a_break_is_no_reason_of_a_later_one() {
    let (dir, barrier) = (tempfile::tempdir().unwrap(), Barrier::new(2));
    left_and_fails(dir.path(), &barrier, true).unwrap_err();
    let stored = stored("unrelated", dir.path()).unwrap();
    let failure = stored.last_failure().unwrap();
    assert_eq!(failure.message(), "in the second loop");
    assert!(failure.causes().is_empty(), "{failure}");
    left_and_fails(dir.path(), &barrier, false).unwrap();
}
