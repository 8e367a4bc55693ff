//! Tests runs that are to end, and wait for what is in flight no longer than the grace period.

use std::future::pending;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use safe_state::{Backoff, Error, Job, PastRun, RunEnd, StopReason, ahead, resumable};
use safe_state_tests::Effects;

use super::{complete, stored};

/// Cancels itself in the item 2, while the item 1 never ends if it `hangs`.
#[resumable(name = "hangs", state_dir = dir, concurrency = 3, graceful, grace_period = "100ms", fresh(hangs))]
async fn hangs(dir: &Path, hangs: bool, did: &Mutex<Vec<u64>>) -> Result<(), Error> {
    for item in 0..5_u64 {
        if hangs && item == 1 {
            pending::<()>().await;
        }
        if hangs && item == 2 {
            Job::new("hangs").state_dir(dir).cancel()?;
            // Until the request is seen.
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[tokio::test]
async fn futures_that_go_on_beyond_the_grace_period_are_dropped() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    let stopped = hangs(dir.path(), true, &did).await.unwrap_err();
    assert!(matches!(stopped, Error::Stopped { reason: StopReason::Cancelled, .. }), "{stopped}");
    let done = complete("hangs", dir.path());
    assert!(done.contains(&0) && done.contains(&2) && !done.contains(&1), "{done:?}");
    let mut did_first = did.lock().unwrap().clone();
    did_first.sort_unstable();
    assert_eq!(done, did_first, "what is complete is saved");
    hangs(dir.path(), false, &did).await.unwrap();
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 2, 3, 4]);
}

type Anything = Box<dyn std::error::Error + Send + Sync>;

/// Cancels itself in the item 2, after the item 1 has failed, while the item 0 never ends if it `hangs`.
#[resumable(name = "failed", state_dir = dir, concurrency = 3, graceful, grace_period = "100ms", fresh(hangs))]
async fn fails_beside(dir: &Path, hangs: bool, did: &Mutex<Vec<u64>>) -> Result<(), Anything> {
    for item in 0..3_u64 {
        if hangs && item == 0 {
            pending::<()>().await;
        }
        if hangs && item == 1 {
            tokio::task::yield_now().await;
            return Err("item 1".into());
        }
        if hangs {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Job::new("failed").state_dir(dir).cancel()?;
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_to_end_drops_futures_after_a_failure_too() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    let failed = fails_beside(dir.path(), true, &did).await.unwrap_err();
    assert_eq!(failed.to_string(), "item 1");
    assert_eq!(complete("failed", dir.path()), [2]);
    assert_eq!(failure("failed", dir.path()), Some((Some(1), "item 1".to_owned())));
    fails_beside(dir.path(), false, &did).await.unwrap();
    assert_eq!(did.into_inner().unwrap(), [2, 0, 1]);
}

/// The last item never ends if it `hangs`.
#[resumable(name = "last", state_dir = dir, concurrency = 3, graceful, grace_period = "100ms", fresh(hangs))]
async fn hangs_at_last(dir: &Path, hangs: bool, did: &Mutex<Vec<u64>>) -> Result<(), Error> {
    for item in 0..3_u64 {
        if hangs && item == 2 {
            // The input has ended by then, and nothing else is in flight.
            while did.lock().unwrap().len() < 2 {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
            Job::new("last").state_dir(dir).cancel()?;
            pending::<()>().await;
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_to_end_drops_the_last_item_of_the_input() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    let stopped = hangs_at_last(dir.path(), true, &did).await.unwrap_err();
    assert!(matches!(stopped, Error::Stopped { reason: StopReason::Cancelled, .. }), "{stopped}");
    assert_eq!(complete("last", dir.path()), [0, 1]);
    hangs_at_last(dir.path(), false, &did).await.unwrap();
    assert_eq!(did.into_inner().unwrap(), [0, 1, 2]);
}

/// Returns the item and the message of the job's failure, of which its last run is to tell as well.
fn failure(job: &str, dir: &Path) -> Option<(Option<u64>, String)> {
    let stored = stored(job, dir)?;
    let failure = stored.last_failure()?;
    assert_eq!(stored.history().last().and_then(PastRun::end), Some(RunEnd::Failed));
    Some((failure.index(), failure.message().to_owned()))
}

/// Cancels itself after the item 1 has failed, or has left the loop; the other item ends by itself.
#[resumable(name = "ends", state_dir = dir, concurrency = 2, graceful, grace_period = "1h", fresh(fails))]
async fn ends_beside(
    dir: &Path,
    fails: Option<bool>,
    did: &Mutex<Vec<u64>>,
) -> Result<u64, Anything> {
    for item in 0..4_u64 {
        if item == 0 && fails.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Job::new("ends").state_dir(dir).cancel()?;
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        if item == 1 {
            tokio::task::yield_now().await;
            match fails {
                Some(true) => return Err("item 1".into()),
                Some(false) => break,
                None => {}
            }
        }
        did.lock().unwrap().push(item);
    }
    Ok(7)
}

#[tokio::test]
async fn a_failure_beside_an_item_that_ends_in_time_is_saved() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    let failed = ends_beside(dir.path(), Some(true), &did).await.unwrap_err();
    assert_eq!(failed.to_string(), "item 1");
    assert_eq!(complete("ends", dir.path()), [0]);
    assert_eq!(failure("ends", dir.path()), Some((Some(1), "item 1".to_owned())));
    assert_eq!(ends_beside(dir.path(), None, &did).await.unwrap(), 7);
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_run_that_is_cancelled_once_it_has_left_the_loop_finishes() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    assert_eq!(ends_beside(dir.path(), Some(false), &did).await.unwrap(), 7);
    assert!(stored("ends", dir.path()).is_none(), "it has finished");
    assert_eq!(did.into_inner().unwrap(), [0]);
}

fn at_once() -> Backoff {
    Backoff::exponential("1ms", "2ms")
}

/// The item of a loop whose part hangs, in the given attempt.
struct Hangs {
    item: u64,
    attempt: u32,
    tried: AtomicU32,
    /// The number of items that the loop has done in order.
    done: AtomicU64,
}

impl Hangs {
    /// Fails until it is the attempt that hangs. That one cancels the run once the loop waits for it, and never ends.
    async fn part(&self, dir: &Path) -> Result<(), Error> {
        if self.tried.fetch_add(1, Ordering::SeqCst) + 1 < self.attempt {
            return Err(Error::Thread(std::io::ErrorKind::Other.into()));
        }
        while self.done.load(Ordering::SeqCst) < self.item {
            tokio::task::yield_now().await;
        }
        Job::new("ahead").state_dir(dir).cancel()?;
        pending().await
    }
}

#[resumable(name = "ahead", state_dir = dir, concurrency = 3, save_every = 2, graceful, grace_period = "100ms",
            max_attempts = 2, backoff = at_once(), carry(sum), fresh(hangs))]
async fn ahead_hangs(dir: &Path, hangs: Option<&Hangs>) -> Result<u64, Error> {
    let mut sum = 0;
    for item in 0..6_u64 {
        let given = ahead!({
            if let Some(hangs) = hangs.filter(|it| it.item == item) {
                hangs.part(dir).await?;
            }
            item
        });
        sum += given;
        if let Some(hangs) = hangs {
            hangs.done.fetch_add(1, Ordering::SeqCst);
        }
    }
    Ok(sum)
}

#[tokio::test]
async fn parts_that_go_on_ahead_beyond_the_grace_period_are_dropped() {
    for (item, attempt) in [(0, 1), (3, 1), (5, 1), (0, 2), (4, 2)] {
        let dir = tempfile::tempdir().unwrap();
        let (tried, done) = (AtomicU32::new(0), AtomicU64::new(0));
        let hangs = Hangs { item, attempt, tried, done };
        let stopped = Box::pin(ahead_hangs(dir.path(), Some(&hangs))).await.unwrap_err();
        let case = format!("item {item}, attempt {attempt}: {stopped}");
        let reason = StopReason::Cancelled;
        assert!(matches!(&stopped, Error::Stopped { reason: it, .. } if *it == reason), "{case}");
        assert_eq!(complete("ahead", dir.path()), (0..item).collect::<Vec<_>>(), "{case}");
        assert_eq!(Box::pin(ahead_hangs(dir.path(), None)).await.unwrap(), 15, "{case}");
    }
}

fn command(kind: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_side_by_side"));
    command.arg(kind).arg(dir).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// Starts the job, and asks it to end once it has an item that goes on for an hour.
fn ask_to_end(kind: &str, dir: &Path) {
    let mut child = command(kind, dir).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "endless\n");
    let began = Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(75), "it is to run again later");
    assert!(began.elapsed() < Duration::from_secs(600), "an hour is not waited for");
}

#[test]
fn a_process_with_a_thread_that_goes_on_beyond_the_grace_period_ends() {
    let dir = tempfile::tempdir().unwrap();
    ask_to_end("endless", dir.path());
    assert_eq!(complete("job", dir.path()), [0, 1, 2]);
    let stored = stored("job", dir.path()).unwrap();
    assert!(stored.last_failure().is_none(), "nothing has failed");
    assert_eq!(stored.in_flight().flat_map(|it| it.items).collect::<Vec<_>>(), [3]);
    assert!(command("ends", dir.path()).status().unwrap().success());
    let mut did = Effects::open(dir.path().join("effects")).unwrap().all();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 2, 3]);
}

#[test]
fn a_process_with_a_part_that_goes_on_ahead_beyond_the_grace_period_ends() {
    let dir = tempfile::tempdir().unwrap();
    ask_to_end("endless ahead", dir.path());
    assert_eq!(complete("job", dir.path()), [0, 1, 2], "what is complete is saved");
    assert!(command("ends ahead", dir.path()).status().unwrap().success());
    assert_eq!(Effects::open(dir.path().join("effects")).unwrap().all(), [0, 1, 2, 3]);
    assert_eq!(std::fs::read_to_string(dir.path().join("sum")).unwrap(), "6");
}

#[test]
fn a_part_that_goes_on_behind_the_end_of_its_loop_has_the_grace_period_too() {
    let dir = tempfile::tempdir().unwrap();
    ask_to_end("left ahead", dir.path());
    assert_eq!(complete("job", dir.path()), [0]);
    assert_eq!(failure("job", dir.path()), Some((Some(1), "item 1".to_owned())));
}

#[test]
fn a_request_to_end_counts_after_a_failure_too() {
    let dir = tempfile::tempdir().unwrap();
    ask_to_end("fails beside", dir.path());
    assert_eq!(complete("job", dir.path()), [0, 1]);
    assert_eq!(failure("job", dir.path()), Some((Some(3), "item 3".to_owned())));
    let stored = stored("job", dir.path()).unwrap();
    assert_eq!(stored.in_flight().flat_map(|it| it.items).collect::<Vec<_>>(), [2, 3]);
}
