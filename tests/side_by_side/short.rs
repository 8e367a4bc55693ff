//! Tests items that are so short that they are handed out before there is a thread for them.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::{Action, Backoff, Checkpoint, ErrorContext, Job, ahead, resumable};

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

const ITEMS: u64 = 20_000;
const THREADS: usize = 3;

/// The number of times that each item was done.
struct Times(Vec<AtomicU64>);

impl Times {
    fn new() -> Self {
        Times((0..ITEMS).map(|_| AtomicU64::new(0)).collect())
    }

    fn note(&self, item: u64) {
        self.0[usize::try_from(item).unwrap()].fetch_add(1, Ordering::SeqCst);
    }

    fn of(&self, item: u64) -> u64 {
        self.0[usize::try_from(item).unwrap()].load(Ordering::SeqCst)
    }

    /// Returns the items that were done.
    fn done(&self) -> Vec<u64> {
        (0..ITEMS).filter(|item| self.of(*item) > 0).collect()
    }

    fn assert_each_once(&self) {
        let others: Vec<_> = (0..ITEMS).filter(|item| self.of(*item) != 1).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

#[resumable(name = "fails", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process", fresh(fail))]
fn fails(dir: &Path, fail: Option<u64>, times: &Times) -> Result<(), Anything> {
    for item in 0..ITEMS {
        if fail == Some(item) {
            return Err(format!("item {item}").into());
        }
        times.note(item);
    }
    Ok(())
}

#[test]
fn what_was_done_before_a_failure_is_complete_and_the_rest_is_not() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    for fail in [7_777, 13_000, 19_999] {
        let failed = fails(dir.path(), Some(fail), &times).unwrap_err();
        assert_eq!(failed.to_string(), format!("item {fail}"));
        let done = times.done();
        assert_eq!(complete("fails", dir.path()), done);
        assert!(done.iter().filter(|item| **item < fail).count() as u64 == fail, "all before it");
        let checkpoint = stored("fails", dir.path()).unwrap();
        let in_flight: Vec<u64> = checkpoint.in_flight().flat_map(|it| it.items).collect();
        assert_eq!(in_flight, [fail], "what was handed out and had not begun is not in flight");
    }
    fails(dir.path(), None, &times).unwrap();
    times.assert_each_once();
}

#[resumable(name = "found", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process")]
fn found(dir: &Path, at: u64, returns: bool, times: &Times) -> u64 {
    for item in 0..ITEMS {
        times.note(item);
        if item == at {
            if returns {
                return item;
            }
            break;
        }
    }
    1
}

#[test]
fn all_items_before_a_break_or_a_return_are_done() {
    for (returns, given) in [(false, 1), (true, 9_000)] {
        let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
        assert_eq!(found(dir.path(), 9_000, returns, &times), given);
        assert!((0..=9_000).all(|item| times.of(item) == 1));
        assert!(times.of(ITEMS - 1) == 0, "the loop was left");
    }
}

fn at_once() -> Backoff {
    Backoff::exponential("1ms", "2ms")
}

/// Fails once or twice in some items, and panics in some.
#[resumable(name = "again", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process",
            max_attempts = 3, backoff = at_once(), catch_panics)]
fn again(dir: &Path, tries: &Times, times: &Times, running: &AtomicUsize) -> Result<(), Anything> {
    for item in 0..ITEMS {
        assert!(running.fetch_add(1, Ordering::SeqCst) < THREADS, "too many at once");
        tries.note(item);
        let attempt = tries.of(item);
        running.fetch_sub(1, Ordering::SeqCst);
        if item % 500 == 3 && attempt < 3 {
            return Err(format!("attempt {attempt}").into());
        }
        assert!(item % 700 != 5 || attempt > 1, "the first attempt");
        times.note(item);
    }
    Ok(())
}

#[test]
fn each_item_has_its_attempts() {
    let dir = tempfile::tempdir().unwrap();
    let (tries, times) = (Times::new(), Times::new());
    again(dir.path(), &tries, &times, &AtomicUsize::new(0)).unwrap();
    times.assert_each_once();
    assert_eq!((tries.of(1_003), tries.of(1_405), tries.of(1_000)), (3, 2, 1));
}

fn bury(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(name = "buried", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process",
            on_error = bury, fresh(bad))]
fn buried(dir: &Path, bad: u64, times: &Times) -> Result<(), Anything> {
    for item in 0..ITEMS {
        if bad > 0 && item % bad == 1 {
            return Err("bad".into());
        }
        times.note(item);
    }
    Ok(())
}

#[test]
fn items_are_given_up_and_done_later() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    buried(dir.path(), 100, &times).unwrap();
    let letters: BTreeSet<u64> =
        stored("buried", dir.path()).unwrap().dead_letters().iter().map(|it| it.index()).collect();
    assert_eq!(letters, (0..ITEMS).filter(|item| item % 100 == 1).collect());
    assert_eq!(Job::new("buried").state_dir(dir.path()).retry_dead_letters().unwrap(), 200);
    buried(dir.path(), 0, &times).unwrap();
    times.assert_each_once();
}

#[resumable(name = "cancelled", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process", fresh(stop))]
fn cancelled(dir: &Path, stop: Option<u64>, times: &Times) -> Result<(), Anything> {
    for item in 0..ITEMS {
        if stop == Some(item) {
            Job::new("cancelled").state_dir(dir).cancel()?;
        }
        if stop.is_some_and(|stop| item > stop) {
            // Until the request is seen.
            thread::sleep(Duration::from_millis(1));
        }
        times.note(item);
    }
    Ok(())
}

#[test]
fn what_was_done_before_a_request_is_complete() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    let stopped = cancelled(dir.path(), Some(8_000), &times).unwrap_err();
    assert!(stopped.to_string().contains("cancel"), "{stopped}");
    let done = times.done();
    assert_eq!(complete("cancelled", dir.path()), done);
    assert!(done.len() < 12_000, "{}", done.len());
    let in_flight = stored("cancelled", dir.path()).unwrap();
    assert_eq!(in_flight.in_flight().flat_map(|it| it.items).count(), 0);
    cancelled(dir.path(), None, &times).unwrap();
    times.assert_each_once();
}

/// Lets the last items of a long row of short ones wait for each other.
#[resumable(name = "met", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process")]
fn met(dir: &Path, barrier: &Barrier, times: &Times) {
    for item in 0..ITEMS {
        if (10_000..10_000 + THREADS as u64).contains(&item) {
            barrier.wait();
        }
        times.note(item);
    }
}

#[test]
fn no_item_waits_behind_another_while_a_thread_is_free() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    met(dir.path(), &Barrier::new(THREADS), &times);
    times.assert_each_once();
}

/// Waits before some items until all items before them are done.
#[resumable(name = "asked", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process")]
fn asked(dir: &Path, times: &Times) {
    let items = (0..ITEMS).inspect(|item| {
        let began = Instant::now();
        while item % 2_000 == 999 && !(0..*item).all(|item| times.of(item) == 1) {
            assert!(began.elapsed() < Duration::from_secs(60), "an item was kept back");
            thread::yield_now();
        }
    });
    for item in items {
        times.note(item);
    }
}

#[test]
fn an_item_that_was_pulled_is_done_while_the_next_is_waited_for() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    asked(dir.path(), &times);
    times.assert_each_once();
}

#[resumable(name = "keyed", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process",
            key = |item| *item, fresh(fail))]
fn keyed(dir: &Path, from: u64, fail: Option<u64>, times: &Times) -> Result<(), Anything> {
    for item in (from..ITEMS).chain(0..from) {
        if fail == Some(item) {
            return Err("asked to".into());
        }
        times.note(item);
    }
    Ok(())
}

#[test]
fn complete_keys_are_known_in_another_order() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    keyed(dir.path(), 0, Some(6_000), &times).unwrap_err();
    keyed(dir.path(), 5_000, Some(9_000), &times).unwrap_err();
    keyed(dir.path(), 1_234, None, &times).unwrap();
    times.assert_each_once();
}

#[resumable(name = "seen", state_dir = dir, threads = THREADS, save_every = "1ms", durability = "process")]
fn seen(dir: &Path, times: &Times) {
    for item in 0..ITEMS {
        times.note(item);
    }
}

#[test]
fn what_was_handed_out_and_has_not_begun_is_not_in_flight() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let peeking = scope.spawn(|| {
            let mut most = 0;
            while !is_over.load(Ordering::SeqCst) {
                let checkpoint = Job::new("seen").state_dir(dir.path()).peek_checkpoint().unwrap();
                let loops = checkpoint.iter().flat_map(Checkpoint::in_flight);
                most = most.max(loops.map(|it| it.items.len()).sum::<usize>());
            }
            most
        });
        seen(dir.path(), &times);
        is_over.store(true, Ordering::SeqCst);
        assert!(peeking.join().unwrap() <= THREADS, "no more are in flight than there are threads");
    });
    times.assert_each_once();
}

/// Items that are given once: one that was handed out and not done would be lost.
#[resumable(name = "queue", state_dir = dir, threads = THREADS, save_every = 1_000, durability = "process",
            consumed, fresh(fail))]
fn queue(
    dir: &Path,
    queue: &Arc<Mutex<std::collections::VecDeque<u64>>>,
    fail: Option<u64>,
    times: &Times,
) -> Result<(), Anything> {
    let items = std::iter::from_fn(|| queue.lock().unwrap().pop_front());
    for item in items {
        if fail == Some(item) {
            queue.lock().unwrap().push_back(item);
            return Err("asked to".into());
        }
        times.note(item);
    }
    Ok(())
}

#[test]
fn no_item_is_lost_that_is_given_once() {
    let (dir, times) = (tempfile::tempdir().unwrap(), Times::new());
    let items = Arc::new(Mutex::new((0..ITEMS).collect()));
    for fail in [5_000, 12_000] {
        queue(dir.path(), &items, Some(fail), &times).unwrap_err();
    }
    queue(dir.path(), &items, None, &times).unwrap();
    times.assert_each_once();
}

#[resumable(name = "few-on-threads", state_dir = dir, threads = 2)]
fn few_on_threads(dir: &Path) -> Result<(), Anything> {
    for _item in 0..10_u64 {}
    Ok(())
}

#[resumable(name = "few-as-futures", state_dir = dir, concurrency = 2)]
async fn few_as_futures(dir: &Path) -> Result<(), Anything> {
    for _item in 0..10_u64 {}
    Ok(())
}

#[resumable(name = "few-ahead", state_dir = dir, threads = 2, carry(sum))]
fn few_ahead(dir: &Path) -> Result<u64, Anything> {
    let mut sum = 0;
    for _item in 0..10_u64 {
        let one = ahead!(1);
        sum += one;
    }
    Ok(sum)
}

/// If that there is no further item is found out when none runs any more, nothing is left to be waited for. A busy
/// machine may make a run slow, so one quick run in many is enough.
#[test]
fn a_loop_ends_with_its_last_item() {
    let dir = tempfile::tempdir().unwrap();
    let executor = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let is_quick = |run: &dyn Fn()| {
        (0..50).any(|_| {
            let begun = Instant::now();
            run();
            begun.elapsed() < Duration::from_millis(50)
        })
    };
    assert!(is_quick(&|| few_on_threads(dir.path()).unwrap()), "on threads");
    assert!(is_quick(&|| assert_eq!(few_ahead(dir.path()).unwrap(), 10)), "ahead");
    assert!(is_quick(&|| executor.block_on(few_as_futures(dir.path())).unwrap()), "as futures");
}
