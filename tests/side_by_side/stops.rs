//! Tests runs that are stopped, and futures that are dropped.

use std::future::pending;
use std::path::Path;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use safe_state::{Error, Job, StopReason, resumable};

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

/// Looks at the checkpoint from an item, and notes the items in flight that it shows.
#[resumable(name = "looked", state_dir = dir, threads = 3)]
fn looked(dir: &Path, found: &Mutex<Vec<u64>>) -> Result<(), Error> {
    for item in 0..40_u32 {
        thread::sleep(Duration::from_millis(2));
        if item == 30 {
            let checkpoint = Job::new("looked").state_dir(dir).peek_checkpoint()?;
            let in_flight = checkpoint
                .into_iter()
                .flat_map(|it| it.in_flight().flat_map(|it| it.items).collect::<Vec<_>>());
            found.lock().unwrap().extend(in_flight);
        }
    }
    Ok(())
}

#[test]
fn what_is_under_way_is_known_to_who_looks() {
    let dir = tempfile::tempdir().unwrap();
    let found = Mutex::default();
    looked(dir.path(), &found).unwrap();
    let found = found.into_inner().unwrap();
    assert!((1..=3).contains(&found.len()), "{found:?}");
    assert!(found.iter().all(|item| (20..=32).contains(item)), "{found:?}");
}
