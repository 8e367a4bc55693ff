//! Tests that the failure that ends a run names the `?` that left the body, though a policy had judged it before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use safe_state::report::Report;
use safe_state::{Action, Job, resumable};

fn send(item: u64) -> anyhow::Result<()> {
    anyhow::ensure!(item != 2, "mailbox full");
    Ok(())
}

const SENDS: u32 = line!() + 5;
#[rustfmt::skip]
#[resumable(name = "place", state_dir = dir, max_attempts = 2)]
fn retries(dir: &Path, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        send(*item)?;
    }
    Ok(())
}

const ASYNC_SENDS: u32 = line!() + 6;
#[rustfmt::skip]
#[resumable(name = "place", state_dir = dir, max_attempts = 2)]
async fn retries_async(dir: &Path, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        tokio::task::yield_now().await;
        send(*item)?;
    }
    Ok(())
}

const FAILS: u32 = line!() + 5;
#[rustfmt::skip]
#[resumable(name = "place", state_dir = dir, on_error = |_| Action::Fail)]
fn fails(dir: &Path, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        send(*item)?;
    }
    Ok(())
}

const PANICS: u32 = line!() + 5;
#[rustfmt::skip]
#[resumable(name = "place", state_dir = dir, max_attempts = 2, catch_panics)]
fn panics(dir: &Path, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        assert!(*item != 2, "no such order");
    }
    Ok(())
}

/// Checks the line where the last run failed, and the values that are known of its item.
fn failed_at(dir: &Path, line: u32, item: &[&str]) {
    let checkpoint = Job::new("place").state_dir(dir).peek_checkpoint().unwrap().unwrap();
    let report = Report::of(&checkpoint).unwrap();
    let at = report.failure().location().unwrap();
    assert!(at.contains(&format!("places.rs:{line}:")), "line {line}, and not {at}");
    let values = report.details().values;
    let items = values.iter().filter(|value| value.name == "item");
    assert_eq!(items.map(|value| value.text.as_str()).collect::<Vec<_>>(), item);
}

#[test]
fn a_failure_without_attempts_left_names_its_question_mark() {
    let dir = tempfile::tempdir().unwrap();
    retries(dir.path(), &[1, 2, 3]).unwrap_err();
    failed_at(dir.path(), SENDS, &["2"]);
}

/// The runtime has two threads, and each may go on with any part of the future.
#[test]
fn a_failure_of_an_async_function_names_its_question_mark() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(retries_async(dir.path(), &[1, 2, 3])).unwrap_err();
    failed_at(dir.path(), ASYNC_SENDS, &["2"]);
}

#[test]
fn a_failure_that_is_not_answered_names_its_question_mark() {
    let dir = tempfile::tempdir().unwrap();
    fails(dir.path(), &[1, 2, 3]).unwrap_err();
    failed_at(dir.path(), FAILS, &["2"]);
}

#[test]
fn a_panic_names_the_place_where_it_was() {
    safe_state::report::install_panic_hook();
    let dir = tempfile::tempdir().unwrap();
    catch_unwind(AssertUnwindSafe(|| panics(dir.path(), &[1, 2, 3]))).unwrap_err();
    failed_at(dir.path(), PANICS, &[]);
}
