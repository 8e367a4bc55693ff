//! Tests jobs as tasks: many at a time on several threads, tasks that may not leave their thread, and tasks whose
//! runtime or patience ends before they do.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use safe_state::{Job, resumable};
use safe_state_tests::{Ran, Slow};
use tokio::time::{sleep, timeout};

use super::on_tokio;

const ITEM: Duration = Duration::from_millis(2);
const SAVE: Duration = Duration::from_millis(3);

/// Does each item once, wherever the future is dropped: the effect of an item and its completion are one step, and the
/// save after it is not undone.
#[resumable(name = "task", backend = store, keep_on_success)]
async fn task(store: Arc<Slow>, items: u64, ran: Arc<Ran>) -> u64 {
    for item in 0..items {
        sleep(ITEM).await;
        ran.note(item);
    }
    items
}

fn several_threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

#[resumable(name = format!("job-{number}"), backend = store, carry(sum))]
async fn one_of_many(store: Arc<Slow>, number: u64) -> u64 {
    let mut sum = number;
    #[resume]
    for item in 1..=5 {
        smol::future::yield_now().await;
        sum += item;
    }
    sum
}

#[test]
fn many_jobs_run_as_tasks_on_several_threads() {
    let store = Slow::new(SAVE);
    let sums = several_threads().block_on(async {
        let tasks = (0..8).map(|number| tokio::spawn(one_of_many(Arc::clone(&store), number)));
        let mut sums = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            sums.push(task.await.unwrap());
        }
        sums
    });
    assert_eq!(sums, (15..23).collect::<Vec<_>>());
}

#[test]
fn many_jobs_run_as_tasks_of_smol() {
    let store = Slow::new(SAVE);
    let tasks = (0..8).map(|number| smol::spawn(one_of_many(Arc::clone(&store), number)));
    let sums: Vec<u64> = tasks.collect::<Vec<_>>().into_iter().map(smol::block_on).collect();
    assert_eq!(sums, (15..23).collect::<Vec<_>>());
}

/// Holds a value that may not change threads across an await.
#[resumable(name = "stays", backend = store, carry(sum))]
async fn stays(store: Arc<Slow>, items: Rc<[u64]>) -> u64 {
    let mut sum = 0;
    for item in items.iter() {
        let held = Rc::clone(&items);
        smol::future::yield_now().await;
        sum += item * held[0];
    }
    sum
}

#[test]
fn a_future_that_may_not_change_threads_stays_on_one() {
    let store = Slow::new(SAVE);
    let local = tokio::task::LocalSet::new();
    let task = local.spawn_local(stays(Arc::clone(&store), Rc::from([2, 3])));
    assert_eq!(on_tokio(local.run_until(task)).unwrap(), 10);
    let executor = smol::LocalExecutor::new();
    let task = executor.spawn(stays(store, Rc::from([3, 4])));
    assert_eq!(smol::block_on(executor.run(task)), 21);
}

#[test]
fn a_job_that_is_given_little_time_again_and_again_comes_to_its_end() {
    let (store, ran) = (Slow::new(SAVE), Arc::new(Ran::default()));
    let lives = on_tokio(async {
        for life in 1.. {
            // The time grows with each life, because a machine under load may need more to begin at all.
            let patience = 10 * ITEM + life * ITEM;
            let job = task(Arc::clone(&store), 20, Arc::clone(&ran));
            let out_of_time = if life % 2 == 0 {
                timeout(patience, job).await.is_err()
            } else {
                tokio::select! {
                    _ = job => false,
                    () = sleep(patience) => true,
                }
            };
            if !out_of_time {
                return life;
            }
        }
        unreachable!("a job without an end")
    });
    assert!(lives > 1, "it was never interrupted");
    assert_eq!(ran.take(), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_runtime_that_is_shut_down_in_mid_job_loses_nothing() {
    let (store, ran) = (Slow::new(SAVE), Arc::new(Ran::default()));
    let job = Job::new("task").backend(Arc::clone(&store));
    let completed =
        || job.peek_checkpoint().unwrap().map_or(0, |checkpoint| checkpoint.progress().completed);
    let before = several_threads();
    let task_of = |ran: &Arc<Ran>| task(Arc::clone(&store), 20, Arc::clone(ran));
    before.spawn(task_of(&ran));
    while completed() < 5 {
        std::thread::sleep(ITEM);
    }
    drop(before);
    assert!(completed() < 20, "it was not interrupted");
    assert_eq!(several_threads().block_on(task_of(&ran)), 20);
    assert_eq!(ran.take(), (0..20).collect::<Vec<_>>());
}
