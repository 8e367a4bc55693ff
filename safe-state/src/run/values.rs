//! The values of a run, as generated code restores and saves them: carried variables, steps, cursors and handles.

use safe_state_backends::{Carry, Store};

use super::{Run, judging, rebuilding};
use crate::Error;
use crate::control::staged;
use crate::effects::reconnect::means::Means;
use crate::error::StopReason;
use crate::items::identity::CursorType;
use crate::progress::Stored;
use crate::progress::values::Place;
use crate::save::Write;

/// A loop: how many resumable ones are around it, and its number.
type Number = (usize, u16);

/// Carried variables.
impl Run {
    /// Takes a variable's value into the next save; it is declared inside the first `depth` loops.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn carry<T: Carry>(&mut self, name: &str, depth: usize, value: &T) -> Result<(), Error> {
        self.stages.values(|mut values| values.carry(name, depth, value))
    }

    /// Returns the value that a carried variable had with the progress the run resumes from; none on a
    /// fresh start.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore<T: Carry>(&mut self, name: &str, place: Place) -> Result<Option<T>, Error> {
        self.stages.failures.carries::<T>(name);
        self.stages.values(|mut values| values.restore(name, place))
    }

    /// Returns the value that a variable had at its declaration in the first run; none if this is the first.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore_start<T: Carry>(
        &mut self,
        name: &str,
        declared: Place,
    ) -> Result<Option<T>, Error> {
        self.stages.failures.carries::<T>(name);
        self.stages.values(|mut values| values.restore_start(name, declared))
    }

    /// Keeps the value of a variable at its declaration, inside the first `depth` loops.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn keep_start<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        value: &T,
    ) -> Result<(), Error> {
        self.stages.values(|mut values| values.keep_start(name, depth, value))
    }

    /// Behind the head of a loop: returns the value that a variable had when its last item completed, or at its end;
    /// none if no item has. `is_kept` tells whether the value at the end is kept where it is not the last.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore_in<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        number: Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        self.stages.values(|mut values| values.restore_in(name, depth, number, is_kept))
    }

    /// Before the head of a loop that is to walk the variable: returns the value that it had when the last item of the
    /// loop completed, or at its end; none if no item has.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore_before<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        number: Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        self.stages.values(|mut values| values.restore_before(name, depth, number, is_kept))
    }

    /// Where an item begins that has a loop inside: returns the value that a variable had there in the run before;
    /// none if that did not come to the item.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not kept.
    pub fn restore_at_item<T: Carry>(
        &mut self,
        name: &str,
        number: Number,
    ) -> Result<Option<T>, Error> {
        self.stages.values(|mut values| values.restore_at_item(name, number))
    }

    /// Keeps the value of a variable where an item begins.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn keep_item<T: Carry>(
        &mut self,
        name: &str,
        number: Number,
        value: &T,
    ) -> Result<(), Error> {
        self.stages.values(|mut values| values.keep_item(name, number, value))
    }

    /// Keeps the value of a variable where a loop has been left.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn keep_end<T: Carry>(
        &mut self,
        name: &str,
        number: Number,
        value: &T,
    ) -> Result<(), Error> {
        self.stages.values(|mut values| values.keep_end(name, number, value))
    }

    /// Reports carried values that can't be taken or undone; the item's error comes first.
    pub fn not_undone(&mut self, name: &str) {
        judging::end_for(
            &mut self.stages,
            format!(
                "a failed attempt has put another list in the place of `{name}`, a carried `Results`, which can't be \
                 undone"
            ),
        );
    }
}

/// Steps and cursors.
impl Run {
    /// Returns the value that a `step!` had in an earlier run.
    ///
    /// # Errors
    ///
    /// The value is of another type.
    pub fn remembered<T: Carry>(&mut self, step: &str) -> Result<Option<T>, Error> {
        let remembered = self.stages.values(|mut values| values.step(step))?;
        if remembered.is_none() && staged::is_at_step(step) {
            return Err(self.stages.stop(StopReason::Cancelled));
        }
        Ok(remembered)
    }

    /// Saves the value of a `step!`.
    ///
    /// # Errors
    ///
    /// The value cannot be serialised, or the backend not be written.
    pub fn remember<T: Carry>(&mut self, step: &str, value: &T) -> Result<(), Error> {
        let change = self.stages.values(|mut values| values.step_change(step, value))?;
        self.stages.write(Write::Save(change.into()))
    }

    /// Saves the value of a `step!` without blocking.
    ///
    /// # Errors
    ///
    /// The value cannot be serialised, or the backend not be written.
    pub async fn remember_async<T: Carry>(&mut self, step: &str, value: &T) -> Result<(), Error> {
        let change = self.stages.values(|mut values| values.step_change(step, value))?;
        self.stages.write_async(Write::Save(change.into())).await
    }

    /// Returns the cursor of the last item that the loop of that number completed, which has `depth` loops
    /// around it; none on a fresh start. The loop may be under way.
    ///
    /// # Errors
    ///
    /// It is of another type.
    pub fn cursor<C: Carry>(
        &self,
        depth: usize,
        loop_id: u16,
        _: &CursorType<C>,
    ) -> Result<Option<C>, Error> {
        let store = self.stages.saving.store();
        let checkpoint = store.as_deref().map(Store::checkpoint);
        let stored = Stored::new(self.stages.observer.job(), checkpoint);
        self.stages.progress.cursor(stored, depth, loop_id)
    }
}

/// Handles.
impl Run {
    /// Returns the handle that a variable was, rebuilt; none on a fresh start.
    ///
    /// # Errors
    ///
    /// It cannot be rebuilt; on a fresh start, it could not be later.
    pub fn reconnect<T>(
        &mut self,
        name: &str,
        place: Place,
        means: &Means<T>,
    ) -> Result<Option<T>, Error> {
        rebuilding::reconnect(&mut self.stages, name, place, means)
    }

    /// Checks that a handle can be described, on a fresh start. One that writes a file is saved at once: else what
    /// an item wrote before it failed would stay.
    ///
    /// # Errors
    ///
    /// The handle is one that can't be rebuilt, or it can't be saved.
    pub fn check<T>(
        &mut self,
        name: &str,
        depth: usize,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<(), Error> {
        rebuilding::check(&mut self.stages, name, depth, handle, means)
    }

    /// Takes what a handle is rebuilt from into the next save.
    ///
    /// # Errors
    ///
    /// The handle is one that can't be rebuilt, or has failed.
    pub fn extract<T>(
        &mut self,
        name: &str,
        depth: usize,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<(), Error> {
        rebuilding::extract(&mut self.stages, name, depth, handle, means)
    }
}
