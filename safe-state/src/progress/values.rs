//! The values that a run restores and saves with its progress: carried variables and steps.

use safe_state_backends::format::Change;
use safe_state_backends::{CarriedChange, Carry, Checkpoint, ValueAt};

use super::carried::Values;
use super::interrupted::check_ousted;
use super::loops::Loops;
use super::stored::Stored;
use crate::Error;
use crate::items::fingerprint::unordered::Walk;

/// The place of a variable's declaration: the number of resumable loops around it, and the number of the first loop
/// behind it at that depth.
pub(crate) type Place = (usize, u16);

/// The name of a cursor in messages.
pub(super) const CURSOR: &str = "cursor!()";

/// The values of a run at the place where it is, with what is stored of them.
#[derive(Debug)]
pub(crate) struct CurrentValues<'a> {
    pub(super) values: &'a mut Values,
    pub(super) loops: &'a mut Loops,
    pub(super) stored: Stored<'a>,
}

impl CurrentValues<'_> {
    /// Takes the value of a variable, which is declared inside the first `depth` loops, into the next save.
    pub(crate) fn carry<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        value: &T,
    ) -> Result<(), Error> {
        if self.values.places.is_behind(name) {
            return Ok(());
        }
        let change = self.stored.change(name, self.loops.within(depth), value)?;
        self.values.set(name, change);
        self.values.is_taken(name);
        Ok(())
    }

    /// Returns the value that a carried variable had with the progress that the run resumes from; `None` on a fresh
    /// start.
    pub(crate) fn restore<T: Carry>(
        &mut self,
        name: &str,
        place: Place,
    ) -> Result<Option<T>, Error> {
        let restored = self.last(name, place.0)?;
        self.expect_stored(name, place, restored.is_some())?;
        if restored.is_some() {
            self.values.places.has_last(name);
        }
        Ok(restored)
    }

    /// Returns the bytes that a handle is rebuilt from; `None` on a fresh start.
    pub(crate) fn restore_bytes<T>(
        &mut self,
        name: &str,
        place: Place,
    ) -> Result<Option<Vec<u8>>, Error> {
        let bytes = self.stored.bytes::<T>(name, &self.loops.within(place.0))?;
        self.expect_stored(name, place, bytes.is_some())?;
        Ok(bytes)
    }

    /// Notes that the variables include a handle.
    pub(crate) fn have_handles(&mut self) {
        self.values.have_handles();
    }

    /// Returns the change from the stored bytes of a handle to `bytes`.
    pub(crate) fn handle_change<T>(
        &self,
        name: &str,
        depth: usize,
        bytes: Vec<u8>,
    ) -> Option<CarriedChange> {
        let stored = self.stored.checkpoint().and_then(|stored| stored.carried_value(name));
        CarriedChange::of_bytes::<T>(name, self.loops.within(depth), bytes, stored)
    }

    /// Takes a variable's change into the next save, in place of an earlier one.
    pub(crate) fn set(&mut self, name: &str, change: Option<CarriedChange>) {
        self.values.set(name, change);
    }

    /// Takes what a handle is rebuilt from into the save of the step that has written through it.
    ///
    /// # Errors
    ///
    /// The checkpoint has no room for the mark that a step wrote.
    pub(crate) fn written_by_step<T>(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let mark = self.stored.change_at(ValueAt::Step, name, Vec::new(), &())?;
        let handle = self.handle_change::<T>(name, 0, bytes);
        self.values.set(name, None);
        self.values.written_by_step(mark.into_iter().chain(handle));
        Ok(())
    }

    /// Returns whether nothing is complete behind the declaration of a handle, if that is outside of all loops: no item,
    /// and no step that wrote through it.
    pub(crate) fn is_nothing_complete(&self, name: &str, (depth, first_loop): Place) -> bool {
        depth == 0
            && self.stored.completed_from(first_loop) == 0
            && !self.stored.has_value(&ValueAt::Step.stored_as(name), &[])
    }

    /// Checks that a value which is restored with progress was saved with it.
    pub(super) fn expect_stored(
        &mut self,
        name: &str,
        (depth, first_loop): Place,
        is_stored: bool,
    ) -> Result<(), Error> {
        self.values.carry();
        let completed = self.stored.completed_from(first_loop);
        // No variable was saved with items that were completed by hand.
        let is_by_hand = || self.stored.has(Checkpoint::is_complete_by_hand_alone);
        if is_stored || depth > 0 || completed == 0 || is_by_hand() {
            return Ok(());
        }
        Err(Error::NotCarried { job: self.stored.job(), name: name.to_owned(), completed })
    }

    pub(super) fn are_carried(&mut self) {
        self.values.carry();
    }

    /// Returns the last stored value of a variable.
    pub(super) fn last<T: Carry>(&self, name: &str, depth: usize) -> Result<Option<T>, Error> {
        self.stored.value(name, &self.loops.within(depth))
    }

    /// Returns the value that a `step!` had in an earlier run.
    pub(crate) fn step<T: Carry>(&mut self, step: &str) -> Result<Option<T>, Error> {
        if !self.values.reach_step(step) {
            let (job, step) = (self.stored.job(), step.to_owned());
            return Err(Error::DuplicateStep { job, step });
        }
        self.last(&step_name(step), 0)
    }

    /// Returns the change that saves the value of a `step!`. What loops have done since their last save is not part of
    /// it.
    pub(crate) fn step_change<T: Carry>(&mut self, step: &str, value: &T) -> Result<Change, Error> {
        let step = self.stored.change(&step_name(step), Vec::new(), value)?;
        // The step may have used the values that variables had at their declarations, so these are saved with it.
        let mut carried = self.values.places.take_declarations();
        carried.extend(self.values.take_by_step());
        carried.extend(step);
        Ok(Change { carried, ..Change::default() })
    }

    /// Notes the item that is handed out next, by its cursor. Returns, for each loop inside an item that this one now
    /// comes before, how many of its items are done again.
    pub(crate) fn reach<C: Carry>(&mut self, depth: usize, cursor: &C) -> Result<Vec<u64>, Error> {
        let stored = self.stored;
        let Some(open) = self.loops.get_mut(depth) else { return Ok(Vec::new()) };
        let bad = if Walk::finds_nan(cursor) {
            Some(
                "contains a NaN, and no input can continue after a NaN; leave such items out, or let `cursor` give another value",
            )
        } else {
            match cursor.change(CURSOR, Vec::new(), open.cursor()) {
                Ok(None) if open.has_moved() => Some(
                    "is that of the item before it, so that a resumed run could not tell which of them it is behind; \
                     let `cursor` name one item, as in `cursor = |row| (row.time, row.id)`, and order and filter the \
                     input by all of it",
                ),
                Ok(change) => {
                    open.reach(change.map(|change| change.value.with_names()));
                    None
                }
                Err(error) => return Err(stored.carried_error(error)),
            }
        };
        if let Some(reason) = bad {
            return Err(Error::BadCursor { job: stored.job(), index: open.position(), reason });
        }
        check_ousted(self.loops, depth, stored, self.values.are_carried())
    }

    /// Returns whether the job has a checkpoint for which `look` returns true.
    pub(super) fn looks(&self, look: impl FnOnce(&Checkpoint) -> bool) -> bool {
        self.stored.has(look)
    }
}

/// Returns the name under which a step's value is stored, which no variable can have.
pub(crate) fn step_name(step: &str) -> String {
    format!("step!({step:?})")
}
