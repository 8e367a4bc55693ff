//! Changes that people make to a checkpoint: items that are not to be done, the cursor to go on behind, another name.

use std::collections::HashSet;
use std::ops::Range;

use super::{CONSUMED, Checkpoint, History, LoopProgress};
use crate::limits::LOOP_LIMIT;
use crate::timestamp::Timestamp;
use crate::{Carried, Carry, Completed, Keys};

/// The beginning of a note's name; a loop's number follows. The note says that items were marked complete before the loop had
/// begun.
const BY_HAND: &str = "by-hand!";

pub(super) fn is_note(name: &str) -> bool {
    name.starts_with(BY_HAND)
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

impl Checkpoint {
    /// Creates the checkpoint of a job that has not begun, to be changed by hand. The job's first run takes it over, whatever
    /// the run's version and arguments are.
    pub fn by_hand(job: impl Into<String>) -> Self {
        let new = Checkpoint::new(job, None);
        Checkpoint { run_count: 0, history: History::default(), ..new }
    }

    /// Returns whether items of this loop were marked complete by their indices before any run began the loop, and no run has
    /// saved progress of the loop since.
    pub fn is_begun_by_hand(&self, loop_id: u16) -> bool {
        self.noted(&format!("{BY_HAND}{loop_id}")).is_some()
            && self.loops.get(&loop_id).is_some_and(|it| it.mark.is_none() && it.total.is_none())
    }

    /// Returns whether no run has completed an item, so that all complete items were marked by hand. `false` if the job had
    /// more runs than are remembered.
    pub fn is_complete_by_hand_alone(&self) -> bool {
        let runs = self.history();
        runs.len() == usize::try_from(self.run_count).unwrap_or(usize::MAX)
            && runs.iter().all(|run| run.completed() == 0)
    }

    /// Marks items of an outermost loop complete by their indices. Returns how many were not complete before.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by index, or one of them was interrupted in an inner loop; then nothing changes.
    pub fn complete_by_hand(
        &mut self,
        loop_id: u16,
        items: impl IntoIterator<Item = Range<u64>>,
    ) -> Result<u64, NotByHand> {
        let mut items: Vec<Range<u64>> = items.into_iter().collect();
        items.sort_by_key(|range| range.start);
        let is_in_the_middle = self.loops.values().any(|it| {
            let around = it.within.first().filter(|_| it.end.is_none());
            around.is_some_and(|item| items.iter().any(|range| range.contains(item)))
        });
        let progress = self.outermost(loop_id)?;
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
            self.note(&format!("{BY_HAND}{loop_id}"), Some(1));
        }
        self.changed_by_hand();
        Ok(added)
    }

    /// Marks items of an outermost loop complete by the hashes of their keys. Returns how many were not complete before.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by keys that a user can hash; then nothing changes.
    pub fn complete_keys_by_hand(
        &mut self,
        loop_id: u16,
        hashes: &[u64],
    ) -> Result<u64, NotByHand> {
        let progress = self.outermost(loop_id)?;
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
        self.changed_by_hand();
        Ok(added)
    }

    /// Makes the next run of an outermost loop go on behind a stored cursor.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by cursor; then nothing changes.
    pub fn continue_after(&mut self, loop_id: u16, cursor: Carried) -> Result<(), NotByHand> {
        let progress = self.outermost(loop_id)?;
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
        self.changed_by_hand();
        Ok(())
    }

    /// Makes the next run of an outermost loop go on behind `cursor`, a value of any type that can be carried.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by cursor, or the cursor can't be stored; then nothing changes.
    pub fn continue_after_value<C: Carry>(
        &mut self,
        loop_id: u16,
        cursor: &C,
    ) -> Result<(), NotByHand> {
        let stored = cursor.change("cursor!()", Vec::new(), None);
        let stored = stored.ok().flatten().ok_or(NotByHand::NoCursor)?;
        self.continue_after(loop_id, stored.value.with_names())
    }

    /// Counts items that were skipped by hand.
    pub fn count_skipped(&mut self, items: u64) {
        self.skipped = self.skipped.saturating_add(items);
    }

    /// Gives the job another name.
    ///
    /// # Errors
    ///
    /// [`NotByHand::Shared`] if many workers share the job; [`NotByHand::Sealed`] if `reseal` returns `None`. It is called for
    /// each sealed handle with the variable's name and the stored bytes, and returns the bytes sealed with the new name.
    pub fn rename(
        &mut self,
        job: &str,
        mut reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), NotByHand> {
        if self.has_slices() {
            return Err(NotByHand::Shared);
        }
        let mut carried = self.carried.clone();
        for (name, value) in &mut carried {
            if value.is_sealed() {
                value.bytes = reseal(name, &value.bytes).ok_or(NotByHand::Sealed)?.into();
            }
        }
        (self.job, self.carried) = (job.to_owned(), carried);
        Ok(())
    }

    fn outermost(&mut self, loop_id: u16) -> Result<&mut LoopProgress, NotByHand> {
        if self.has_slices() {
            return Err(NotByHand::Shared);
        }
        if usize::from(loop_id) >= LOOP_LIMIT {
            return Err(NotByHand::NoSuchLoop);
        }
        let progress = self.loops.entry(loop_id).or_default();
        if progress.within.is_empty() { Ok(progress) } else { Err(NotByHand::NoSuchLoop) }
    }

    fn changed_by_hand(&mut self) {
        self.updated_at = Timestamp::now();
    }
}
