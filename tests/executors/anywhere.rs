//! Drops a run at each of its waits, one after the other: for what is asked of it, for a save, for time to pass, for
//! its beginning and its end. Items that are complete by then are never lost, nor done again.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use safe_state::backend::Backend;
use safe_state::{Backoff, FileBackend, Job, MemoryBackend, SaveEvery, resumable, step};
use safe_state_tests::Slow;
use smol::future::yield_now;

use super::dropped::{When, drop_at};

const ITEMS: u64 = 3;
/// The time of an item. A run whose backend answers at once looks for requests after each item of this length.
const ITEM: Duration = Duration::from_millis(55);

/// The time that a job's items take, and how far the job has come.
struct Seen {
    takes: Duration,
    ended: Mutex<Vec<u64>>,
    is_in_body: AtomicBool,
    failed: AtomicU64,
}

impl Seen {
    fn new(takes: Duration) -> Self {
        let (ended, is_in_body, failed) = Default::default();
        Seen { takes, ended, is_in_body, failed }
    }

    fn begin(&self) {
        self.is_in_body.store(true, Ordering::SeqCst);
    }

    /// Notes the end of an item. The body awaits nothing after this call.
    fn end(&self, item: u64) {
        thread::sleep(self.takes);
        self.ended.lock().unwrap().push(item);
        self.is_in_body.store(false, Ordering::SeqCst);
    }
}

type Stored = Arc<dyn Backend>;

#[resumable(name = "anywhere", backend = backend, save_every = every)]
async fn plain(backend: Stored, every: SaveEvery, seen: &Seen) -> anyhow::Result<()> {
    for item in 0..ITEMS {
        seen.begin();
        yield_now().await;
        seen.end(item);
    }
    Ok(())
}

#[resumable(name = "anywhere", backend = backend, save_every = every)]
async fn awaits_nothing(backend: Stored, every: SaveEvery, seen: &Seen) -> anyhow::Result<()> {
    for item in 0..ITEMS {
        seen.end(item);
    }
    Ok(())
}

#[resumable(name = "anywhere", backend = backend, save_every = every, carry(sum))]
async fn carries(backend: Stored, every: SaveEvery, seen: &Seen) -> anyhow::Result<()> {
    let mut sum = 0;
    for item in 0..ITEMS {
        seen.begin();
        yield_now().await;
        sum += item;
        seen.end(item);
    }
    anyhow::ensure!(sum == (0..ITEMS).sum::<u64>(), "the sum is {sum}");
    Ok(())
}

#[resumable(name = "anywhere", backend = backend, save_every = every, carry(sum), rate = "8/s")]
async fn waits(backend: Stored, every: SaveEvery, seen: &Seen) -> anyhow::Result<()> {
    let mut sum = 0;
    for item in 0..ITEMS {
        sum += item;
        seen.end(item);
    }
    anyhow::ensure!(sum == (0..ITEMS).sum::<u64>(), "the sum is {sum}");
    Ok(())
}

#[resumable(name = "anywhere", backend = backend, save_every = every, max_attempts = 9, backoff = Backoff::constant("20ms"))]
async fn tries_again(backend: Stored, every: SaveEvery, seen: &Seen) -> anyhow::Result<()> {
    for item in 0..ITEMS {
        anyhow::ensure!(seen.failed.fetch_add(1, Ordering::SeqCst) % 2 == 1, "each second attempt");
        seen.end(item);
    }
    Ok(())
}

#[resumable(name = "anywhere", backend = backend, save_every = every)]
async fn has_phases(backend: Stored, every: SaveEvery, seen: &Seen) -> anyhow::Result<()> {
    let parts = step!("parts", 1);
    #[resume]
    for item in 0..parts {
        seen.end(item);
    }
    yield_now().await;
    let all = step!("all", ITEMS);
    #[resume]
    for item in parts..all {
        #[resume]
        for part in 0..2 {
            if part == 1 {
                seen.end(item);
            }
        }
    }
    Ok(())
}

type Kind = fn(
    Stored,
    SaveEvery,
    &Seen,
) -> std::pin::Pin<Box<dyn Future<Output = anyhow::Result<()>> + '_>>;

/// Returns the intervals between saves to try.
fn often() -> [SaveEvery; 4] {
    let items = [1, 3, 1000].map(SaveEvery::items);
    [items[0], items[1], items[2], SaveEvery::time(Duration::from_millis(1))]
}

/// Drops the job at each place where it waits, and runs it again to its end. Returns the number of these places.
fn check(takes: Duration, backend: fn() -> Stored, job: (Kind, bool)) -> usize {
    let cases = often().into_iter().flat_map(|it| [(When::AtOnce, it), (When::Woken, it)]);
    thread::scope(|scope| {
        let places = |case| {
            let place = move |at: &usize| is_dropped_at(*at, case, takes, &backend(), job);
            scope.spawn(move || (1..1_000).take_while(place).count())
        };
        let cases: Vec<_> = cases.map(places).collect();
        cases.into_iter().map(|case| case.join().unwrap()).sum()
    })
}

/// Drops the job at its wait number `last`, and runs it again to its end. Returns whether the job waits that often.
fn is_dropped_at(
    last: usize,
    (when, every): (When, SaveEvery),
    takes: Duration,
    backend: &Stored,
    (job, carries): (Kind, bool),
) -> bool {
    let case = format!("{when:?} at {last}, {every:?}");
    let seen = Seen::new(takes);
    let all: Vec<u64> = (0..ITEMS).collect();
    if let Some(returned) = drop_at(last, when, job(Arc::clone(backend), every, &seen)) {
        returned.unwrap();
        assert_eq!(*seen.ended.lock().unwrap(), all, "{case}");
        return false;
    }
    let first = seen.ended.into_inner().unwrap();
    let stored = Job::new("anywhere").backend(Arc::clone(backend)).peek_checkpoint().unwrap();
    let Some(stored) = stored else {
        // The job had finished, and was waiting for its checkpoint to be removed.
        assert_eq!(first, all, "{case}");
        return true;
    };
    assert!(!stored.is_open(), "{case}: it is taken for one that died");
    let again = Seen::new(Duration::ZERO);
    smol::block_on(job(Arc::clone(backend), every, &again)).unwrap();
    let rest = again.ended.into_inner().unwrap();
    if carries && seen.is_in_body.into_inner() {
        // Changes that the body made to a carried variable are gone with the future.
        assert!(all.ends_with(&rest) && first.len() + rest.len() >= all.len(), "{case}");
    } else {
        assert_eq!([first, rest].concat(), all, "{case}");
    }
    true
}

fn memory() -> Stored {
    Arc::new(MemoryBackend::default())
}

fn files() -> Stored {
    // The folder is kept, because it is in use until the test ends.
    Arc::new(FileBackend::new(tempfile::tempdir().unwrap().keep()))
}

/// Returns a backend whose saves and answers are slow enough for a future to be dropped while they are under way.
fn slow() -> Stored {
    Slow::new(Duration::from_millis(1))
}

/// The time of an item after which a run looks for requests even if the backend is slow.
const LONG: Duration = Duration::from_millis(105);

macro_rules! kinds {
    ($($test:ident, $job:ident, $carries:literal;)*) => { $(
        #[test]
        fn $test() {
            let job: Kind = |backend, every, seen| Box::pin($job(backend, every, seen));
            let places = check(ITEM, memory, (job, $carries))
                + check(ITEM, files, (job, $carries))
                + check(LONG, slow, (job, $carries));
            // The number of places depends on the speed of the machine.
            assert!(places >= 24, "dropped at {places} places only");
        }
    )* };
}

kinds! {
    a_future_whose_body_awaits_survives_drops, plain, false;
    a_future_whose_body_awaits_nothing_survives_drops, awaits_nothing, false;
    a_future_that_carries_survives_drops, carries, true;
    a_future_that_waits_between_items_survives_drops, waits, true;
    a_future_that_tries_again_survives_drops, tries_again, false;
    a_future_with_phases_survives_drops, has_phases, false;
}
