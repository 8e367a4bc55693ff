//! Tests workers that do the items of a slice side by side.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use safe_state::{Action, ErrorContext, Results, ahead, resumable};
use safe_state_tests::Slow;

use crate::World;
use crate::limits::ticking;

/// The most bodies that ran at once.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn comes(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn goes(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[resumable(name = "threads", shared, slices = 3, backend = world.backend(), threads = 4, fresh(crowd))]
fn on_threads(world: &World, crowd: &Crowd) -> Result<()> {
    for item in 0..24 {
        crowd.comes();
        // It waits for others, but not for longer than a busy machine takes.
        for _ in 0..200 {
            if crowd.now.load(Ordering::SeqCst) == 4 || crowd.most.load(Ordering::SeqCst) == 4 {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        world.act(item)?;
        crowd.goes();
    }
    Ok(())
}

#[test]
fn the_items_of_a_slice_run_at_once_and_no_more_than_allowed() {
    let (world, crowd) = (World::default(), Crowd::default());
    on_threads(&world, &crowd).unwrap();
    assert_eq!(world.done(), (0..24).collect::<Vec<_>>());
    assert_eq!(crowd.most.load(Ordering::SeqCst), 4);
}

#[test]
fn workers_that_fail_leave_to_others_what_was_not_done() {
    let (world, crowd) = (World::default(), Crowd::default());
    crowd.most.store(4, Ordering::SeqCst);
    world.fails(&[3, 21]);
    for _ in 0..3 {
        on_threads(&world, &crowd).unwrap_err();
    }
    world.fails(&[]);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| on_threads(&world, &crowd))).collect();
        for worker in workers {
            worker.join().unwrap().unwrap();
        }
    });
    assert_eq!(world.done(), (0..24).collect::<Vec<_>>());
    assert_eq!(world.job("threads").peek_checkpoint().unwrap().unwrap().progress().completed, 24);
}

/// A source that gives each number after a wait.
struct Later(std::ops::Range<u64>);

impl Later {
    async fn next(&mut self) -> Option<u64> {
        smol::future::yield_now().await;
        self.0.next()
    }
}

#[resumable(
    name = "later", shared, slices = 4, backend = world.backend(), concurrency = 3, fresh(later),
    carry(lengths, longest, merge = |a: u64, b| a.max(b))
)]
async fn later(world: &World) -> Result<(HashMap<u64, u64>, u64)> {
    let mut later = Later(0..20);
    let mut lengths = HashMap::new();
    let mut longest = 0;
    #[resume]
    while let Some(item) = later.next().await {
        let length = ahead!({
            smol::future::yield_now().await;
            world.act(item)?;
            item / 3
        });
        lengths.insert(item, length);
        longest = longest.max(length);
    }
    Ok((lengths, longest))
}

#[test]
fn what_is_done_in_order_is_merged() {
    let world = World::default();
    world.fails(&[3, 17]);
    for _ in 0..3 {
        smol::block_on(later(&world)).unwrap_err();
    }
    world.fails(&[]);
    let lengths: HashMap<u64, u64> = (0..20).map(|item| (item, item / 3)).collect();
    for _ in 0..2 {
        assert_eq!(smol::block_on(later(&world)).unwrap(), (lengths.clone(), 6));
    }
}

#[resumable(
    name = "keyed", shared, slices = 4, backend = world.backend(), concurrency = 3, key = |it| it.0,
    carry(names)
)]
async fn keyed(world: &World, items: Vec<(u64, String)>) -> Result<Vec<String>> {
    let mut names = Results::new();
    #[resume]
    for (item, name) in items {
        let name = ahead!({
            world.act(item)?;
            name
        });
        names.push(name);
    }
    Ok(names.into())
}

#[test]
fn items_that_are_known_by_key_run_side_by_side_as_well() {
    let world = World::default();
    let items: Vec<_> = (0..20).map(|item| (item, format!("name {item}"))).collect();
    world.fails(&[5]);
    smol::block_on(keyed(&world, items.clone())).unwrap_err();
    world.fails(&[]);
    let mut reversed = items.clone();
    reversed.reverse();
    let mut names = smol::block_on(keyed(&world, reversed)).unwrap();
    names.sort();
    let mut expected: Vec<String> = items.into_iter().map(|(_, name)| name).collect();
    expected.sort();
    assert_eq!(names, expected);
}

fn give_up(context: &ErrorContext<'_>) -> Action {
    if context.message().contains('4') { Action::DeadLetter } else { Action::Skip }
}

#[resumable(
    name = "skips", shared, slices = 10, backend = world.backend(), on_error = give_up, skip_limit = 5, threads = 3,
    fresh(world)
)]
fn skips(world: &World) -> Result<()> {
    for item in 0..100 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn all_workers_together_give_up_no_more_items_than_the_limit() {
    let world = World::default();
    world.fails(&(0..10).map(|slice| 11 * slice).collect::<Vec<_>>());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| skips(&world))).collect();
        for worker in workers {
            worker.join().unwrap().unwrap_err();
        }
    });
    skips(&world).unwrap_err();
    let given_up = || {
        let checkpoint = world.job("skips").peek_checkpoint().unwrap().unwrap();
        checkpoint.skipped() + checkpoint.dead_letters().len() as u64
    };
    assert_eq!(given_up(), 5);
    world.fails(&[]);
    skips(&world).unwrap();
    assert_eq!(given_up(), 5);
    let mut done = world.done();
    done.dedup();
    assert_eq!(done.len(), 95);
}

#[resumable(
    name = "beside", shared, slices = 2, backend = Arc::clone(backend), on_error = give_up, skip_limit = 5,
    concurrency = 2, fresh(backend)
)]
async fn beside(backend: &Arc<Slow>) -> Result<()> {
    for item in 0..4_u64 {
        anyhow::ensure!(item > 1, "item {item} is bad");
    }
    Ok(())
}

#[resumable(
    name = "in-order", shared, slices = 2, backend = Arc::clone(backend), on_error = give_up, skip_limit = 5,
    concurrency = 2, fresh(backend)
)]
async fn in_order(backend: &Arc<Slow>) -> Result<()> {
    for item in 0..4_u64 {
        let item = ahead!(item);
        anyhow::ensure!(item > 1, "item {item} is bad");
    }
    Ok(())
}

#[test]
fn an_async_worker_counts_what_is_given_up_beside_its_executor() {
    let backend = Slow::until(3);
    let shared = Arc::clone(&backend);
    ticking(&backend, async move { beside(&shared).await }).unwrap();
    let ticks = backend.ticks_beside_saves();
    assert!(ticks.iter().all(|ticks| *ticks >= 3), "{ticks:?}");
    let backend = Slow::until(3);
    let shared = Arc::clone(&backend);
    ticking(&backend, async move { Box::pin(in_order(&shared)).await }).unwrap();
    let ticks = backend.ticks_beside_saves();
    assert!(ticks.iter().all(|ticks| *ticks >= 3), "{ticks:?}");
}

fn dead_letter(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(
    name = "retried", shared, slices = 4, backend = world.backend(), on_error = dead_letter, max_attempts = 2,
    threads = 3, fresh(world)
)]
fn retried(world: &World) -> Result<()> {
    for item in 0..40_u64 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn items_that_were_given_up_side_by_side_are_retried_alone() {
    let world = World::default();
    world.fails(&[0, 7, 8, 39]);
    retried(&world).unwrap();
    assert_eq!(world.done().len(), 36);
    let letters = world.job("retried").peek_checkpoint().unwrap().unwrap();
    let mut letters: Vec<u64> = letters.dead_letters().iter().map(|it| it.index()).collect();
    letters.sort_unstable();
    assert_eq!(letters, [0, 7, 8, 39]);
    world.fails(&[]);
    assert_eq!(world.job("retried").retry_dead_letters().unwrap(), 4);
    retried(&world).unwrap();
    assert_eq!(world.done(), [0, 7, 8, 39]);
}
