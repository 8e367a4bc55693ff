//! The values that a run restores and saves with its progress: carried variables, handles, steps.

use safe_state_backends::format::Change;
use safe_state_backends::{CarriedChange, CarriedError, Carry};

use crate::Error;
use crate::effects::reconnect::ReconnectError;
use crate::items::fingerprint::unordered::Walk;
use crate::items::identity::CursorType;
use crate::progress::open_loop::OpenLoop;
use crate::run::Run;

/// Where a variable is declared: inside how many resumable loops; and the first of those that it
/// stands before.
pub(crate) type Place = (usize, u16);

/// What a cursor is called in messages.
const CURSOR: &str = "cursor!()";

impl Run {
    /// Takes a variable's value into the next save; it is declared inside the first `depth` loops.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn carry<T: Carry>(&mut self, name: &str, depth: usize, value: &T) -> Result<(), Error> {
        if self.position.places.is_behind(name) {
            return Ok(());
        }
        let change = self.carried_change(name, self.position.within(depth), value)?;
        self.position.carried.retain(|earlier| earlier.name != name);
        self.position.carried.extend(change);
        Ok(())
    }

    fn carried_change<T: Carry>(
        &self,
        name: &str,
        within: Vec<u64>,
        value: &T,
    ) -> Result<Option<CarriedChange>, Error> {
        let Some(store) = self.store() else { return Ok(None) };
        let checkpoint = store.checkpoint();
        let change = checkpoint
            .has_room_for(name)
            .and_then(|()| value.change(name, within, checkpoint.carried_value(name)));
        change.map_err(|error| self.carried_error(error))
    }

    /// The value that a carried variable had with the progress the run resumes from; none on a
    /// fresh start.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore<T: Carry>(&mut self, name: &str, place: Place) -> Result<Option<T>, Error> {
        self.shown.carries::<T>(name);
        let restored = self.stored_value(name, place.0)?;
        self.expect_stored(name, place, restored.is_some())?;
        if restored.is_some() {
            self.position.places.has_last(name);
        }
        Ok(restored)
    }

    pub(crate) fn restore_bytes<T>(
        &mut self,
        name: &str,
        place: Place,
    ) -> Result<Option<Vec<u8>>, Error> {
        let within = self.position.within(place.0);
        let store = self.store();
        let carried = store.as_ref().and_then(|store| store.checkpoint().carried_value(name));
        let carried = carried.filter(|carried| carried.within() == within);
        let bytes =
            carried.map(|carried| carried.bytes_of::<T>(name).map(<[u8]>::to_vec)).transpose();
        drop(store);
        let bytes = bytes.map_err(|error| self.carried_error(error))?;
        self.expect_stored(name, place, bytes.is_some())?;
        Ok(bytes)
    }

    /// What is restored with progress has to have been saved with it.
    pub(crate) fn expect_stored(
        &mut self,
        name: &str,
        (depth, first_loop): Place,
        is_stored: bool,
    ) -> Result<(), Error> {
        self.position.carries = true;
        let completed =
            self.store().map_or(0, |store| store.checkpoint().completed_from(first_loop));
        if is_stored || depth > 0 || completed == 0 {
            return Ok(());
        }
        let job = self.events.job().to_owned();
        Err(Error::NotCarried { job, name: name.to_owned(), completed })
    }

    pub(crate) fn reconnect_error(&self, name: &str, source: ReconnectError) -> Error {
        Error::Reconnect { job: self.events.job().to_owned(), name: name.to_owned(), source }
    }

    /// The value that a `step!` had in an earlier run.
    ///
    /// # Errors
    ///
    /// The value is of another type.
    pub fn remembered<T: Carry>(&mut self, step: &str) -> Result<Option<T>, Error> {
        if !self.position.steps.insert(step.to_owned()) {
            let job = self.events.job().to_owned();
            return Err(Error::StepAgain { job, step: step.to_owned() });
        }
        self.stored_value(&step_name(step), 0)
    }

    /// What saves the value of a `step!`. What loops have done since their last save is theirs to save.
    pub(crate) fn step_change<T: Carry>(&mut self, step: &str, value: &T) -> Result<Change, Error> {
        let step = self.carried_change(&step_name(step), Vec::new(), value)?;
        // It may have been made from what variables were at their declarations.
        let mut carried = self.position.places.take_declarations();
        carried.extend(step);
        Ok(Change { carried, ..Change::default() })
    }

    pub(crate) fn stored_value<T: Carry>(
        &self,
        name: &str,
        depth: usize,
    ) -> Result<Option<T>, Error> {
        let Some(store) = self.store() else { return Ok(None) };
        let within = self.position.within(depth);
        store.checkpoint().carried_within(name, &within).map_err(|error| self.carried_error(error))
    }

    /// The item handed out next is known by `cursor`.
    pub(crate) fn reach<C: Carry>(&mut self, depth: usize, cursor: &C) -> Result<(), Error> {
        let Some(open) = self.position.open.get_mut(depth) else { return Ok(()) };
        let bad = if Walk::finds_nan(cursor) {
            Some(
                "has a NaN in it, behind which no input goes on; leave such items out, or let `cursor` give another value",
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
                Err(error) => return Err(self.carried_error(error)),
            }
        };
        if let Some(reason) = bad {
            let (job, index) = (self.events.job().to_owned(), open.position);
            return Err(Error::BadCursor { job, index, reason });
        }
        self.check_ousted(depth)
    }

    /// The cursor of the last item that the loop of that number completed, which has `depth` loops
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
        let open = self.position.open.get(depth).filter(|open| open.loop_id() == loop_id);
        let store = self.store();
        let stored = || self.stored_loop(store.as_deref()?.checkpoint(), loop_id, depth)?.cursor();
        let cursor = open.map_or_else(stored, OpenLoop::cursor);
        let restored = cursor.map(|cursor| C::restore(CURSOR, cursor)).transpose();
        restored.map_err(|error| self.carried_error(error))
    }

    pub(crate) fn carried_error(&self, carried: CarriedError) -> Error {
        Error::Carried { job: self.events.job().to_owned(), carried }
    }
}

/// The name under which a step's value is stored. No variable has it.
fn step_name(step: &str) -> String {
    format!("step!({step:?})")
}
