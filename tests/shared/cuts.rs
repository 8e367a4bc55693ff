//! Tests loops that are cut into slices by the keys of their items, or by ranges that the program gives.

use std::ops::Range;
use std::thread;

use anyhow::Result;
use safe_state::{Action, Backend, ErrorContext, Results, resumable};

use crate::World;

#[resumable(
    name = "keyed", shared, slices = 8, backend = world.backend(), key = |it| *it,
    carry(total, merge = |a, b| a + b, all)
)]
fn keyed(world: &World, items: Vec<u64>) -> Result<(u64, Vec<u64>)> {
    let mut total = 1000;
    let mut all = Results::new();
    #[resume]
    for item in items {
        world.act(item)?;
        total += item;
        all.push(item);
    }
    Ok((total, all.into()))
}

/// Returns what one worker returns that is not disturbed.
fn alone(items: &[u64]) -> (u64, Vec<u64>) {
    keyed(&World::default(), items.to_vec()).unwrap()
}

fn shuffled(items: &[u64], seed: u64) -> Vec<u64> {
    let mut items = items.to_vec();
    fastrand::Rng::with_seed(seed).shuffle(&mut items);
    items
}

#[test]
fn items_that_are_known_by_key_may_come_in_another_order_in_each_worker() {
    let items: Vec<u64> = (0..200).collect();
    let world = World::default();
    let crowd = thread::scope(|scope| {
        let worker = |seed| {
            let (world, items) = (&world, shuffled(&items, seed));
            scope.spawn(move || keyed(world, items).unwrap())
        };
        let workers: Vec<_> = (0..6).map(worker).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(world.done(), items);
    let sum = 1000 + items.iter().sum::<u64>();
    for (total, mut all) in crowd {
        all.sort_unstable();
        assert_eq!((total, &all), (sum, &items));
    }
    assert_eq!(keyed(&world, shuffled(&items, 9)).unwrap().0, sum);
    assert_eq!(world.done(), [0; 0]);
}

#[test]
fn a_keyed_slice_goes_on_with_what_is_not_complete() {
    let items: Vec<u64> = (0..50).chain(10..15).collect();
    let world = World::default();
    world.fails(&[7, 33, 12]);
    for seed in 0..3 {
        keyed(&world, shuffled(&items, seed)).unwrap_err();
    }
    world.fails(&[]);
    let (total, mut all) = keyed(&world, items.clone()).unwrap();
    all.sort_unstable();
    let mut expected = items.clone();
    expected.sort_unstable();
    assert_eq!((total, &all), (alone(&items).0, &expected));
    assert_eq!(world.done(), expected);
}

#[test]
fn a_worker_with_other_keys_is_refused() {
    let items: Vec<u64> = (0..20).collect();
    let world = World::default();
    world.fails(&[5]);
    keyed(&world, items.clone()).unwrap_err();
    world.done();
    let refused = |items: Vec<u64>, says: &str| {
        let error = keyed(&world, items).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(world.done(), [0; 0]);
    };
    refused(items[1..].to_vec(), "has an input of 19 items");
    refused((1..21).collect(), "has items with other keys");
}

fn give_up(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(
    name = "keyed-letters", shared, slices = 4, backend = world.backend(), key = |it| *it,
    on_error = give_up, carry(total, merge = |a, b| a + b)
)]
fn letters(world: &World, items: &[u64]) -> Result<u64> {
    let mut total = 0;
    for item in items {
        world.act(*item)?;
        total += item;
    }
    Ok(total)
}

#[test]
fn dead_letters_of_keyed_slices_are_tried_again_alone() {
    let world = World::default();
    let items: Vec<u64> = (100..130).collect();
    let all: u64 = items.iter().sum();
    world.fails(&[103, 117, 118]);
    assert_eq!(letters(&world, &items).unwrap(), all - 103 - 117 - 118);
    world.done();
    let job = world.job("keyed-letters");
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    let mut shown: Vec<u64> = checkpoint.dead_letters().iter().map(|it| it.index()).collect();
    shown.sort_unstable();
    // The dead letters are shown by their places in the whole input.
    assert_eq!(shown, [3, 17, 18]);
    assert_eq!((checkpoint.completed().len(), checkpoint.total()), (30, Some(30)));
    world.fails(&[]);
    assert_eq!(job.retry_dead_letters().unwrap(), 3);
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().completed().len(), 27);
    assert_eq!(letters(&world, &items).unwrap(), all);
    assert_eq!(world.done(), [103, 117, 118]);
    assert_eq!(letters(&world, &items).unwrap(), all);
    assert_eq!(world.done(), [0; 0]);
    job.clear_checkpoint().unwrap();
    assert_eq!(world.listed(), [""; 0]);
}

#[test]
fn a_retry_that_is_killed_on_its_way_loses_none() {
    let world = World::default();
    let items: Vec<u64> = (100..130).collect();
    world.fails(&[103, 117, 118]);
    letters(&world, &items).unwrap();
    world.done();
    let (job, head) = (world.job("keyed-letters"), world.backend.load("keyed-letters").unwrap());
    assert_eq!(job.retry_dead_letters().unwrap(), 3);
    // The state is as if the retry was killed after it had written the slices, before it wrote the head.
    world.backend.save("keyed-letters", &head.unwrap()).unwrap();
    assert_eq!(job.retry_dead_letters().unwrap(), 3);
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().completed().len(), 27);
    world.fails(&[]);
    assert_eq!(letters(&world, &items).unwrap(), items.iter().sum::<u64>());
    assert_eq!(world.done(), [103, 117, 118]);
    assert_eq!(job.retry_dead_letters().unwrap(), 0);
}

#[resumable(name = "ranges", shared, slices = ranges, backend = world.backend(), carry(all), fresh(ranges))]
fn ranges(world: &World, items: &[u64], ranges: &[Range<u64>]) -> Result<Vec<u64>> {
    let mut all = Results::new();
    #[resume]
    for item in items {
        world.act(*item)?;
        all.push(*item);
    }
    Ok(all.into())
}

#[test]
fn the_program_may_give_the_ranges() {
    let items: Vec<u64> = (0..20).collect();
    let cut = [0..1, 1..15, 15..15, 15..20];
    let world = World::default();
    world.fails(&[9, 17]);
    for _ in 0..2 {
        ranges(&world, &items, &cut).unwrap_err();
    }
    let complete = world.done();
    let shown = world.job("ranges").peek_checkpoint().unwrap().unwrap();
    assert_eq!(shown.completed().ranges().flatten().collect::<Vec<_>>(), complete);
    let refused = |cut: &[Range<u64>], says: &str| {
        let error = ranges(&world, &items, cut).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    refused(&[0..10, 10..19], "they end at 19, and the input has 20 items");
    refused(&[0..10, 11..20], "11..20 does not begin where the one before it ends, at 10");
    refused(&[0..2, 2..15, 15..15, 15..20], "slices that begin at 0, 2, 15, 15");
    world.fails(&[]);
    assert_eq!(ranges(&world, &items, &cut).unwrap(), items);
    assert_eq!([complete, world.done()].concat().len(), 20);
}
