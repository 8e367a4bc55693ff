//! A slice that comes to a worker a second time, and inputs that do not give again what they gave.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use safe_state::{Action, ErrorContext, resumable};

use crate::World;
use crate::hooked::Hooked;

/// An item that can't be cloned.
#[derive(serde::Serialize)]
struct Owned(u64);

fn give_up(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(
    name = "gone", shared, slices = 2, backend = Arc::clone(backend), on_error = give_up, max_attempts = 1,
    carry(total, merge = |a, b| a + b), fresh(backend, world)
)]
fn by_index(world: &World, backend: &Arc<Hooked>) -> Result<u64> {
    let items: Vec<Owned> = (0..10).map(Owned).collect();
    let mut total = 0;
    for item in items {
        world.act(item.0)?;
        total += item.0;
    }
    Ok(total)
}

#[resumable(
    name = "gone", shared, slices = 2, backend = Arc::clone(backend), on_error = give_up, max_attempts = 1, key = |it| it.0,
    carry(total, merge = |a, b| a + b), fresh(backend, world)
)]
fn by_key(world: &World, backend: &Arc<Hooked>) -> Result<u64> {
    let items: Vec<Owned> = (0..10).map(Owned).collect();
    let mut total = 0;
    for item in items {
        world.act(item.0)?;
        total += item.0;
    }
    Ok(total)
}

fn nothing(world: &World) -> Arc<Hooked> {
    Hooked::new(&world.backend, |_| ())
}

#[test]
fn items_that_a_worker_has_given_away_are_not_taken_for_done() {
    let jobs: [fn(&World, &Arc<Hooked>) -> Result<u64>; 2] = [by_index, by_key];
    for job in jobs {
        let world = World::default();
        world.fails(&(0..10).collect::<Vec<_>>());
        // Between its first slice, of which it has given up all, and its second.
        let there = world.clone();
        let retried = Hooked::before_slice(&world.backend, 1, move || {
            there.fails(&[]);
            assert!(there.job("gone").retry_dead_letters().unwrap() > 0);
        });
        let error = job(&world, &retried).unwrap_err().to_string();
        let says = "the input of a loop of job `gone` does not give its items again: a slice that this worker had finished \
                    was opened again, by `retry` say, and its items are gone, as the input can't be cloned; run it again in \
                    a new process, or give the loop an input that is `Clone`";
        assert_eq!(error, says);
        assert_eq!(job(&world, &nothing(&world)).unwrap(), 45);
        assert_eq!(world.done(), (0..10).collect::<Vec<_>>());
    }
}

/// Of which a clone gives other items.
struct Changing {
    items: Range<u64>,
    then: u64,
}

impl Clone for Changing {
    fn clone(&self) -> Self {
        Changing { items: 0..self.then, then: self.then }
    }
}

impl Iterator for Changing {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.items.next()
    }
}

#[resumable(name = "changing", shared, slices = 4, backend = world.backend(), fresh(world, items))]
fn changing(world: &World, items: u64, counted: u64) -> Result<()> {
    let input = Changing { items: 0..items, then: counted };
    #[resume]
    for item in input {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn an_input_with_fewer_or_more_items_than_were_counted_ends_the_run() {
    for (items, says) in
        [(19, "has 19 items now, and had 20;"), (21, "has more items now than the 20 that it had;")]
    {
        let world = World::default();
        let error = changing(&world, items, 20).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        world.done();
        changing(&world, 20, 20).unwrap();
        assert!(items > 20 || world.done().contains(&19));
    }
}
