//! Tests that workers that differ from those before them are refused, and told what differs.

use anyhow::Result;
use safe_state::resumable;

use crate::World;

#[resumable(name = "agreed", shared, slices = slices, backend = world.backend(), version = version, fresh(world, slices, version))]
fn agreed(world: &World, rate: u64, items: u64, slices: u32, version: u32) -> Result<()> {
    for item in 0..items {
        world.act(item * rate)?;
    }
    Ok(())
}

/// Does the job `agreed` with another text of the function.
#[resumable(name = "agreed", shared, slices = slices, backend = world.backend(), version = 1, fresh(world, slices))]
fn otherwise(world: &World, rate: u64, items: u64, slices: u32) -> Result<()> {
    for item in 0..items {
        world.act(item + rate)?;
    }
    Ok(())
}

#[resumable(name = "agreed", backend = world.backend(), version = 1)]
fn alone(world: &World) -> Result<()> {
    for item in 0..3 {
        world.act(item)?;
    }
    Ok(())
}

/// Leaves a job in the middle, because an item fails.
fn begun() -> World {
    let world = World::default();
    world.fails(&[7]);
    let error = agreed(&world, 1, 10, 4, 1).unwrap_err();
    assert_eq!(error.to_string(), "item 7 is bad");
    world.fails(&[]);
    world.done();
    world
}

#[track_caller]
fn refused(result: Result<()>, world: &World, says: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert_eq!(world.done(), [0; 0]);
}

#[test]
fn a_worker_that_differs_is_told_in_what() {
    let world = begun();
    let differs = |found: &str, stored: &str| {
        format!("a worker of job `agreed` has {found}, and those before it had {stored}")
    };
    refused(agreed(&world, 2, 10, 4, 1), &world, "`rate` of job `agreed` has changed since");
    let (nine, ten) = ("an input of 9 items", "an input of 10 items");
    refused(agreed(&world, 1, 9, 4, 1), &world, &differs(nine, ten));
    refused(agreed(&world, 1, 10, 5, 1), &world, &differs("5 slices", "4 slices"));
    refused(agreed(&world, 1, 10, 4, 2), &world, "has a checkpoint of version `1`");
    refused(otherwise(&world, 1, 10, 4), &world, "the code of job `agreed` has changed");
    agreed(&world, 1, 10, 4, 1).unwrap();
    assert!(world.done().contains(&7));
}

#[resumable(name = "long", shared, slices = 4, backend = world.backend())]
fn long(world: &World, items: &[u64]) -> Result<()> {
    for item in items {
        world.act(*item)?;
    }
    Ok(())
}

#[test]
fn a_worker_whose_input_has_another_length_is_refused() {
    let world = World::default();
    let items: Vec<u64> = (0..10).collect();
    world.fails(&[2]);
    long(&world, &items).unwrap_err();
    world.fails(&[]);
    world.done();
    let says = "has an input of 9 items, and those before it had an input of 10 items";
    refused(long(&world, &items[1..]), &world, says);
    let stored = world.job("long").peek_checkpoint().unwrap().unwrap();
    let failure = stored.last_failure().unwrap().to_string();
    assert!(failure.contains("item 2 is bad"), "it is not the job that was refused: {failure}");
    long(&world, &items).unwrap();
}

/// An item that can't be cloned.
#[derive(serde::Serialize)]
struct Owned(u64);

#[resumable(name = "owned", shared, slices = 4, backend = world.backend(), fresh(world, items))]
fn owned(world: &World, items: &[u64]) -> Result<()> {
    let items: Vec<Owned> = items.iter().copied().map(Owned).collect();
    #[resume]
    for item in items {
        world.act(item.0)?;
    }
    Ok(())
}

type Listed = fn(&World, &[u64]) -> Result<()>;

#[test]
fn a_worker_that_has_the_items_in_another_order_is_refused() {
    let items: Vec<u64> = (0..20).collect();
    let reversed: Vec<u64> = items.iter().rev().copied().collect();
    for (job, name) in [(long as Listed, "long"), (owned, "owned")] {
        let world = World::default();
        // The first item of each slice fails.
        world.fails(&[0, 5, 10, 15]);
        job(&world, &items).unwrap_err();
        world.fails(&[]);
        let says = "has an input with other items, or in another order, and those before it had an input with their items";
        refused(job(&world, &reversed), &world, says);
        world.job(name).accept().unwrap();
        job(&world, &reversed).unwrap();
        assert_eq!(world.done(), items);
        // From now on, all workers must have the order that was accepted.
        job(&world, &reversed).unwrap();
        refused(job(&world, &items), &world, says);
    }
}

#[test]
fn a_job_whose_change_is_accepted_goes_on() {
    let world = begun();
    world.job("agreed").accept().unwrap();
    otherwise(&world, 1, 10, 4).unwrap();
    assert!(!world.done().is_empty());
}

#[test]
fn a_run_that_shares_nothing_is_refused_what_is_shared() {
    let world = begun();
    let error = alone(&world).unwrap_err().to_string();
    assert!(error.contains("shared by many workers; put `shared` back"), "{error}");
    let world = World::default();
    world.fails(&[2]);
    alone(&world).unwrap_err();
    world.done();
    refused(agreed(&world, 1, 10, 4, 1), &world, "those before it had a run that shares nothing");
}
