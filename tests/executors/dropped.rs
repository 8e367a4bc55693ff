//! Drops futures wherever they wait. Complete items stay complete, and only items that were in flight run again.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use safe_state::{Job, resumable};
use safe_state_tests::{Ran, Slow};
use smol::future::yield_now;

const ITEMS: u64 = 5;
/// A save is long enough that a future can be dropped while it is under way.
const SAVE: Duration = Duration::from_millis(2);

#[resumable(name = "dropped", backend = Arc::clone(store), save_every = every)]
async fn plain(store: &Arc<Slow>, every: u64, ran: &Ran) -> u64 {
    #[resume]
    for item in 0..ITEMS {
        yield_now().await;
        ran.note(item);
        yield_now().await;
    }
    ITEMS
}

#[resumable(name = "dropped", backend = Arc::clone(store), save_every = every, carry(count))]
async fn carrying(store: &Arc<Slow>, every: u64, ran: &Ran) -> u64 {
    let mut count = 0;
    #[resume]
    for item in 0..ITEMS {
        yield_now().await;
        ran.note(item);
        yield_now().await;
        count += 1;
    }
    count
}

/// The time at which a waiting future is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// The future is dropped as soon as it waits.
    AtOnce,
    /// The future is dropped after it has been woken, before it is polled.
    Woken,
}

struct Unpark(Thread, AtomicBool);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.1.store(true, Ordering::Release);
        self.0.unpark();
    }
}

/// Drives a future until it waits for the `last` time, and drops it there. Returns the future's value if it waits fewer
/// times.
pub(crate) fn drop_at<R>(last: usize, when: When, future: impl Future<Output = R>) -> Option<R> {
    let mut future = pin!(future);
    let unpark = Arc::new(Unpark(thread::current(), AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&unpark));
    for wait in 1.. {
        if let Poll::Ready(returned) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(returned);
        }
        if wait == last && matches!(when, When::AtOnce) {
            break;
        }
        while !unpark.1.swap(false, Ordering::Acquire) {
            thread::park();
        }
        if wait == last {
            break;
        }
    }
    None
}

/// Drops the job at each place where it waits, and runs it again to its end. Checks that no more than the last
/// `at_most` items run again.
fn check<F: Future<Output = u64>>(at_most: usize, job: impl Fn(Arc<Slow>, Arc<Ran>) -> F) {
    for when in [When::AtOnce, When::Woken] {
        let mut drops = 0;
        while is_dropped_at(drops + 1, when, at_most, &job) {
            drops += 1;
        }
        // At least, the job waits twice in each item, at the start, and at the end.
        let least = 2 * usize::try_from(ITEMS).unwrap() + 2;
        assert!(drops >= least, "{when:?}: dropped at {drops} places only");
    }
}

/// Drops the job at its wait number `last`, and runs it again to its end. Returns whether the job waits that often.
fn is_dropped_at<F: Future<Output = u64>>(
    last: usize,
    when: When,
    at_most: usize,
    job: impl Fn(Arc<Slow>, Arc<Ran>) -> F,
) -> bool {
    let (store, ran) = (Slow::new(SAVE), Arc::new(Ran::default()));
    let run = |last| drop_at(last, when, job(Arc::clone(&store), Arc::clone(&ran)));
    let all: Vec<u64> = (0..ITEMS).collect();
    if let Some(returned) = run(last) {
        assert_eq!((returned, ran.take()), (ITEMS, all), "waited fewer times than {last}");
        return false;
    }
    let first = ran.take();
    assert!(all.starts_with(&first), "{when:?} at {last}: {first:?}");
    let stored = Job::new("dropped").backend(Arc::clone(&store)).peek_checkpoint().unwrap();
    if stored.is_none() && first == all {
        // The job had finished, and was waiting for its checkpoint to be removed.
        return true;
    }
    assert_eq!(run(usize::MAX), Some(ITEMS), "{when:?} at {last}");
    let rest = ran.take();
    assert!(all.ends_with(&rest), "{when:?} at {last}: {first:?}, then {rest:?}");
    let ran = first.len() + rest.len();
    assert!((all.len()..=all.len() + at_most).contains(&ran), "{first:?}, then {rest:?}");
    true
}

#[test]
fn a_future_dropped_anywhere_repeats_only_what_was_in_flight() {
    for every in [1, 3, 100] {
        check(1, |store, ran| async move { plain(&store, every, &ran).await });
    }
}

#[test]
fn a_dropped_future_that_carries_repeats_only_what_was_not_saved() {
    for every in [1, 3] {
        let at_most = usize::try_from(every).unwrap();
        check(at_most, |store, ran| async move { carrying(&store, every, &ran).await });
    }
}
