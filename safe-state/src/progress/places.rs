//! What carried variables were at places that a resumed run comes to again: at their declarations, at the ends of
//! loops, and where items began.

use safe_state_backends::{
    Carried, CarriedChange, Carry, Checkpoint, LoopProgress, Store, ValueAt,
};

use super::values::Place as Declared;
use crate::Error;
use crate::progress::open_loop::{OpenLoop, Stored};
use crate::run::Run;

/// A loop: how many resumable ones are around it, and its number.
type Number = (usize, u16);

/// The values at places that the next save has to tell, and which variables are not what they were last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    kept: Vec<(ValueAt, CarriedChange)>,
    /// Variables that were set back: what is stored of them is further than they are.
    behind: Vec<String>,
    /// Variables that are what is stored of them, since their declaration.
    last: Vec<String>,
}

impl Places {
    /// Whether what is stored of the variable is further than what it is.
    pub(crate) fn is_behind(&self, name: &str) -> bool {
        self.behind.iter().any(|behind| behind == name)
    }

    /// An item has completed: from here on all variables are further than what is stored.
    #[inline]
    pub(crate) fn item_completed(&mut self) {
        if !self.behind.is_empty() {
            self.behind.clear();
        }
    }

    pub(crate) fn has_last(&mut self, name: &str) {
        self.last.push(name.to_owned());
    }

    fn set_back(&mut self, name: &str) {
        self.behind.push(name.to_owned());
    }

    fn catch_up(&mut self, name: &str) {
        self.behind.retain(|behind| behind != name);
    }

    /// Whether it is what is stored of it since its declaration, which is so no more.
    fn take_last(&mut self, name: &str) -> bool {
        let before = self.last.len();
        self.last.retain(|last| last != name);
        self.last.len() < before
    }

    fn keep(&mut self, place: ValueAt, change: CarriedChange) {
        self.kept.retain(|(_, earlier)| earlier.name != change.name);
        self.kept.push((place, change));
    }

    /// What the next save is to tell.
    pub(crate) fn take(&mut self) -> Vec<CarriedChange> {
        self.kept.drain(..).map(|(_, change)| change).collect()
    }

    /// Those of declarations, which go with whatever is saved first.
    pub(crate) fn take_declarations(&mut self) -> Vec<CarriedChange> {
        let is_declaration = |(place, _): &mut (ValueAt, _)| *place == ValueAt::Declaration;
        self.kept.extract_if(.., is_declaration).map(|(_, change)| change).collect()
    }

    /// After a failure the progress since the last save is done again.
    pub(crate) fn forget_progress(&mut self) {
        self.kept.retain(|(place, _)| *place == ValueAt::Declaration);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl Run {
    /// The value that a variable had at its declaration in the first run; none if this is the first.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore_start<T: Carry>(
        &mut self,
        name: &str,
        declared: Declared,
    ) -> Result<Option<T>, Error> {
        self.shown.carries::<T>(name);
        self.position.carries = true;
        let within = self.position.within(declared.0);
        let start = self.kept_value(ValueAt::Declaration, name, &within)?;
        match (start.is_some(), self.has_stored(name, declared.0)) {
            (true, true) => self.position.places.set_back(name),
            (true, false) => {}
            (false, true) => return Err(self.not_kept(ValueAt::Declaration, name)),
            (false, false) => self.expect_stored(name, declared, false)?,
        }
        Ok(start)
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
        self.keep(ValueAt::Declaration, name, self.position.within(depth), value)
    }

    /// Behind the head of a loop: the value that a variable had when its last item completed, or at its end; none
    /// if no item has. `is_kept` says whether that at the end is kept where it is not the last.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore_in<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        (around, loop_id): Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        let stored = self.position.open.get(around).map_or(Stored::No, OpenLoop::stored);
        self.restore_as(stored, name, depth, (around, loop_id), is_kept)
    }

    /// The same before the head of a loop that is to walk the variable.
    ///
    /// # Errors
    ///
    /// As [`restore_in`](Self::restore_in).
    pub fn restore_before<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        (around, loop_id): Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        let store = self.store();
        let stored = store
            .as_deref()
            .and_then(|store| self.stored_loop(store.checkpoint(), loop_id, around));
        let stored = stored.map_or(Stored::No, Stored::of);
        drop(store);
        self.restore_as(stored, name, depth, (around, loop_id), is_kept)
    }

    /// Whether what it completes is stored, and not only counted.
    pub fn is_stored(&self) -> bool {
        self.owner.is_some()
    }

    fn restore_as<T: Carry>(
        &mut self,
        stored: Stored,
        name: &str,
        depth: usize,
        (around, loop_id): Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        let was_last = self.position.places.take_last(name);
        match stored {
            Stored::No => {
                self.position.places.catch_up(name);
                return Ok(None);
            }
            Stored::Begun => return Ok(None),
            Stored::Further => {}
            Stored::Ended => {
                let within = self.position.within(around);
                let end = self.kept_value(ValueAt::LoopEnd(loop_id), name, &within)?;
                if end.is_some() {
                    if self.has_stored(name, depth) {
                        self.position.places.set_back(name);
                    }
                    return Ok(end);
                }
                if is_kept && self.has_later(loop_id, &within) {
                    return Err(self.not_kept(ValueAt::LoopEnd(loop_id), name));
                }
            }
        }
        if was_last {
            return Ok(None);
        }
        self.position.places.catch_up(name);
        let last = self.stored_value(name, depth)?;
        if last.is_none() {
            self.expect_stored(name, (0, loop_id), false)?;
        }
        Ok(last)
    }

    /// Where an item begins that has a loop inside: the value that a variable had there in the run before; none if
    /// that did not come to the item.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not kept.
    pub fn restore_at_item<T: Carry>(
        &mut self,
        name: &str,
        (around, loop_id): Number,
    ) -> Result<Option<T>, Error> {
        let stored = self.position.open.get(around).map_or(Stored::No, OpenLoop::stored);
        if stored == Stored::No {
            return Ok(None);
        }
        let place = ValueAt::ItemStart(loop_id);
        let within = self.position.within(around + 1);
        let value = self.kept_value(place, name, &within)?;
        match value {
            Some(_) => self.position.places.set_back(name),
            None if self.is_in(loop_id, &within) => return Err(self.not_kept(place, name)),
            None => {}
        }
        Ok(value)
    }

    /// Keeps the value of a variable where an item begins.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn keep_item<T: Carry>(
        &mut self,
        name: &str,
        (around, loop_id): Number,
        value: &T,
    ) -> Result<(), Error> {
        self.keep(ValueAt::ItemStart(loop_id), name, self.position.within(around + 1), value)
    }

    /// Keeps the value of a variable where a loop has been left.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn keep_end<T: Carry>(
        &mut self,
        name: &str,
        (around, loop_id): Number,
        value: &T,
    ) -> Result<(), Error> {
        self.keep(ValueAt::LoopEnd(loop_id), name, self.position.within(around), value)
    }

    fn keep<T: Carry>(
        &mut self,
        place: ValueAt,
        name: &str,
        within: Vec<u64>,
        value: &T,
    ) -> Result<(), Error> {
        let Some(store) = self.store() else { return Ok(()) };
        let checkpoint = store.checkpoint();
        let stored_as = place.stored_as(name);
        let kept = checkpoint.has_room_for(&stored_as).and_then(|()| {
            let stored = [&*stored_as, name].map(|name| checkpoint.carried_value(name));
            value.kept(name, within, stored.into())
        });
        drop(store);
        if let Some(change) = kept.map_err(|error| self.carried_error(error))? {
            self.position.places.keep(place, CarriedChange { name: stored_as, ..change });
        }
        Ok(())
    }

    fn kept_value<T: Carry>(
        &self,
        place: ValueAt,
        name: &str,
        within: &[u64],
    ) -> Result<Option<T>, Error> {
        let Some(store) = self.store() else { return Ok(None) };
        // By the place's name, as the last value of the variable is another.
        let value = store.checkpoint().carried_within(&place.stored_as(name), within);
        value.map_err(|error| self.carried_error(error))
    }

    /// Whether a last value of the variable is stored.
    fn has_stored(&self, name: &str, depth: usize) -> bool {
        let within = self.position.within(depth);
        let is_its = |stored: &Carried| stored.within() == within;
        self.looks(|checkpoint| checkpoint.carried_value(name).is_some_and(is_its))
    }

    /// Whether a loop behind that one has begun in the same items.
    fn has_later(&self, loop_id: u16, within: &[u64]) -> bool {
        let is_later = |(id, later): (u16, &LoopProgress)| id > loop_id && later.within() == within;
        self.looks(|checkpoint| checkpoint.numbered_loops().any(is_later))
    }

    /// Whether a loop inside that one has come further within these items. Those before it may have been in items of
    /// the same numbers.
    fn is_in(&self, loop_id: u16, within: &[u64]) -> bool {
        let is_inner = |(id, inner): (u16, &LoopProgress)| {
            id > loop_id && inner.within().starts_with(within) && !inner.completed().is_empty()
        };
        self.looks(|checkpoint| checkpoint.numbered_loops().any(is_inner))
    }

    fn looks(&self, look: impl FnOnce(&Checkpoint) -> bool) -> bool {
        self.store().as_deref().map(Store::checkpoint).is_some_and(look)
    }

    fn not_kept(&self, place: ValueAt, name: &str) -> Error {
        let job = self.events.job().to_owned();
        Error::NotKept { job, name: name.to_owned(), place: place.to_string() }
    }
}
