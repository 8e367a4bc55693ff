//! Tests limits that hold for a job as a whole, whichever worker does which item.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;

use anyhow::Result;
use safe_state::{Action, Backend, ErrorContext, Job, resumable};
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
fn all_workers_together_give_up_no_more_items_than_the_limit() {
    let world = World::default();
    // One item fails in each slice.
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
fn items_that_are_put_back_count_no_more() {
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

/// Runs `work` on one thread, on which a task ticks meanwhile.
pub(crate) fn ticking<T: Send + 'static>(
    backend: &Arc<Slow>,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let backend = Arc::clone(backend);
    runtime.block_on(async {
        let ticker = tokio::spawn(async move {
            loop {
                backend.tick();
                tokio::task::yield_now().await;
            }
        });
        // A spawned future may move from thread to thread.
        let done = tokio::spawn(work).await.unwrap();
        ticker.abort();
        done
    })
}

#[test]
fn an_async_worker_counts_what_is_given_up_beside_its_executor() {
    let backend = Slow::until(3);
    let shared = Arc::clone(&backend);
    ticking(&backend, async move { beside(&shared).await }).unwrap();
    let ticks = backend.ticks_beside_saves();
    assert!(ticks.iter().all(|ticks| *ticks >= 3), "{ticks:?}");
}

#[resumable(
    name = "deadly", shared, slices = 1, backend = Arc::clone(backend), max_crashes = 1, skip_limit = 5,
    fresh(backend, dies)
)]
async fn deadly(backend: &Arc<Slow>, dies: &AtomicBool) -> Result<()> {
    for item in 0..3_u64 {
        if item == 1 {
            dies.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
    }
    Ok(())
}

/// Makes a worker die in its second item, and copies what is stored to the backend `next`.
fn dies(backend: &Arc<Slow>, next: &Arc<Slow>) {
    let (dead, reached) = (Arc::clone(backend), Arc::new(AtomicBool::new(false)));
    let there = Arc::clone(&reached);
    let mut run = Box::pin(async move { deadly(&dead, &there).await });
    smol::block_on(std::future::poll_fn(|context| {
        assert!(run.as_mut().poll(context).is_pending());
        if reached.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }));
    std::mem::forget(run);
    for name in ["deadly", "safe-state/shared/0/0/deadly"] {
        next.save(name, &backend.load(name).unwrap().unwrap()).unwrap();
    }
}

#[test]
fn an_item_given_up_for_killing_is_counted_beside_the_executor() {
    let backends = [Slow::until(0), Slow::until(0), Slow::until(3)];
    dies(&backends[0], &backends[1]);
    let [.., second, last] = backends.clone();
    let given_up = ticking(&backends[2], async move {
        let there = Arc::clone(&last);
        tokio::task::spawn_blocking(move || dies(&second, &there)).await.unwrap();
        let reached = AtomicBool::new(false);
        deadly(&last, &reached).await.unwrap();
        last
    });
    let job = Job::new("deadly").backend(given_up);
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    let letters: Vec<u64> = checkpoint.dead_letters().iter().map(|it| it.index()).collect();
    let ticks = backends[2].ticks_beside_saves();
    assert!(letters == [1] && ticks.iter().all(|ticks| *ticks >= 3), "{letters:?} {ticks:?}");
}
