//! What holds for a job as a whole, whichever worker does what.

use std::sync::Arc;
use std::thread;

use anyhow::Result;
use safe_state::{Action, ErrorContext, resumable};
use safe_state_tests::Slow;

use crate::World;

fn give_up(context: &ErrorContext<'_>) -> Action {
    if context.message().contains('4') { Action::DeadLetter } else { Action::Skip }
}

#[resumable(
    name = "skips", shared, slices = 10, backend = world.backend(), on_error = give_up, skip_limit = 5,
    fresh(world)
)]
fn skips(world: &World) -> Result<()> {
    for item in 0..100 {
        world.act(item)?;
    }
    Ok(())
}

fn given_up(world: &World) -> u64 {
    let checkpoint = world.job("skips").peek_checkpoint().unwrap().unwrap();
    checkpoint.skipped() + checkpoint.dead_letters().len() as u64
}

#[test]
fn as_many_items_as_may_be_are_given_up_by_all_workers_together() {
    let world = World::default();
    // One in each slice.
    world.fails(&(0..10).map(|slice| 11 * slice).collect::<Vec<_>>());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| skips(&world))).collect();
        for worker in workers {
            worker.join().unwrap().unwrap_err();
        }
    });
    assert_eq!(given_up(&world), 5);
    for _ in 0..3 {
        skips(&world).unwrap_err();
    }
    assert_eq!(given_up(&world), 5);
    world.fails(&[]);
    skips(&world).unwrap();
    assert_eq!(given_up(&world), 5);
    let mut done = world.done();
    done.dedup();
    assert_eq!(done.len(), 95);
}

#[test]
fn those_that_are_put_back_count_no_more() {
    let world = World::default();
    world.fails(&[4, 14, 24, 34, 44]);
    skips(&world).unwrap();
    assert_eq!(given_up(&world), 5);
    assert_eq!(world.job("skips").retry_dead_letters().unwrap(), 5);
    world.fails(&[4, 14, 24, 34, 44, 54]);
    skips(&world).unwrap();
    assert_eq!(given_up(&world), 5);
}

#[resumable(name = "gentle", shared, slices = 4, backend = world.backend(), rate = "1000/s")]
fn gentle(world: &World) -> Result<()> {
    for item in 0..40 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn workers_that_divide_a_rate_do_all_items() {
    let world = World::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| gentle(&world))).collect();
        for worker in workers {
            worker.join().unwrap().unwrap();
        }
    });
    assert_eq!(world.done(), (0..40).collect::<Vec<_>>());
    assert_eq!(smol::block_on(gentle_async(&world)).unwrap(), 40);
}

#[resumable(
    name = "gentle-async", shared, slices = 4, backend = world.backend(), rate = "1000/s", on_error = give_up,
    skip_limit = 5, carry(count, merge = |a, b| a + b)
)]
async fn gentle_async(world: &World) -> Result<u64> {
    let mut count = 0;
    for item in 0..40 {
        world.act(item)?;
        smol::future::yield_now().await;
        count += 1;
    }
    Ok(count)
}

#[test]
fn async_workers_count_what_is_given_up_as_well() {
    let world = World::default();
    world.fails(&[1, 2, 13, 24, 35]);
    assert_eq!(smol::block_on(gentle_async(&world)).unwrap(), 35);
    world.job("gentle-async").clear_checkpoint().unwrap();
    world.fails(&[1, 2, 13, 24, 35, 36]);
    smol::block_on(gentle_async(&world)).unwrap_err();
}

#[resumable(
    name = "beside", shared, slices = 2, backend = Arc::clone(backend), on_error = give_up, skip_limit = 5,
    max_crashes = 1, fresh(backend)
)]
async fn beside(backend: &Arc<Slow>) -> Result<()> {
    for item in 0..4_u64 {
        anyhow::ensure!(item > 1, "item {item} is bad");
    }
    Ok(())
}

#[test]
fn an_async_worker_counts_what_is_given_up_beside_its_executor() {
    let backend = Slow::until(3);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ticking = Arc::clone(&backend);
        let ticker = tokio::spawn(async move {
            loop {
                ticking.tick();
                tokio::task::yield_now().await;
            }
        });
        let shared = Arc::clone(&backend);
        // What it waits for may go from thread to thread.
        tokio::spawn(async move { beside(&shared).await }).await.unwrap().unwrap();
        ticker.abort();
    });
    let ticks = backend.ticks_beside_saves();
    assert!(ticks.iter().all(|ticks| *ticks >= 3), "{ticks:?}");
}
