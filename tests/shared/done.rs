//! Tests that complete items stay complete, until the job is cleared, or another submission begins it.

use anyhow::Result;
use safe_state::{Action, ErrorContext, Results, resumable};

use crate::World;

#[resumable(
    name = "done", shared, slices = 4, backend = world.backend(), submission = submission,
    carry(total, merge = |a, b| a + b), fresh(world, submission)
)]
fn done(world: &World, submission: &str) -> Result<u64> {
    let mut total = 0;
    for item in 0..10 {
        world.act(item)?;
        total += item;
    }
    Ok(total)
}

#[test]
fn what_is_finished_is_returned_until_another_submission() {
    let world = World::default();
    assert_eq!(done(&world, "17").unwrap(), 45);
    assert_eq!(world.done().len(), 10);
    assert_eq!(done(&world, "17").unwrap(), 45);
    assert_eq!(world.done(), [0; 0]);
    assert_eq!(done(&world, "18").unwrap(), 45);
    assert_eq!(world.done().len(), 10);
    world.job("done").clear_checkpoint().unwrap();
    assert_eq!(world.listed(), [""; 0]);
    assert_eq!(done(&world, "18").unwrap(), 45);
    assert_eq!(world.done().len(), 10);
}

#[test]
fn another_submission_goes_on_with_what_is_not_finished() {
    let world = World::default();
    world.fails(&[4, 5, 6]);
    done(&world, "17").unwrap_err();
    let before = world.done();
    world.fails(&[]);
    assert_eq!(done(&world, "18").unwrap(), 45);
    let mut all = [before, world.done()].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, (0..10).collect::<Vec<_>>());
}

#[test]
fn a_late_task_of_a_submission_that_took_part_begins_nothing_anew() {
    let world = World::default();
    world.fails(&[4, 5, 6]);
    for submission in ["17", "18", "17"] {
        done(&world, submission).unwrap_err();
    }
    world.fails(&[]);
    assert_eq!(done(&world, "17").unwrap(), 45);
    world.done();
    for late in ["18", "17", "18"] {
        assert_eq!(done(&world, late).unwrap(), 45);
        assert_eq!(world.done(), [0; 0]);
    }
    assert_eq!(done(&world, "19").unwrap(), 45);
    assert_eq!(world.done().len(), 10);
    // It has begun the job, and those before have not.
    assert_eq!(done(&world, "17").unwrap(), 45);
    assert_eq!(world.done().len(), 10);
}

#[test]
fn one_job_is_shown_with_all_that_is_complete() {
    let world = World::default();
    world.fails(&[1, 4, 6, 9]);
    done(&world, "17").unwrap_err();
    let complete = world.done();
    assert_eq!(world.listed(), ["done"]);
    let checkpoint = world.job("done").peek_checkpoint().unwrap().unwrap();
    let shown: Vec<u64> = checkpoint.completed().ranges().flatten().collect();
    assert_eq!(shown, complete);
    assert_eq!(checkpoint.total(), Some(10));
    let failed = checkpoint.last_failure().and_then(safe_state::Failure::index).unwrap();
    assert!([1, 4, 6, 9].contains(&failed), "{failed}");
}

fn give_up(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(
    name = "letters", shared, slices = 4, backend = world.backend(), on_error = give_up,
    carry(total, merge = |a, b| a + b, seen)
)]
fn letters(world: &World) -> Result<(u64, Vec<u64>)> {
    let mut total = 1000;
    let mut seen = Results::new();
    for item in 0..10 {
        world.act(item)?;
        total += item;
        seen.push(item);
    }
    Ok((total, seen.into()))
}

#[test]
fn dead_letters_of_all_slices_are_shown_and_tried_again_together() {
    let world = World::default();
    world.fails(&[3, 8]);
    let (total, seen) = letters(&world).unwrap();
    assert_eq!((total, seen), (1034, vec![0, 1, 2, 4, 5, 6, 7, 9]));
    world.done();
    let job = world.job("letters");
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    let mut shown: Vec<u64> = checkpoint.dead_letters().iter().map(|it| it.index()).collect();
    shown.sort_unstable();
    assert_eq!((shown, checkpoint.is_finished()), (vec![3, 8], true));
    world.fails(&[]);
    assert_eq!(job.retry_dead_letters().unwrap(), 2);
    assert!(job.peek_checkpoint().unwrap().unwrap().dead_letters().is_empty());
    let (total, seen) = letters(&world).unwrap();
    // Items of a slice that are done again come last in it.
    assert_eq!((total, seen), (1045, vec![0, 1, 2, 4, 3, 5, 6, 7, 9, 8]));
    assert_eq!(world.done(), [3, 8]);
    assert_eq!(job.retry_dead_letters().unwrap(), 0);
    assert_eq!(letters(&world).unwrap().0, 1045);
    assert_eq!(world.done(), [0; 0]);
}
