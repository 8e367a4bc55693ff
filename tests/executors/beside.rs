//! Tests that other work on the thread goes on while a job saves.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use safe_state::{Error, Job, resumable};
use safe_state_tests::{Slow, shapes::send};
use smol::future::or;

use super::on_tokio;

const SAVE: Duration = Duration::from_millis(50);
const TICK: Duration = Duration::from_millis(1);

/// The number of saves: the start, two items, that no items are left, and the end.
const SAVES: usize = 5;
/// The number of ticks that a save waits for.
const TICKS: u64 = 5;

#[resumable(name = "beside", backend = Arc::clone(store), carry(sum))]
async fn job(store: &Arc<Slow>) -> u64 {
    let mut sum = 0;
    #[resume]
    for item in 1..=2 {
        sum += item;
    }
    sum
}

/// Runs the job without `async`, so that it blocks.
async fn blocking_job(store: &Arc<Slow>) {
    let job = Job::new("beside").backend(Arc::clone(store));
    job.run(1..=2, |_| Ok::<(), Error>(())).unwrap();
    ready(()).await;
}

async fn tick_for_ever<F: Future, R>(store: &Slow, sleep: impl Fn(Duration) -> F) -> R {
    loop {
        sleep(TICK).await;
        store.tick();
    }
}

fn check(run: impl FnOnce(&Arc<Slow>)) {
    let store = Slow::until(TICKS);
    run(&store);
    let ticks = store.ticks_beside_saves();
    assert_eq!(ticks.len(), SAVES, "{ticks:?}");
    assert!(ticks.iter().all(|ticks| *ticks >= TICKS), "{ticks:?}");
}

#[test]
fn saves_do_not_block_a_runtime_of_one_thread() {
    check(|store| {
        let ticking = tick_for_ever(store, tokio::time::sleep);
        assert_eq!(on_tokio(or(send(job(store)), ticking)), 3);
    });
}

#[test]
fn saves_do_not_block_smol() {
    check(|store| {
        let executor = smol::LocalExecutor::new();
        let beside = Arc::clone(store);
        let ticker = executor
            .spawn(async move { tick_for_ever::<_, ()>(&beside, smol::Timer::after).await });
        assert_eq!(smol::block_on(executor.run(send(job(store)))), 3);
        drop(ticker);
    });
}

/// The counter shows no ticks for a job that blocks, so it would show a save that blocks.
#[test]
fn a_job_that_is_not_async_blocks_the_executor() {
    let store = Slow::new(SAVE);
    let ticking = tick_for_ever(&store, tokio::time::sleep);
    on_tokio(or(blocking_job(&store), ticking));
    let ticks = store.ticks_beside_saves();
    assert!(ticks.iter().all(|ticks| *ticks == 0), "{ticks:?}");
}
