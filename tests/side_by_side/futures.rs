//! Tests bodies as futures.

use std::error::Error;
use std::path::Path;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use safe_state::resumable;
use tokio::sync::Barrier;
use tokio::time::sleep;

use super::complete;

type Anything = Box<dyn Error + Send + Sync>;

#[resumable(name = "urls", state_dir = dir, concurrency = 8, fresh(fail))]
async fn urls(dir: &Path, fail: Option<u32>, did: &Mutex<Vec<u32>>) -> Result<u32, Anything> {
    for url in 0..30_u32 {
        sleep(Duration::from_millis(u64::from(url % 3))).await;
        if fail == Some(url) {
            return Err(format!("url {url} is gone").into());
        }
        did.lock().unwrap().push(url);
    }
    Ok(30)
}

fn is_send<T: Send>(it: T) -> T {
    it
}

#[tokio::test]
async fn each_item_is_done_once_over_all_runs() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    let failed = is_send(urls(dir.path(), Some(11), &did)).await.unwrap_err();
    assert_eq!(failed.to_string(), "url 11 is gone");
    let mut first = did.lock().unwrap().clone();
    first.sort_unstable();
    assert_eq!(
        complete("urls", dir.path()),
        first.iter().map(|it| u64::from(*it)).collect::<Vec<_>>()
    );
    assert_eq!(urls(dir.path(), None, &did).await.unwrap(), 30);
    let mut all = did.into_inner().unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..30).collect::<Vec<_>>());
}

/// Fails in the item 1 when it is polled for the first time.
#[resumable(name = "at-once", state_dir = dir, concurrency = 8, save_every = 3)]
async fn fails_at_once(dir: &Path, began: &Mutex<Vec<u64>>) -> Result<(), Anything> {
    for item in 0..30 {
        began.lock().unwrap().push(item);
        if item == 1 {
            return Err("item 1".into());
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

#[tokio::test]
async fn nothing_begins_after_an_item_that_fails_at_once() {
    let (dir, began) = (tempfile::tempdir().unwrap(), Mutex::default());
    fails_at_once(dir.path(), &began).await.unwrap_err();
    assert_eq!(began.into_inner().unwrap(), [0, 1]);
    assert_eq!(complete("at-once", dir.path()), [0]);
}

#[resumable(name = "met", state_dir = dir, concurrency = 5)]
async fn met(dir: &Path, barrier: &Barrier) {
    for _ in 0..10 {
        barrier.wait().await;
    }
}

#[tokio::test]
async fn the_number_of_bodies_at_once_can_be_set() {
    let dir = tempfile::tempdir().unwrap();
    met(dir.path(), &Barrier::new(5)).await;
}

#[resumable(name = "rows", state_dir = dir, concurrency = 4, fresh(fail))]
async fn rows(dir: &Path, fail: Option<u32>, did: &Mutex<Vec<u32>>) -> Result<(), Anything> {
    let mut rows = stream::iter(0..20_u32)
        .then(async |row| {
            tokio::task::yield_now().await;
            row
        })
        .boxed();
    #[resume]
    while let Some(row) = rows.next().await {
        tokio::task::yield_now().await;
        if fail == Some(row) {
            return Err("asked to".into());
        }
        did.lock().unwrap().push(row);
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_is_polled_beside_the_bodies() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    rows(dir.path(), Some(9), &did).await.unwrap_err();
    rows(dir.path(), None, &did).await.unwrap();
    let mut all = did.into_inner().unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());
}

/// Comes back once, as `yield_now` of a runtime does.
async fn once_more() {
    let mut has_been_polled = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut has_been_polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[resumable(name = "turns", state_dir = dir, concurrency = 4, save_every = 100_000, durability = "process")]
async fn with_turns(dir: &Path, done: &AtomicU64) -> Result<(), Anything> {
    for _ in 0..20_000 {
        once_more().await;
        done.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

/// Other work in the same task, such as a timer of a runtime with one thread, gets its turn between the items.
#[test]
fn items_that_never_wait_keep_nobody_from_a_turn() {
    let (dir, done) = (tempfile::tempdir().unwrap(), AtomicU64::new(0));
    let mut run = pin!(with_turns(dir.path(), &done));
    let mut context = Context::from_waker(Waker::noop());
    let mut most = 0;
    loop {
        let before = done.load(Ordering::SeqCst);
        let polled = run.as_mut().poll(&mut context);
        most = most.max(done.load(Ordering::SeqCst) - before);
        match polled {
            Poll::Ready(ended) => break ended.unwrap(),
            Poll::Pending => thread::yield_now(),
        }
    }
    assert!(most < 300, "{most} items in one turn");
}
