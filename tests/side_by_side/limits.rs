//! Tests limits on time of items that run side by side.

use std::error::Error;
use std::future::pending;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use safe_state::limits::check;
use safe_state::{Action, ErrorContext, resumable};
use safe_state_tests::Effects;

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

fn bury(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

/// Has two items that hang, until they are told that their time is over.
#[resumable(name = "asking", state_dir = dir, threads = 3, item_timeout = "50ms", on_error = bury)]
fn asking(dir: &Path, did: &Mutex<Vec<u64>>) -> Result<(), Anything> {
    for item in 0..12_u64 {
        if item == 2 || item == 7 {
            loop {
                check()?;
                thread::sleep(Duration::from_millis(1));
            }
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

fn assert_buried(job: &str, dir: &Path, did: Mutex<Vec<u64>>) {
    let letters = stored(job, dir).unwrap().dead_letters().clone();
    let hung: Vec<u64> = letters.iter().map(|it| it.index()).collect();
    assert_eq!(hung, [2, 7], "each item has a time of its own");
    let told = letters.iter().next().unwrap().to_string();
    assert!(told.contains(&format!("of an item of job `{job}`")), "{told}");
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 3, 4, 5, 6, 8, 9, 10, 11]);
    assert_eq!(complete(job, dir), (0..12).collect::<Vec<_>>());
}

#[test]
fn an_item_on_a_thread_has_a_time_of_its_own() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    asking(dir.path(), &did).unwrap();
    assert_buried("asking", dir.path(), did);
}

/// Has two items that never end.
#[resumable(name = "awaiting", state_dir = dir, concurrency = 3, item_timeout = "50ms", on_error = bury)]
async fn awaiting(dir: &Path, did: &Mutex<Vec<u64>>) -> Result<(), Anything> {
    for item in 0..12_u64 {
        if item == 2 || item == 7 {
            pending::<()>().await;
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[tokio::test]
async fn an_item_as_a_future_has_a_time_of_its_own() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    Box::pin(awaiting(dir.path(), &did)).await.unwrap();
    assert_buried("awaiting", dir.path(), did);
}

/// Hangs in an item's first attempt.
#[resumable(name = "again", state_dir = dir, concurrency = 2, item_timeout = "50ms", max_attempts = 2)]
async fn again(dir: &Path, tried: &Mutex<Vec<u64>>) -> Result<(), Anything> {
    for item in 0..4_u64 {
        let is_first = {
            let mut tried = tried.lock().unwrap();
            tried.push(item);
            tried.iter().filter(|it| **it == item).count() == 1
        };
        if item == 1 && is_first {
            pending::<()>().await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn each_attempt_has_its_time() {
    let (dir, tried) = (tempfile::tempdir().unwrap(), Mutex::default());
    Box::pin(again(dir.path(), &tried)).await.unwrap();
    let mut tried = tried.into_inner().unwrap();
    tried.sort_unstable();
    assert_eq!(tried, [0, 1, 1, 2, 3]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_that_has_too_much_memory_stops_before_its_next_items() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_side_by_side"));
    let ended = child.arg("memory").arg(dir.path()).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && told.contains("more than its `max_memory`"), "{told}");
    let mut did = Effects::open(dir.path().join("effects")).unwrap().all();
    did.sort_unstable();
    assert!(did.len() < 2000, "{}", did.len());
    assert_eq!(complete("job", dir.path()), did);
    assert!(stored("job", dir.path()).is_none_or(|it| it.last_failure().is_none()));
}

#[resumable(name = "plain", state_dir = dir)]
async fn plain(dir: &Path) -> anyhow::Result<()> {
    for _item in 0..6_u64 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[resumable(name = "together", state_dir = dir, concurrency = 3)]
async fn together(dir: &Path) -> anyhow::Result<()> {
    for _item in 0..6_u64 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[resumable(name = "together-in-time", state_dir = dir, concurrency = 3, item_timeout = "50ms")]
async fn together_in_time(dir: &Path) -> anyhow::Result<()> {
    for _item in 0..6_u64 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// The page on async functions gives these sizes.
#[tokio::test]
async fn futures_have_the_sizes_that_the_page_gives() {
    let dir = tempfile::tempdir().unwrap();
    let (plain, together) = (plain(dir.path()), together(dir.path()));
    let in_time = together_in_time(dir.path());
    let sizes = [size_of_val(&plain), size_of_val(&together), size_of_val(&in_time)];
    println!("{sizes:?} bytes");
    assert!(sizes.iter().zip([12_000, 14_000, 34_000]).all(|(is, most)| *is <= most), "{sizes:?}");
    let futures = (Box::pin(plain), Box::pin(together), Box::pin(in_time));
    futures.0.await.unwrap();
    futures.1.await.unwrap();
    futures.2.await.unwrap();
}
