//! Tests what happens between two items: waiting, and stopping before the next.

mod requests;
mod waits;

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use safe_state::{Error, Job, Rate, Results, StopReason, checkpoint, resumable};
use safe_state_tests::{Worker, shapes::block_on};

const SHORT: Duration = Duration::from_millis(60);

#[resumable(name = "slow", state_dir = dir, save_every = 1000, max_runtime = "50ms", carry(sum), fresh(pause))]
fn slow(dir: &Path, items: &[u64], pause: Duration) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in items {
        sum += item;
        std::thread::sleep(pause);
    }
    Ok(sum)
}

fn reason(error: &anyhow::Error) -> StopReason {
    match error.downcast_ref() {
        Some(Error::Stopped { reason, .. }) => *reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_is_over_has_saved_all_that_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let error = slow(dir.path(), &[1, 2, 4], SHORT).unwrap_err();
    assert_eq!(reason(&error), StopReason::MaxRuntime);
    let message = "job `slow` stopped at the end of its `max_runtime`, and has saved its progress; run it again to go on";
    assert_eq!(error.to_string(), message);
    let checkpoint = slow::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!((checkpoint.completed().len(), checkpoint.last_failure()), (1, None));
    assert_eq!(checkpoint.carried("sum"), Ok(Some(1_u64)));
    slow(dir.path(), &[1, 2, 4], SHORT).unwrap_err();
    assert_eq!(slow(dir.path(), &[1, 2, 4], Duration::ZERO).unwrap(), 7);
}

#[resumable(name = "spread", state_dir = dir, rate = "100/s")]
async fn spread(dir: &Path, items: std::ops::Range<u32>) -> anyhow::Result<()> {
    for item in items {
        tokio::task::yield_now().await;
        assert!(item < 8);
    }
    Ok(())
}

#[test]
fn items_are_spread_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    block_on(spread(dir.path(), 0..8)).unwrap();
    // Neither the first item nor the end of the input waits.
    assert!(began.elapsed() >= Duration::from_millis(70), "{:?}", began.elapsed());
    let began = Instant::now();
    let job = Job::new("spread").state_dir(dir.path()).rate(Rate::new(100, Duration::from_secs(1)));
    job.run(0..8, |_| Ok::<(), Error>(())).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(70), "{:?}", began.elapsed());
}

static ASKED: AtomicU32 = AtomicU32::new(0);

#[resumable(name = "throttled", state_dir = dir, throttle = || ASKED.fetch_add(1, Ordering::Relaxed) < 2)]
fn throttled(dir: &Path, items: &[u32]) -> usize {
    for item in items {
        assert!(ASKED.load(Ordering::Relaxed) > 2, "{item}");
    }
    items.len()
}

#[test]
fn a_run_waits_as_long_as_it_is_told_to() {
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    assert_eq!(throttled(dir.path(), &[1, 2]), 2);
    assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
    assert_eq!(ASKED.load(Ordering::Relaxed), 4, "twice in vain, and for two items");
}

#[resumable(name = "walk", state_dir = dir, manual, carry(queue, seen), max_runtime = "50ms")]
fn walk(dir: &Path, pause: Duration) -> anyhow::Result<Vec<u32>> {
    let mut queue = vec![1];
    let mut seen = Results::new();
    while let Some(node) = queue.pop() {
        seen.push(node);
        std::thread::sleep(pause);
        queue.extend((node * 2..node * 2 + 2).filter(|node| *node < 8));
        checkpoint!();
    }
    Ok(seen.into())
}

#[test]
fn a_manual_checkpoint_ends_a_run_that_is_over() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(reason(&walk(dir.path(), SHORT).unwrap_err()), StopReason::MaxRuntime);
    assert_eq!(walk(dir.path(), Duration::ZERO).unwrap(), [1, 3, 7, 6, 2, 5, 4]);
}

#[resumable(name = "signalled", state_dir = dir, save_every = 1000, graceful, fresh(at))]
fn signalled(dir: &Path, items: &[u32], at: u32, ran: &Cell<u32>) -> anyhow::Result<()> {
    for item in items {
        if *item == at {
            kill_process(getpid(), Signal::TERM)?;
            // The signal may interrupt another thread than this one.
            std::thread::sleep(SHORT);
        }
        ran.set(ran.get() + item);
    }
    Ok(())
}

#[test]
fn a_signal_lets_the_item_finish() {
    let (dir, ran) = (tempfile::tempdir().unwrap(), Cell::new(0));
    let error = signalled(dir.path(), &[1, 2, 4, 8], 2, &ran).unwrap_err();
    assert_eq!((reason(&error), ran.get()), (StopReason::Signal, 3));
    assert_eq!(signalled::peek_checkpoint(dir.path()).unwrap().unwrap().completed().len(), 2);
    signalled(dir.path(), &[1, 2, 4, 8], 99, &ran).unwrap();
    assert_eq!(ran.get(), 15);
}

#[test]
fn a_second_signal_ends_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut worker = Worker::holding_gracefully(env!("CARGO_BIN_EXE_worker"), dir.path());
    worker.send("TERM");
    std::thread::sleep(SHORT);
    assert!(worker.is_alive(), "it waits for the end of its item");
    worker.signal("TERM");
}
