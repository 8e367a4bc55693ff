//! Tests `ahead!`: a part of each item runs ahead of the loop.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use safe_state::{Backoff, Job, Results, ahead, resumable};
use tokio::time::sleep;

use super::complete;

type Anything = Box<dyn Error + Send + Sync>;

#[resumable(name = "sums", state_dir = dir, threads = 4, carry(total, order), fresh(fail))]
fn sums(
    dir: &Path,
    fail: Option<u32>,
    barrier: Option<&Barrier>,
) -> Result<(u32, Vec<u32>), Anything> {
    let mut total = 0;
    let mut order: Results<u32> = Results::new();
    for item in 0..12_u32 {
        let square = ahead!({
            if let Some(barrier) = barrier {
                barrier.wait();
            }
            if fail == Some(item) { Err(format!("no {item}")) } else { Ok(item * item) }?
        });
        total += square;
        order.push(item);
    }
    Ok((total, order.into_vec()))
}

#[test]
fn parts_run_at_once_and_the_rest_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let whole = (506, (0..12).collect::<Vec<_>>());
    assert_eq!(sums(dir.path(), None, Some(&Barrier::new(4))).unwrap(), whole);
    let dir = tempfile::tempdir().unwrap();
    for failing in [5, 9] {
        let failed = sums(dir.path(), Some(failing), None).unwrap_err();
        assert_eq!(failed.to_string(), format!("no {failing}"));
        assert_eq!(complete("sums", dir.path()), (0..u64::from(failing)).collect::<Vec<_>>());
    }
    assert_eq!(sums(dir.path(), None, None).unwrap(), whole);
}

/// Owns each item. Parts of the item that the rest uses come back with the value.
#[resumable(name = "owned", state_dir = dir, threads = 2, carry(told), fresh(stop))]
fn owned(dir: &Path, words: Vec<(u32, String)>, stop: Option<u32>) -> String {
    let mut told = String::new();
    for (n, mut word) in words {
        let len = ahead!(word.len());
        if stop == Some(n) {
            return std::mem::take(&mut told);
        }
        if len == 0 {
            continue;
        }
        word.push('!');
        told.push_str(&word);
    }
    told
}

#[test]
fn names_of_the_item_come_back() {
    let words =
        || ["a", "", "c"].iter().zip(0..).map(|(word, n)| (n, (*word).to_owned())).collect();
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(owned(dir.path(), words(), None), "a!c!");
    assert_eq!(owned(dir.path(), words(), Some(2)), "a!");
}

/// Gives the value the name of the item, and leaves a block in the part by its label.
#[resumable(name = "shadowed", state_dir = dir, threads = 2, carry(total))]
fn shadowed(dir: &Path, rows: Vec<String>) -> usize {
    let mut total = 0;
    for (at, row) in rows.into_iter().enumerate() {
        let (row, place) = (
            ahead!('row: {
                for byte in row.bytes() {
                    if byte == b'!' {
                        break 'row Vec::new();
                    }
                }
                row.into_bytes()
            }),
            at,
        );
        total += row.len() * place;
    }
    total
}

#[test]
fn a_value_may_have_the_name_of_its_item() {
    let dir = tempfile::tempdir().unwrap();
    let rows = ["one", "two", "not!", "four"].map(str::to_owned).to_vec();
    assert_eq!(shadowed(dir.path(), rows), 3 + 4 * 3);
}

fn at_once() -> Backoff {
    Backoff::exponential("1ms", "1ms")
}

#[resumable(name = "again", state_dir = dir, threads = 3, carry(total), max_attempts = 3, backoff = at_once())]
fn again(dir: &Path, tries: &Mutex<Vec<(u32, &'static str)>>) -> Result<u32, Anything> {
    let mut total = 0;
    for item in 0..6_u32 {
        let value = ahead!({
            let mut tries = tries.lock().unwrap();
            tries.push((item, "part"));
            let attempts = tries.iter().filter(|it| **it == (item, "part")).count();
            if item == 2 && attempts == 1 { Err("the part") } else { Ok(item) }?
        });
        total += value;
        let mut tries = tries.lock().unwrap();
        tries.push((item, "rest"));
        let attempts = tries.iter().filter(|it| **it == (item, "rest")).count();
        if item == 4 && attempts == 1 {
            return Err("the rest".into());
        }
    }
    Ok(total)
}

#[test]
fn an_attempt_is_the_whole_item() {
    let dir = tempfile::tempdir().unwrap();
    let tries = Mutex::default();
    assert_eq!(again(dir.path(), &tries).unwrap(), 15);
    let tries = tries.into_inner().unwrap();
    let count = |item, what| tries.iter().filter(|it| **it == (item, what)).count();
    assert_eq!((count(2, "part"), count(2, "rest")), (2, 1));
    assert_eq!((count(4, "part"), count(4, "rest")), (2, 2));
}

/// Fetches a page in steps. The peer gives the fetch up if it is not polled while the rest awaits.
async fn fetch(url: u32) -> Result<u32, Anything> {
    for _ in 0..5 {
        let asked = Instant::now();
        sleep(Duration::from_millis(20)).await;
        if asked.elapsed() > Duration::from_millis(500) {
            return Err(format!("the peer of {url} has gone").into());
        }
    }
    Ok(url)
}

#[resumable(name = "pages", state_dir = dir, concurrency = 4, carry(pages))]
async fn pages(dir: &Path) -> Result<Vec<u32>, Anything> {
    let mut pages = Vec::new();
    for url in 0..8_u32 {
        let page = ahead!(fetch(url).await?);
        sleep(Duration::from_millis(600)).await;
        pages.push(page);
    }
    Ok(pages)
}

fn is_send<T: Send>(it: T) -> T {
    it
}

#[tokio::test]
async fn what_runs_ahead_is_polled_while_the_rest_awaits() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(is_send(pages(dir.path())).await.unwrap(), (0..8).collect::<Vec<_>>());
}

#[resumable(name = "rows", state_dir = dir, concurrency = 4, carry(sum), fresh(fail))]
async fn rows(dir: &Path, fail: Option<u32>) -> Result<u32, Anything> {
    let mut sum = 0;
    let mut rows = stream::iter(0..20_u32)
        .then(async |row| {
            tokio::task::yield_now().await;
            row
        })
        .boxed();
    #[resume]
    while let Some(row) = rows.next().await {
        let doubled = ahead!(async { 2 * row }.await);
        if fail == Some(row) {
            return Err("asked to".into());
        }
        sum += doubled;
    }
    Ok(sum)
}

#[tokio::test]
async fn a_stream_is_asked_ahead() {
    let dir = tempfile::tempdir().unwrap();
    rows(dir.path(), Some(13)).await.unwrap_err();
    assert_eq!(complete("rows", dir.path()), (0..13).collect::<Vec<_>>());
    assert_eq!(rows(dir.path(), None).await.unwrap(), 380);
}

/// The progress of two items: whether the first is done, and the second fetched.
#[derive(Default)]
struct Fetched {
    first: AtomicBool,
    second: AtomicBool,
    /// The number of times that the run was told to wait.
    waits: AtomicU32,
}

impl Fetched {
    /// Returns the item; the second one only after the first is done and the run was polled ten times more.
    async fn fetch(&self, item: u32) -> u32 {
        if item == 1 {
            while !self.first.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            self.second.store(true, Ordering::SeqCst);
        }
        item
    }

    /// Returns whether the run is to wait for the second item: not more than 100 times.
    fn holds(&self) -> bool {
        let holds = self.first.load(Ordering::SeqCst) && !self.second.load(Ordering::SeqCst);
        holds && self.waits.fetch_add(1, Ordering::SeqCst) < 100
    }
}

#[resumable(
    name = "held", state_dir = dir, concurrency = 2, carry(sum), save_every = 100, throttle = {
        let fetched = Arc::clone(fetched);
        move || fetched.holds()
    }
)]
async fn held(dir: &Path, fetched: &Arc<Fetched>) -> Result<u32, Anything> {
    let mut sum = 0;
    for item in 0..2_u32 {
        let value = ahead!(fetched.fetch(item).await);
        sum += value;
        fetched.first.store(true, Ordering::SeqCst);
    }
    Ok(sum)
}

#[tokio::test]
async fn what_runs_ahead_is_polled_while_the_run_is_throttled() {
    let dir = tempfile::tempdir().unwrap();
    let fetched = Arc::default();
    assert_eq!(held(dir.path(), &fetched).await.unwrap(), 1);
    let waits = fetched.waits.load(Ordering::SeqCst);
    assert!(waits < 100, "{waits}");
}

/// Pauses the job in the first item, and resumes it in the part of the second that runs ahead.
#[resumable(name = "paused", state_dir = dir, concurrency = 2, carry(sum), save_every = 100)]
async fn paused(dir: &Path, fetched: &Fetched) -> Result<u32, Anything> {
    let mut sum = 0;
    for item in 0..2_u32 {
        let value = ahead!({
            let value = fetched.fetch(item).await;
            if item == 1 {
                sleep(Duration::from_millis(200)).await;
                Job::new("paused").state_dir(dir).resume()?;
            }
            value
        });
        sum += value;
        if item == 0 {
            Job::new("paused").state_dir(dir).pause()?;
            std::thread::sleep(Duration::from_millis(60));
        }
        fetched.first.store(true, Ordering::SeqCst);
    }
    Ok(sum)
}

#[tokio::test]
async fn what_runs_ahead_is_polled_while_the_job_is_paused() {
    let dir = tempfile::tempdir().unwrap();
    let fetched = Fetched::default();
    let run = paused(dir.path(), &fetched);
    let sum = tokio::time::timeout(Duration::from_secs(60), run).await;
    assert_eq!(sum.expect("the job goes on").unwrap(), 1);
}
