//! The values of a run, as generated code restores and saves them: carried variables, steps, cursors and handles.

use std::fs::File;

use safe_state_backends::{Carry, Store};

use super::{Run, judging, rebuilding, rows, steps};
use crate::Error;
use crate::effects::reconnect::means::Means;
use crate::items::identity::CursorType;
use crate::progress::Stored;
use crate::progress::values::Place;
use crate::shared::merging::fold;

/// A loop: the number of resumable loops around it, and its own number.
type Number = (usize, u16);

/// Carried variables.
impl Run {
    /// Takes the value of a variable, which is declared inside the first `depth` loops, into the next save.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` fails.
    pub fn carry<T: Carry>(&mut self, name: &str, depth: usize, value: &T) -> Result<(), Error> {
        self.stages.carry(name, depth, value)
    }

    /// Returns the value that a carried variable had with the progress that the run resumes from; `None` on a fresh
    /// start.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore<T: Carry>(&mut self, name: &str, place: Place) -> Result<Option<T>, Error> {
        self.stages.failures.carries::<T>(name);
        self.stages.values(|mut values| values.restore(name, place))
    }

    /// Returns the value that a variable had at its declaration in the first run; `None` in the first run.
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
    /// The value's `Serialize` fails.
    pub fn keep_start<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        value: &T,
    ) -> Result<(), Error> {
        self.stages.values(|mut values| values.keep_start(name, depth, value))
    }

    /// Returns the value that a variable had when the loop's last item completed, or at the loop's end; `None` if no
    /// item has completed. The run is behind the loop's head. `is_kept` tells whether the code keeps the value at the
    /// loop's end, in case a later value is stored.
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

    /// Returns the value that a variable had when the loop's last item completed, or at the loop's end; `None` if no
    /// item has completed. The run is before the loop's head, as the loop is to walk the variable.
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

    /// Returns the value that a variable had in the run before where the present item began, which has a loop inside;
    /// `None` if that run did not come to the item.
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
    /// The value's `Serialize` fails.
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
    /// The value's `Serialize` fails.
    pub fn keep_end<T: Carry>(
        &mut self,
        name: &str,
        number: Number,
        value: &T,
    ) -> Result<(), Error> {
        self.stages.values(|mut values| values.keep_end(name, number, value))
    }

    /// Reports that a carried list was replaced and cannot be undone. The item's own error still comes first.
    pub fn not_undone(&mut self, name: &str) {
        judging::end_for(
            &mut self.stages,
            format!(
                "a failed attempt has put another list in the place of `{name}`, which can't be undone: the attribute \
                 undoes a carried `Results` or `Worklist` by what was added and taken since the attempt began"
            ),
        );
    }
}

/// Values of a loop that many workers share.
impl Run {
    /// Keeps the value of a variable at the end of a slice.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` fails.
    pub fn keep_slice<T: Carry>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        match self.stages.session.sharing.as_deref_mut() {
            Some(sharing) => sharing.keep(name, value),
            None => Ok(()),
        }
    }

    /// Returns the value of a variable behind the finished loop: `before`, its value before the loop, merged with its
    /// values at the ends of the slices, in their order.
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
        steps::remembered(&mut self.stages, step)
    }

    /// Returns the value that a `step!` had in an earlier run, without blocking.
    ///
    /// # Errors
    ///
    /// The same errors as [`remembered`](Self::remembered).
    pub async fn remembered_async<T: Carry>(&mut self, step: &str) -> Result<Option<T>, Error> {
        steps::remembered_async(&mut self.stages, step).await
    }

    /// Saves the value of a `step!`. Returns the value that counts: in a shared job, another worker may have done the
    /// step meanwhile.
    ///
    /// # Errors
    ///
    /// The value cannot be serialised, or the backend cannot be written.
    pub fn remember<T: Carry>(&mut self, step: &str, value: T) -> Result<T, Error> {
        steps::remember(&mut self.stages, step, value)
    }

    /// Saves the value of a `step!` without blocking: see [`remember`](Self::remember).
    ///
    /// # Errors
    ///
    /// The same errors as [`remember`](Self::remember).
    pub async fn remember_async<T: Carry>(&mut self, step: &str, value: T) -> Result<T, Error> {
        steps::remember_async(&mut self.stages, step, value).await
    }

    /// Returns the cursor of the last item that the loop `loop_id` completed; `None` on a fresh start. The loop has
    /// `depth` loops around it, and may be under way.
    ///
    /// # Errors
    ///
    /// The cursor is of another type.
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

/// Rows that a loop reads by a carried index.
impl Run {
    /// Takes the fingerprints of rows before an index into the next save, under the name `name`, in a loop inside `depth`
    /// others.
    ///
    /// # Errors
    ///
    /// The checkpoint has no room for them.
    pub fn carry_rows(
        &mut self,
        name: &str,
        depth: usize,
        (_, fingerprints): (usize, Option<Vec<u32>>),
    ) -> Result<(), Error> {
        fingerprints.map_or(Ok(()), |fingerprints| self.carry(name, depth, &fingerprints))
    }

    /// Checks that the rows before an index are those of the run before.
    ///
    /// # Errors
    ///
    /// A row has changed.
    pub fn check_rows(
        &mut self,
        name: &str,
        number: Number,
        rows: (usize, Option<Vec<u32>>),
    ) -> Result<(), Error> {
        rows::check(&mut self.stages, name, number, rows)
    }
}

/// Handles.
impl Run {
    /// Returns the handle that a variable had, rebuilt; `None` on a fresh start.
    ///
    /// # Errors
    ///
    /// The handle cannot be rebuilt, or, on a fresh start, a later run could not rebuild it.
    pub fn reconnect<T>(
        &mut self,
        name: &str,
        place: Place,
        means: &Means<T>,
    ) -> Result<Option<T>, Error> {
        rebuilding::reconnect(&mut self.stages, name, place, means)
    }

    /// Checks on a fresh start that a handle can be described. A handle that writes a file is saved at once; otherwise
    /// a resumed run could not remove what a failed item wrote.
    ///
    /// # Errors
    ///
    /// The handle cannot be rebuilt, or cannot be saved.
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
    /// The handle cannot be rebuilt, or has failed.
    pub fn extract<T>(
        &mut self,
        name: &str,
        depth: usize,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<(), Error> {
        rebuilding::extract(&mut self.stages, name, depth, handle, means)
    }

    /// Takes what a handle is rebuilt from into the save of the `step!` that has written through it.
    ///
    /// # Errors
    ///
    /// The handle cannot be rebuilt, or has failed.
    pub fn written_by_step<T>(
        &mut self,
        name: &str,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<(), Error> {
        rebuilding::written_by_step(&mut self.stages, name, handle, means)
    }

    /// Checks that the file which a variable in `fresh(..)` writes was not made anew, if items of a loop, or of one behind it,
    /// are complete.
    ///
    /// # Errors
    ///
    /// The file was made anew, and what complete items wrote there is gone.
    pub fn check_written(
        &mut self,
        name: &str,
        loop_id: u16,
        file: Option<&File>,
    ) -> Result<(), Error> {
        rebuilding::check_written(&mut self.stages, name, loop_id, file)
    }
}
