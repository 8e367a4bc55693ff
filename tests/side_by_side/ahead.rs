//! Tests `ahead!`: a part of each item runs ahead of the loop.

use std::error::Error;
use std::path::Path;
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use safe_state::{Backoff, Results, ahead, resumable};
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
