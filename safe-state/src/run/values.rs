//! The values of a run, as generated code restores and saves them: carried variables, steps, cursors and handles.

use safe_state_backends::format::Change;
use safe_state_backends::{CarriedError, Carry, Checkpoint, Store};

use super::{Run, judging, rebuilding, sharing};
use crate::Error;
use crate::control::staged;
use crate::effects::reconnect::means::Means;
use crate::error::StopReason;
use crate::items::identity::CursorType;
use crate::progress::Stored;
use crate::progress::values::{Place, step_name};
use crate::save::Write;
use crate::shared::merging::fold;
use crate::shared::steps::Awaited;

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
        self.stages.carry(name, depth, value)
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

/// What a loop that many workers share carries.
impl Run {
    /// Takes in what a variable is at the end of a slice.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn keep_slice<T: Carry>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        match self.stages.session.sharing.as_deref_mut() {
            Some(sharing) => sharing.keep(name, value),
            None => Ok(()),
        }
    }

    /// Returns what a variable is behind the loop that is finished, which was `before` it: merged with what it was at the
    /// ends of the slices, in their order.
    ///
    /// # Errors
    ///
    /// A value is of another type.
    pub fn merged<T: Carry>(
        &mut self,
        name: &str,
        before: T,
        merge: impl FnMut(T, T) -> T,
    ) -> Result<T, Error> {
        let Some(sharing) = self.stages.session.sharing.as_deref() else { return Ok(before) };
        let Some(done) = sharing.done() else { return Ok(before) };
        fold(self.stages.observer.job(), name, before, done.values(name), merge)
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
        let Some(awaited) = self.awaited(step) else { return Ok(remembered) };
        let head = sharing::await_step(&mut self.stages, awaited)?;
        self.step_in(step, head)
    }

    /// Returns that value without blocking.
    ///
    /// # Errors
    ///
    /// As [`remembered`](Self::remembered).
    pub async fn remembered_async<T: Carry>(&mut self, step: &str) -> Result<Option<T>, Error> {
        let remembered = self.stages.values(|mut values| values.step(step))?;
        let Some(awaited) = self.awaited(step) else { return Ok(remembered) };
        let head = sharing::await_step_async(&mut self.stages, awaited).await?;
        self.step_in(step, head)
    }

    /// Returns the step, if another worker may do it.
    fn awaited(&self, step: &str) -> Option<Awaited> {
        let sharing = self.stages.session.sharing.as_deref()?;
        Some(sharing.steps.reach(step, step_name(step)))
    }

    fn step_in<T: Carry>(
        &self,
        step: &str,
        head: Option<Box<Checkpoint>>,
    ) -> Result<Option<T>, Error> {
        let Some(head) = head else { return Ok(None) };
        let value = head.carried_within(&step_name(step), &[]);
        value.map_err(|carried| self.carried_error(carried))
    }

    fn carried_error(&self, carried: CarriedError) -> Error {
        Error::Carried { job: self.stages.observer.job().to_owned(), carried }
    }

    /// Saves the value of a `step!`. Returns the one that counts: of a job that many workers share, another may have done
    /// the step meanwhile.
    ///
    /// # Errors
    ///
    /// The value cannot be serialised, or the backend not be written.
    pub fn remember<T: Carry>(&mut self, step: &str, value: T) -> Result<T, Error> {
        if self.stages.session.sharing.is_some() {
            let change = self.shared_step(step, &value)?;
            let before = sharing::save_step(&mut self.stages, &step_name(step), &change)?;
            return Ok(self.step_in(step, before)?.unwrap_or(value));
        }
        let change = self.stages.values(|mut values| values.step_change(step, &value))?;
        self.stages.write(Write::Save(change.into())).map(|()| value)
    }

    /// Saves the value of a `step!` without blocking.
    ///
    /// # Errors
    ///
    /// As [`remember`](Self::remember).
    pub async fn remember_async<T: Carry>(&mut self, step: &str, value: T) -> Result<T, Error> {
        if self.stages.session.sharing.is_some() {
            let change = self.shared_step(step, &value)?;
            let saving = sharing::save_step_async(&mut self.stages, step_name(step), change);
            let before = saving.await?;
            return Ok(self.step_in(step, before)?.unwrap_or(value));
        }
        let change = self.stages.values(|mut values| values.step_change(step, &value))?;
        self.stages.write_async(Write::Save(change.into())).await.map(|()| value)
    }

    fn shared_step<T: Carry>(&self, step: &str, value: &T) -> Result<Change, Error> {
        let change = value.change(&step_name(step), Vec::new(), None);
        let carried = change.map_err(|carried| self.carried_error(carried))?;
        Ok(Change { carried: carried.into_iter().collect(), ..Change::default() })
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
