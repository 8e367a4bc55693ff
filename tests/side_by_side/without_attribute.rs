//! Tests jobs whose items run side by side without the attribute.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::{future, stream};
use safe_state::Job;
use tokio::sync::Notify;

type Anything = Box<dyn std::error::Error + Send + Sync>;

#[derive(Default)]
struct Did(Mutex<Vec<u64>>);

impl Did {
    fn note(&self, item: u64) {
        self.0.lock().unwrap().push(item);
    }

    /// Returns the items that were done, in order.
    fn sorted(&self) -> Vec<u64> {
        let mut items = std::mem::take(&mut *self.0.lock().unwrap());
        items.sort_unstable();
        items
    }
}

fn job(dir: &tempfile::TempDir) -> Job {
    Job::new("job").state_dir(dir.path())
}

#[test]
fn complete_items_on_threads_are_not_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let did = Did::default();
    let outcome = job(&dir).par_iter(0..100).threads(4).try_for_each(|item: u64| {
        std::thread::sleep(Duration::from_micros(item * 7919 % 900));
        if item == 40 {
            return Err(Anything::from("the bank says no"));
        }
        did.note(item);
        Ok(())
    });
    assert_eq!(outcome.unwrap_err().to_string(), "the bank says no");
    let first: BTreeSet<u64> = did.sorted().into_iter().collect();
    assert!(first.is_superset(&(0..37).collect()), "{first:?}");
    let checkpoint = job(&dir).peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.last_failure().unwrap().index(), Some(40));
    job(&dir).par_iter(0..100).threads(4).for_each(|item: u64| did.note(item)).unwrap();
    let all: BTreeSet<u64> = (0..100).collect();
    assert_eq!(did.sorted(), all.difference(&first).copied().collect::<Vec<_>>());
    assert!(job(&dir).peek_checkpoint().unwrap().is_none(), "it is finished");
}

#[test]
fn a_panic_on_a_thread_is_the_caller_s_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let did = Did::default();
    let run = || {
        job(&dir).par_iter(0..20).threads(2).for_each(|item: u64| {
            assert_ne!(item, 9, "a poisoned item");
            did.note(item);
        })
    };
    let panicked = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    let message = panicked.downcast_ref::<String>().unwrap();
    assert!(message.contains("a poisoned item"), "{message}");
    let first = did.sorted();
    job(&dir).par_iter(0..20).threads(2).for_each(|item: u64| did.note(item)).unwrap();
    let rest: Vec<u64> = (0..20).filter(|item| !first.contains(item)).collect();
    assert_eq!(did.sorted(), rest);
}

#[test]
fn the_input_stays_on_the_caller_s_thread() {
    let dir = tempfile::tempdir().unwrap();
    let (given, did) = (std::rc::Rc::new(Cell::new(0)), Did::default());
    let items = std::iter::from_fn(|| {
        given.set(given.get() + 1);
        (given.get() <= 30).then_some(given.get())
    });
    job(&dir).par_iter(items).for_each(|item| did.note(item)).unwrap();
    assert_eq!(did.sorted(), (1..=30).collect::<Vec<_>>());
}

#[tokio::test]
async fn complete_items_as_futures_are_not_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let did = Did::default();
    let items = || stream::iter(0..50_u64);
    let outcome = job(&dir).stream(items()).concurrency(8).try_for_each(async |item| {
        future::ready(()).await;
        if item == 20 {
            return Err(Anything::from("503"));
        }
        did.note(item);
        Ok(())
    });
    assert_eq!(outcome.await.unwrap_err().to_string(), "503");
    let first = did.sorted();
    assert!(first.len() >= 20, "{first:?}");
    let rest = job(&dir).stream(items()).concurrency(8).for_each(async |item| did.note(item));
    rest.await.unwrap();
    let expected: Vec<u64> = (0..50).filter(|item| !first.contains(item)).collect();
    assert_eq!(did.sorted(), expected);
}

#[tokio::test]
async fn the_number_of_futures_at_once_can_be_set() {
    let dir = tempfile::tempdir().unwrap();
    let (now, most) = (Cell::new(0), Cell::new(0));
    let body = async |_| {
        now.set(now.get() + 1);
        most.set(most.get().max(now.get()));
        tokio::time::sleep(Duration::from_millis(5)).await;
        now.set(now.get() - 1);
    };
    job(&dir).stream(stream::iter(0..40)).concurrency(7).for_each(body).await.unwrap();
    assert_eq!(most.get(), 7);
    most.set(0);
    job(&dir).stream(stream::iter(0..5)).for_each(body).await.unwrap();
    assert_eq!(most.get(), 1);
}

#[tokio::test]
async fn a_future_that_is_dropped_loses_nothing_complete() {
    let dir = tempfile::tempdir().unwrap();
    let did = Did::default();
    let (left, enough) = (Cell::new(10_i32), Notify::new());
    let slowly = async |item: u64| {
        tokio::time::sleep(Duration::from_millis(3)).await;
        did.note(item);
        left.set(left.get() - 1);
        if left.get() == 0 {
            enough.notify_one();
        }
    };
    let run =
        async || job(&dir).stream(stream::iter(0..60_u64)).concurrency(4).for_each(slowly).await;
    tokio::select! {
        () = enough.notified() => {}
        ended = run() => panic!("{ended:?}"),
    }
    let first = did.sorted();
    assert!(!first.is_empty() && first.len() < 60, "{first:?}");
    run().await.unwrap();
    let second = did.sorted();
    let both: BTreeSet<u64> = first.iter().chain(&second).copied().collect();
    assert_eq!(both, (0..60).collect());
    assert_eq!(first.len() + second.len(), 60, "{first:?} {second:?}");
}

#[test]
fn a_run_under_way_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = job(&dir).par_iter([1]).threads(1).for_each(|_: u64| {
        let again = job(&dir).par_iter([1]).for_each(|_: u64| ());
        assert!(again.unwrap_err().is_held());
    });
    outcome.unwrap();
}
