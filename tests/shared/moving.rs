//! What is done with a job that is not running takes its slices for what they are: a part of it.

use std::time::Duration;

use anyhow::Result;
use safe_state::{
    Action, Backend, DeadLetterNotRetryable, Error, ErrorContext, NotByHand, Results, resumable,
};

use crate::World;

/// Its values are too large for the head.
#[resumable(name = "texts", shared, slices = 16, backend = world.backend(), carry(texts))]
fn texts(world: &World) -> Result<Vec<String>> {
    let mut texts = Results::new();
    for item in 0..32_u64 {
        world.act(item)?;
        texts.push(item.to_string().repeat(50_000));
    }
    Ok(texts.into())
}

fn all() -> Vec<String> {
    (0..32).map(|item: u64| item.to_string().repeat(50_000)).collect()
}

fn reason(error: &Error) -> NotByHand {
    match error {
        Error::NotByHand { reason, .. } => *reason,
        other => panic!("{other}"),
    }
}

#[test]
fn a_job_with_slices_keeps_its_name() {
    let world = World::default();
    world.fails(&[5]);
    texts(&world).unwrap_err();
    let error = world.job("texts").rename("letters").unwrap_err();
    assert_eq!(reason(&error), NotByHand::Shared);
    world.fails(&[]);
    assert!(texts(&world).unwrap() == all());
    let error = world.job("texts").rename("letters").unwrap_err();
    assert!(error.to_string().contains("many workers share it"), "{error}");
    world.done();
    assert!(texts(&world).unwrap() == all());
    assert_eq!((world.done(), world.listed()), (vec![], vec!["texts".to_owned()]));
}

#[test]
fn items_of_slices_are_not_skipped_by_hand() {
    let world = World::default();
    world.fails(&[5]);
    texts(&world).unwrap_err();
    let error = world.job("texts").by_hand().skip(5).unwrap_err();
    assert_eq!(reason(&error), NotByHand::Shared);
    let error = world.job("texts").by_hand().complete_keys(["5"]).unwrap_err();
    assert_eq!(reason(&error), NotByHand::Shared);
}

#[test]
fn finished_jobs_are_cleared_with_their_slices() {
    let world = World::default();
    assert!(texts(&world).unwrap() == all());
    let slice = "safe-state/shared/0/3/texts";
    assert!(world.backend.exists(slice).unwrap());
    let cleared = world.job("other").clear_finished(Duration::ZERO).unwrap();
    assert_eq!(cleared, ["texts"]);
    assert!(!world.backend.exists(slice).unwrap() && world.listed().is_empty());
    world.done();
    assert!(texts(&world).unwrap() == all());
    assert_eq!(world.done().len(), 32);
}

#[test]
fn nothing_is_put_together_without_a_slice_that_is_lost() {
    let world = World::default();
    assert!(texts(&world).unwrap() == all());
    world.backend.delete("safe-state/shared/0/3/texts").unwrap();
    let error = texts(&world).unwrap_err();
    let lost = |error: Option<&Error>| matches!(error, Some(Error::SliceLost { slice: 3, .. }));
    assert!(lost(error.downcast_ref()), "{error}");
    // What is stored of a job that was there before is none of its values either.
    let foreign = world.backend.load("safe-state/shared/0/2/texts").unwrap().unwrap();
    world.job("texts").clear_checkpoint().unwrap();
    assert!(texts(&world).unwrap() == all());
    world.backend.save("safe-state/shared/0/2/texts", &foreign).unwrap();
    let error = texts(&world).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::SliceLost { slice: 2, .. })), "{error}");
    world.job("texts").clear_checkpoint().unwrap();
    assert!(texts(&world).unwrap() == all());
}

fn give_up(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(
    name = "letters", shared, slices = 16, backend = world.backend(), on_error = give_up, carry(texts)
)]
fn letters(world: &World) -> Result<usize> {
    let mut texts = Results::new();
    for item in 0..32_u64 {
        world.act(item)?;
        texts.push("text".repeat(50_000));
    }
    Ok(texts.into_vec().len())
}

#[test]
fn items_are_not_put_back_into_a_slice_that_is_lost() {
    let world = World::default();
    world.fails(&[7]);
    assert_eq!(letters(&world).unwrap(), 31);
    let slice = "safe-state/shared/0/3/letters";
    let stored = world.backend.load(slice).unwrap().unwrap();
    world.backend.delete(slice).unwrap();
    let error = world.job("letters").retry_dead_letters().unwrap_err();
    let reason = DeadLetterNotRetryable::SliceLost;
    assert!(
        matches!(error, Error::DeadLetterNotRetryable { index: 7, reason: found, .. } if found == reason),
        "{error}"
    );
    world.backend.save(slice, &stored).unwrap();
    world.fails(&[]);
    assert_eq!(world.job("letters").retry_dead_letters().unwrap(), 1);
    assert_eq!(letters(&world).unwrap(), 32);
}

/// Some slices have nothing in them.
#[resumable(name = "some", shared, slices = 16, backend = world.backend(), carry(texts))]
fn some(world: &World) -> Result<usize> {
    let mut texts = Results::new();
    for item in 0..16_u64 {
        world.act(item)?;
        if item % 2 == 0 {
            texts.push("text".repeat(50_000));
        }
    }
    Ok(texts.into_vec().len())
}

#[test]
fn a_slice_without_values_is_not_lost() {
    let world = World::default();
    assert_eq!((some(&world).unwrap(), some(&world).unwrap()), (8, 8));
}
