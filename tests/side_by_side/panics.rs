//! Tests panics on the caller's side: the items in flight run to their end, and count.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use safe_state::{Action, ErrorContext, Job, resumable};

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

/// Whether the caller's side has panicked, and the items that were done.
#[derive(Default)]
struct Seen {
    has_panicked: AtomicBool,
    /// The number of items that have begun to wait for that.
    waiting: AtomicUsize,
    did: Mutex<Vec<u64>>,
}

impl Seen {
    /// Panics beside two items that have begun, and wait.
    fn panic(&self) -> ! {
        self.wait_for_two();
        self.has_panicked.store(true, Ordering::SeqCst);
        panic!("on the caller's side");
    }

    /// Waits until two items have begun.
    fn wait_for_two(&self) {
        while self.waiting.load(Ordering::SeqCst) < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while !self.has_panicked.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    async fn wait_async(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while !self.has_panicked.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }

    fn note(&self, item: u64) {
        self.did.lock().unwrap().push(item);
    }

    /// Returns the items that were done, in order.
    fn did(self) -> Vec<u64> {
        let mut did = self.did.into_inner().unwrap();
        did.sort_unstable();
        did
    }
}

fn message(panicked: &(dyn std::any::Any + Send)) -> &str {
    panicked.downcast_ref::<&str>().copied().unwrap_or_default()
}

/// Returns an iterator that gives two items, and then panics if `panics`.
fn items(seen: &Seen, panics: bool) -> impl Iterator<Item = u64> {
    (0..6).inspect(move |item| {
        if panics && *item == 2 {
            seen.panic();
        }
    })
}

#[resumable(name = "items", state_dir = dir, threads = 3, fresh(panics))]
fn of_an_iterator(dir: &Path, panics: bool, seen: &Seen) {
    for item in items(seen, panics) {
        if panics {
            seen.wait();
        }
        seen.note(item);
    }
}

#[test]
fn an_iterator_that_panics_loses_nothing_under_way() {
    let (dir, seen) = (tempfile::tempdir().unwrap(), Seen::default());
    let run = || of_an_iterator(dir.path(), true, &seen);
    let panicked = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(message(&*panicked), "on the caller's side");
    assert_eq!(complete("items", dir.path()), [0, 1]);
    let failure = stored("items", dir.path()).unwrap().last_failure().cloned().unwrap();
    assert_eq!(failure.index(), None, "{failure:?}");
    assert!(failure.message().contains("on the caller's side"), "{failure:?}");
    of_an_iterator(dir.path(), false, &seen);
    assert_eq!(seen.did(), (0..6).collect::<Vec<_>>());
}

#[test]
fn an_iterator_that_panics_without_the_attribute_loses_nothing_under_way() {
    let (dir, seen) = (tempfile::tempdir().unwrap(), Seen::default());
    let job = Job::new("items").state_dir(dir.path());
    let run = || {
        job.par_iter(items(&seen, true)).threads(3).for_each(|item| {
            seen.wait();
            seen.note(item);
        })
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(complete("items", dir.path()), [0, 1]);
}

#[resumable(name = "later", state_dir = dir, concurrency = 3)]
async fn of_a_later_one(dir: &Path, seen: &Seen) {
    for item in items(seen, true) {
        seen.wait_async().await;
        seen.note(item);
    }
}

#[test]
fn an_iterator_that_panics_beside_futures_loses_nothing_under_way() {
    let (dir, seen) = (tempfile::tempdir().unwrap(), Seen::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = || runtime.block_on(of_a_later_one(dir.path(), &seen));
    let panicked = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(message(&*panicked), "on the caller's side");
    assert_eq!(complete("later", dir.path()), [0, 1]);
}

/// Fails in the item 0, and leaves the loop by the item 2.
#[resumable(name = "asked", state_dir = dir, threads = 3, on_error = |_: &ErrorContext<'_>| -> Action { seen.panic() })]
fn of_on_error(dir: &Path, seen: &Seen) -> Result<(), Anything> {
    for item in 0..3_u64 {
        if item == 0 {
            seen.wait_for_two();
            return Err("item 0".into());
        }
        seen.wait();
        if item == 2 {
            break;
        }
        seen.note(item);
    }
    Ok(())
}

#[test]
fn on_error_that_panics_loses_nothing_under_way() {
    let (dir, seen) = (tempfile::tempdir().unwrap(), Seen::default());
    let panicked = catch_unwind(AssertUnwindSafe(|| of_on_error(dir.path(), &seen))).unwrap_err();
    assert_eq!(message(&*panicked), "on the caller's side");
    assert_eq!(complete("asked", dir.path()), [1]);
    let stored = stored("asked", dir.path()).unwrap();
    assert_eq!(stored.last_failure().unwrap().index(), Some(0));
    let told = stored.to_string();
    assert!(told.contains("`on_error` panicked") && told.contains("item 0"), "{told}");
}

/// Returns from the item 1 after the iterator has panicked at the item 2.
#[resumable(name = "left", state_dir = dir, threads = 3)]
fn left_before(dir: &Path, seen: &Seen) -> u64 {
    for item in items(seen, true) {
        seen.wait();
        if item == 1 {
            return 7;
        }
        seen.note(item);
    }
    0
}

#[test]
fn an_end_before_the_item_that_panics_is_the_function_s() {
    let (dir, seen) = (tempfile::tempdir().unwrap(), Seen::default());
    assert_eq!(left_before(dir.path(), &seen), 7);
    assert_eq!(seen.did(), [0]);
}
