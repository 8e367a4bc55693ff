//! Tests runs that are stopped, and futures that are dropped.

use std::future::pending;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::{Backend, MemoryBackend};
use safe_state::{Checkpoint, Error, Job, StopReason, resumable};

use super::{complete, stored};

/// Asks itself to end in the item 5.
#[resumable(name = "asked", state_dir = dir, threads = 3, fresh(asks))]
fn asked(dir: &Path, asks: bool, did: &Mutex<Vec<u32>>) -> Result<(), Error> {
    for item in 0..2000_u32 {
        if asks && item == 5 {
            Job::new("asked").state_dir(dir).cancel()?;
        }
        thread::sleep(Duration::from_micros(500));
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[test]
fn what_is_under_way_ends_before_a_run_that_is_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    let stopped = asked(dir.path(), true, &did).unwrap_err();
    assert!(matches!(stopped, Error::Stopped { reason: StopReason::Cancelled, .. }), "{stopped}");
    let mut first: Vec<u64> = did.lock().unwrap().iter().map(|item| u64::from(*item)).collect();
    first.sort_unstable();
    assert!((5..2000).contains(&first.len()), "{}", first.len());
    assert_eq!(complete("asked", dir.path()), first);
    asked(dir.path(), false, &did).unwrap();
    let mut all = did.into_inner().unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..2000).collect::<Vec<_>>());
}

/// Does the first three items, and never ends the items behind them if `hangs`.
#[resumable(name = "dropped", state_dir = dir, concurrency = 4, save_every = 100, fresh(hangs))]
async fn dropped(dir: &Path, hangs: bool, did: &Mutex<Vec<u64>>) {
    for item in 0..10 {
        if hangs && item >= 3 {
            pending::<()>().await;
        }
        did.lock().unwrap().push(item);
    }
}

#[test]
fn a_dropped_future_loses_nothing_that_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    {
        let mut run = pin!(dropped(dir.path(), true, &did));
        let mut polls = 0;
        while did.lock().unwrap().len() < 3 || polls < 20 {
            assert!(matches!(
                run.as_mut().poll(&mut Context::from_waker(Waker::noop())),
                Poll::Pending
            ));
            thread::sleep(Duration::from_millis(5));
            polls += 1;
        }
    }
    assert_eq!(complete("dropped", dir.path()), [0, 1, 2]);
    assert!(stored("dropped", dir.path()).unwrap().last_failure().is_none());
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(dropped(
        dir.path(),
        false,
        &did,
    ));
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, (0..10).collect::<Vec<_>>());
}

/// A backend whose saves wait while it is closed.
#[derive(Default)]
struct Gate {
    inner: MemoryBackend,
    is_closed: AtomicBool,
    is_waited_at: AtomicBool,
}

impl Gate {
    fn pass(&self) {
        while self.is_closed.load(Ordering::SeqCst) {
            self.is_waited_at.store(true, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Backend for Gate {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, safe_state::backend::Error> {
        self.inner.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), safe_state::backend::Error> {
        self.pass();
        self.inner.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), safe_state::backend::Error> {
        self.inner.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, safe_state::backend::Error> {
        self.inner.exists(job)
    }
}

/// Ends the items 1 and 2 while the item 0 is saved.
#[resumable(name = "gated", backend = Arc::clone(gate), concurrency = 3)]
async fn gated(gate: &Arc<Gate>, did: &Mutex<Vec<u64>>) {
    for item in 0..3 {
        if item == 0 {
            gate.is_closed.store(true, Ordering::SeqCst);
        }
        while item > 0 && !gate.is_waited_at.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        did.lock().unwrap().push(item);
    }
}

#[test]
fn a_dropped_future_loses_no_item_that_has_ended_during_a_save() {
    let (gate, did) = (Arc::new(Gate::default()), Mutex::default());
    {
        let mut run = pin!(gated(&gate, &did));
        while did.lock().unwrap().len() < 3 {
            let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            thread::sleep(Duration::from_millis(1));
        }
        gate.is_closed.store(false, Ordering::SeqCst);
    }
    let checkpoint = gated::peek_checkpoint(&gate).unwrap().unwrap();
    assert_eq!(checkpoint.completed().ranges().flatten().collect::<Vec<_>>(), [0, 1, 2]);
}

/// Waits in two items until the checkpoint shows both in flight.
#[resumable(name = "looked", state_dir = dir, threads = 3)]
fn looked(dir: &Path, has_shown: &AtomicBool) -> Result<(), Error> {
    for item in 0..6_u64 {
        let began = Instant::now();
        while [1, 2].contains(&item)
            && !has_shown.load(Ordering::SeqCst)
            && began.elapsed() < Duration::from_secs(60)
        {
            let checkpoint = Job::new("looked").state_dir(dir).peek_checkpoint()?;
            let loops = checkpoint.iter().flat_map(Checkpoint::in_flight);
            let in_flight: Vec<u64> = loops.flat_map(|it| it.items).collect();
            let shows = [1, 2].iter().all(|item| in_flight.contains(item));
            has_shown.fetch_or(shows, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

#[test]
fn what_is_under_way_is_known_to_who_looks() {
    let (dir, has_shown) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    looked(dir.path(), &has_shown).unwrap();
    assert!(has_shown.into_inner());
}
