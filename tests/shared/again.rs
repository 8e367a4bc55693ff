//! Tests a slice that comes to a worker a second time, and inputs that do not give the same items again.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use safe_state::{Action, Backend, Checkpoint, ErrorContext, Job, Results, resumable, step};
use safe_state_backends::Head;

use crate::World;
use crate::hooked::{Hooked, Request};

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

type Hookable = fn(&World, &Arc<Hooked>) -> Result<u64>;

#[test]
fn items_that_a_worker_has_given_away_are_not_taken_for_done() {
    for job in [by_index, by_key] as [Hookable; 2] {
        let world = World::default();
        world.fails(&(0..10).collect::<Vec<_>>());
        // The hook runs between the worker's first slice, of which it has given up all items, and its second.
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

/// An iterator whose clone gives other items.
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

#[resumable(
    name = "anew", shared, slices = 3, backend = Arc::clone(backend), carry(all), fresh(backend, world, number)
)]
fn anew(world: &World, backend: &Arc<Hooked>, number: u64) -> Result<(u64, Vec<u64>)> {
    let number: u64 = step!("number", number);
    let mut all = Results::new();
    for item in 0..6 {
        world.act(item)?;
        all.push(number);
    }
    Ok((number, all.into()))
}

const CLEARED: &str =
    "job `anew` was cleared while this worker was running; run it again to start over";

#[test]
fn a_worker_of_a_cleared_job_takes_nothing_of_the_new_one() {
    let world = World::default();
    let there = world.clone();
    // The hook runs between the worker's first slice and its second.
    let cleared = Hooked::before_slice(&world.backend, 1, move || {
        there.job("anew").clear_checkpoint().unwrap();
        let another = thread::spawn(move || anew(&there, &nothing(&there), 2).unwrap());
        assert_eq!(another.join().unwrap(), (2, vec![2; 6]));
    });
    let error = anew(&world, &cleared, 1).unwrap_err().to_string();
    assert_eq!(error, CLEARED);
    assert_eq!(anew(&world, &nothing(&world), 3).unwrap(), (2, vec![2; 6]));
}

#[test]
fn what_a_worker_stores_of_a_slice_that_was_cleared_before_does_not_count() {
    let world = World::default();
    let (there, mut has_slice, mut is_cleared) = (world.clone(), false, false);
    // The worker has the lease of the slice, has read the head, and has stored nothing of the slice.
    let cleared = Hooked::new(&world.backend, move |request| match request {
        Request::Lease(name) => has_slice = name.contains("shared/0/"),
        Request::Loaded("anew") if has_slice && !is_cleared => {
            is_cleared = true;
            there.job("anew").clear_checkpoint().unwrap();
        }
        Request::Loaded(_) => {}
    });
    let error = anew(&world, &cleared, 1).unwrap_err().to_string();
    assert_eq!(error, CLEARED);
    assert_eq!(world.done().len(), 2);
    assert_eq!(anew(&world, &nothing(&world), 2).unwrap(), (2, vec![2; 6]));
    assert_eq!(world.done(), (0..6).collect::<Vec<_>>());
}

#[resumable(name = "apart", shared, slices = 16, backend = Arc::clone(backend), carry(texts), fresh(backend))]
fn apart(backend: &Arc<Hooked>) -> Result<Vec<String>> {
    let mut texts = Results::new();
    for item in 0..16_u64 {
        texts.push(item.to_string().repeat(100_000));
    }
    Ok(texts.into())
}

#[test]
fn values_that_are_cleared_while_they_are_merged_are_not_left_out() {
    let world = World::default();
    let there = world.clone();
    let cleared = Hooked::new(&world.backend, move |request| {
        let Request::Loaded("apart") = request else { return };
        let Some(head) = there.backend.load("apart").unwrap() else { return };
        if Checkpoint::decode(&head).unwrap().completed().len() == 16 {
            there.job("apart").clear_checkpoint().unwrap();
        }
    });
    let error = apart(&cleared).unwrap_err().to_string();
    assert_eq!(error, CLEARED.replace("anew", "apart"));
    assert_eq!(apart(&nothing(&world)).unwrap().len(), 16);
}

#[test]
fn a_clear_that_is_killed_leaves_nothing_that_looks_finished() {
    let world = World::default();
    let whole = apart(&nothing(&world)).unwrap();
    let there = world.clone();
    let killed = Hooked::new(&world.backend, move |_| {
        let slice = |at| format!("safe-state/shared/0/{at}/apart");
        let is_there = |at: &u32| there.backend.exists(&slice(*at)).unwrap();
        let count = (0..16).filter(is_there).count();
        assert!(count > 13, "it is killed: {count}");
    });
    let job = Job::new("apart").backend(killed);
    catch_unwind(AssertUnwindSafe(|| job.clear_checkpoint())).unwrap_err();
    let left = world.job("apart").peek_checkpoint().unwrap().unwrap();
    assert!(!left.is_finished());
    assert!(apart(&nothing(&world)).unwrap() == whole);
}

/// Only a part of the clear has happened when the next submission begins, which has another argument.
#[test]
fn a_clear_for_another_submission_that_is_killed_on_its_way_is_made_good() {
    let world = World::default();
    assert_eq!(resubmitted(&nothing(&world), "one", 1).unwrap(), [1; 16]);
    let (there, mut stored) = (world.clone(), None);
    let killed = Hooked::new(&world.backend, move |_| {
        let slice = |at| format!("safe-state/shared/0/{at}/resubmitted");
        let is_there = |at: &u32| there.backend.exists(&slice(*at)).unwrap();
        let count = (0..16).filter(is_there).count();
        assert!(*stored.get_or_insert(count) <= count + 1, "it is killed");
    });
    catch_unwind(AssertUnwindSafe(|| resubmitted(&killed, "two", 2))).unwrap_err();
    let left = world.job("resubmitted").peek_checkpoint().unwrap().unwrap();
    assert!(Head::from(left).is_being_cleared());
    assert_eq!(resubmitted(&nothing(&world), "two", 2).unwrap(), [2; 16]);
}

#[resumable(
    name = "resubmitted", shared, slices = 16, backend = Arc::clone(backend),
    submission = submission, carry(texts), fresh(backend, submission)
)]
fn resubmitted(backend: &Arc<Hooked>, submission: &str, number: u64) -> Result<Vec<u64>> {
    let mut texts = Results::new();
    for _ in 0..16_u64 {
        texts.push(number.to_string().repeat(100_000));
    }
    let texts: Vec<String> = texts.into();
    Ok(texts.iter().map(|text| u64::from(text.as_bytes()[0] - b'0')).collect())
}
