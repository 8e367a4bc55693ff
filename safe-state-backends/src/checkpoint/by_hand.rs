//! Changes that people make to a checkpoint: items that are not to be done, the cursor to go on behind, another name.

use std::collections::HashSet;
use std::ops::Range;

use super::{CONSUMED, Checkpoint, History, LoopProgress};
use crate::limits::LOOP_LIMIT;
use crate::timestamp::Timestamp;
use crate::{Carried, Completed, Keys};

/// Returns the name of the note that items of a loop were marked complete before it had begun.
fn name_of_note(loop_id: u16) -> String {
    format!("by-hand!{loop_id}")
}

/// Stands for any way of making keys. It is stored until the loop itself says how it makes them.
const ANY_MAKING: u32 = 0;

/// The reason why a checkpoint can't be changed by hand.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotByHand {
    /// The loop knows its items by key: they have no stable index.
    #[error("its loop identifies items by key: give their keys")]
    KnownByKey,
    /// The loop goes on behind a cursor.
    #[error("its loop continues after a cursor: give a cursor")]
    KnownByCursor,
    /// The loop knows its items by index and has no keys.
    #[error("its loop knows items by index, and not by key or cursor")]
    KnownByIndex,
    /// The input gives each item once, so an index does not name the same item again.
    #[error("its input gives each item once: leave the items out of the input")]
    GivesOnce,
    /// The input gives each item once, which was not known yet when items were marked by index: the loop had not begun.
    #[error(
        "items were marked by index before its loop had begun, and the loop's input gives each item once: clear the job, and leave \
         the items out of the input"
    )]
    NamedTooEarly,
    /// Only the program can hash the keys, by their type's `Hash`.
    #[error("its keys are hashed by their type's `Hash`, which the program alone can do")]
    KeyedByHash,
    /// The item was interrupted in a loop inside it: carried values may hold a part of the item's work.
    #[error(
        "the item was interrupted in the middle of a loop inside it: let a run complete it first"
    )]
    InTheMiddle,
    /// The cursor cannot be stored.
    #[error("the cursor cannot be stored")]
    NoCursor,
    /// The number names no outermost loop.
    #[error("there is no loop of that number, or it is inside another loop")]
    NoSuchLoop,
    /// A handle is sealed with the job's name, and only the job's program can seal it again.
    #[error(
        "it has files or connections that are sealed with the job's name, which its program alone can do"
    )]
    Sealed,
    /// Many workers share the job, and its slices are stored separately.
    #[error(
        "many workers share it, and its slices are stored separately, under its name: let the workers finish it, or clear it \
         and begin anew"
    )]
    Shared,
}

crate::debug_is_one_line!(NotByHand);

/// Creates the checkpoint of a job that has not begun.
pub(crate) fn not_begun(job: impl Into<String>) -> Checkpoint {
    let new = Checkpoint::new(job, None);
    Checkpoint { run_count: 0, history: History::default(), ..new }
}

/// Returns whether items of this loop were marked complete by their indices before any run began the loop, and no run has saved
/// progress of the loop since.
pub(crate) fn is_begun(checkpoint: &Checkpoint, loop_id: u16) -> bool {
    checkpoint.noted(&name_of_note(loop_id)).is_some()
        && checkpoint.loops.get(&loop_id).is_some_and(|it| it.mark.is_none() && it.total.is_none())
}

/// Marks items of an outermost loop complete by their indices. Returns how many were not complete before.
pub(crate) fn complete(
    checkpoint: &mut Checkpoint,
    loop_id: u16,
    items: impl IntoIterator<Item = Range<u64>>,
) -> Result<u64, NotByHand> {
    let mut items: Vec<Range<u64>> = items.into_iter().collect();
    items.sort_by_key(|range| range.start);
    let is_in_the_middle = checkpoint.loops.values().any(|it| {
        let around = it.within.first().filter(|_| it.end.is_none());
        around.is_some_and(|item| items.iter().any(|range| range.contains(item)))
    });
    let progress = outermost(checkpoint, loop_id)?;
    if progress.keys.is_some() {
        return Err(NotByHand::KnownByKey);
    }
    if progress.cursor.is_some() {
        return Err(NotByHand::KnownByCursor);
    }
    if progress.mark.is_some_and(|mark| mark.fingerprint == CONSUMED) {
        return Err(NotByHand::GivesOnce);
    }
    if is_in_the_middle {
        return Err(NotByHand::InTheMiddle);
    }
    let is_new = *progress == LoopProgress::default();
    let before = progress.completed.len();
    progress.completed.merge(&items.into_iter().collect::<Completed>());
    let done = |item: u64| progress.completed.contains(item);
    progress.attempts = progress.attempts.take().filter(|it| !done(it.item));
    progress.suspect = progress.suspect.take().filter(|it| !done(it.item));
    let added = progress.completed.len() - before;
    if is_new {
        checkpoint.arguments.note(&name_of_note(loop_id), Some(1));
    }
    checkpoint.updated_at = Timestamp::now();
    Ok(added)
}

/// Marks items of an outermost loop complete by the hashes of their keys. Returns how many were not complete before.
pub(crate) fn complete_keys(
    checkpoint: &mut Checkpoint,
    loop_id: u16,
    hashes: &[u64],
) -> Result<u64, NotByHand> {
    let progress = outermost(checkpoint, loop_id)?;
    if progress.cursor.is_some() {
        return Err(NotByHand::KnownByCursor);
    }
    if progress.keys.is_none() && !progress.completed.is_empty() {
        return Err(NotByHand::KnownByIndex);
    }
    let keys = progress.keys.get_or_insert_with(|| Box::new(Keys::new(ANY_MAKING, vec![])));
    if keys.is_by_hash() {
        return Err(NotByHand::KeyedByHash);
    }
    let mut known: HashSet<u64> = keys.hashes().iter().copied().collect();
    let new: Vec<u64> = hashes.iter().copied().filter(|hash| known.insert(*hash)).collect();
    let (made_by, added) = (keys.made_by(), new.len() as u64);
    keys.add(Keys::new(made_by, new));
    checkpoint.updated_at = Timestamp::now();
    Ok(added)
}

/// Makes the next run of an outermost loop go on behind a stored cursor.
pub(crate) fn continue_after(
    checkpoint: &mut Checkpoint,
    loop_id: u16,
    cursor: Carried,
) -> Result<(), NotByHand> {
    let progress = outermost(checkpoint, loop_id)?;
    if progress.keys.is_some() {
        return Err(NotByHand::KnownByKey);
    }
    if progress.cursor.is_none() && !progress.completed.is_empty() {
        return Err(NotByHand::KnownByIndex);
    }
    progress.cursor = Some(Box::new(cursor));
    (progress.attempts, progress.suspect, progress.end) = (None, None, None);
    if progress.completed.is_empty() {
        // One completed item stands for all before the cursor, whose number is unknown.
        progress.completed.insert(0);
    }
    checkpoint.updated_at = Timestamp::now();
    Ok(())
}

/// Gives the job another name, and seals its handles with it.
pub(crate) fn rename(
    checkpoint: &mut Checkpoint,
    job: &str,
    mut reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
) -> Result<(), NotByHand> {
    if checkpoint.has_slices() {
        return Err(NotByHand::Shared);
    }
    let mut carried = checkpoint.carried.clone();
    for (name, value) in carried.iter_mut() {
        if value.is_sealed() {
            value.bytes = reseal(name, &value.bytes).ok_or(NotByHand::Sealed)?.into();
        }
    }
    (checkpoint.job, checkpoint.carried) = (job.to_owned(), carried);
    Ok(())
}

fn outermost(checkpoint: &mut Checkpoint, loop_id: u16) -> Result<&mut LoopProgress, NotByHand> {
    if checkpoint.has_slices() {
        return Err(NotByHand::Shared);
    }
    if usize::from(loop_id) >= LOOP_LIMIT {
        return Err(NotByHand::NoSuchLoop);
    }
    let progress = checkpoint.loops.entry(loop_id).or_default();
    if progress.within.is_empty() { Ok(progress) } else { Err(NotByHand::NoSuchLoop) }
}
