//! The values of carried variables at the places that a resumed run comes to again: at the declaration, at the head of
//! a loop, where an item begins, and at the end of a loop.

use safe_state_backends::{CarriedChange, Carry, LoopProgress, ValueAt};

use super::open_loop::{OpenLoop, ResumePoint};
use super::values::{CurrentValues, Place};
use crate::Error;

/// A loop: the number of resumable loops around it, and its own number.
type Number = (usize, u16);

impl CurrentValues<'_> {
    /// Returns the value that a variable had at its declaration in the first run; `None` in the first run.
    pub(crate) fn restore_start<T: Carry>(
        &mut self,
        name: &str,
        declared: Place,
    ) -> Result<Option<T>, Error> {
        self.are_carried();
        let within = self.loops.within(declared.0);
        let start = self.stored.value_at(ValueAt::Declaration, name, &within)?;
        match (start.is_some(), self.has_stored(name, declared.0)) {
            (true, true) => self.values.places.set_back(name),
            (true, false) => {}
            (false, true) => return Err(self.not_kept(ValueAt::Declaration, name)),
            (false, false) => self.expect_stored(name, declared, false)?,
        }
        Ok(start)
    }

    /// Keeps the value of a variable at its declaration, inside the first `depth` loops.
    pub(crate) fn keep_start<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        value: &T,
    ) -> Result<(), Error> {
        self.keep(ValueAt::Declaration, name, self.loops.within(depth), value)
    }

    /// Returns the value that a variable had when the loop's last item completed, or at the loop's end; `None` if no
    /// item has completed. The run is behind the loop's head. `is_kept` tells whether the code keeps the value at the
    /// loop's end, in case a later value is stored.
    pub(crate) fn restore_in<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        (around, loop_id): Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        let resume_point =
            self.loops.get(around).map_or(ResumePoint::Fresh, OpenLoop::resume_point);
        self.restore_from(resume_point, name, depth, (around, loop_id), is_kept)
    }

    /// Returns the value that a variable had when the loop's last item completed, or at the loop's end; `None` if no
    /// item has completed. The run is before the loop's head, as the loop is to walk the variable.
    pub(crate) fn restore_before<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        (around, loop_id): Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        let stored = self.stored.loop_within(loop_id, &self.loops.within(around));
        let resume_point = stored.map_or(ResumePoint::Fresh, ResumePoint::of);
        self.restore_from(resume_point, name, depth, (around, loop_id), is_kept)
    }

    fn restore_from<T: Carry>(
        &mut self,
        resume_point: ResumePoint,
        name: &str,
        depth: usize,
        (around, loop_id): Number,
        is_kept: bool,
    ) -> Result<Option<T>, Error> {
        let was_last = self.values.places.take_last(name);
        match resume_point {
            ResumePoint::Fresh => {
                self.values.places.catch_up(name);
                return Ok(None);
            }
            ResumePoint::Begun => return Ok(None),
            ResumePoint::Further => {}
            ResumePoint::Ended => {
                let within = self.loops.within(around);
                let end = self.stored.value_at(ValueAt::LoopEnd(loop_id), name, &within)?;
                if end.is_some() {
                    if self.has_stored(name, depth) {
                        self.values.places.set_back(name);
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
        self.values.places.catch_up(name);
        let last = self.last(name, depth)?;
        if last.is_none() {
            self.expect_stored(name, (0, loop_id), false)?;
        }
        Ok(last)
    }

    /// Returns the value that was saved with the progress of a loop that is under way; none if no item has completed, or
    /// the loop has ended. The run is behind the loop's head.
    pub(crate) fn last_in<T: Carry>(
        &self,
        name: &str,
        (around, _): Number,
    ) -> Result<Option<T>, Error> {
        match self.loops.get(around).map(OpenLoop::resume_point) {
            Some(ResumePoint::Further) => self.last(name, around),
            _ => Ok(None),
        }
    }

    /// Returns the value that a variable had in the run before where the present item began, which has a loop inside;
    /// `None` if that run did not come to the item.
    pub(crate) fn restore_at_item<T: Carry>(
        &mut self,
        name: &str,
        (around, loop_id): Number,
    ) -> Result<Option<T>, Error> {
        let resume_point =
            self.loops.get(around).map_or(ResumePoint::Fresh, OpenLoop::resume_point);
        if resume_point == ResumePoint::Fresh {
            return Ok(None);
        }
        let place = ValueAt::ItemStart(loop_id);
        let within = self.loops.within(around + 1);
        let value = self.stored.value_at(place, name, &within)?;
        match value {
            Some(_) => self.values.places.set_back(name),
            None if self.is_in(loop_id, &within) => return Err(self.not_kept(place, name)),
            None => {}
        }
        Ok(value)
    }

    /// Keeps the value of a variable where an item begins.
    pub(crate) fn keep_item<T: Carry>(
        &mut self,
        name: &str,
        (around, loop_id): Number,
        value: &T,
    ) -> Result<(), Error> {
        self.keep(ValueAt::ItemStart(loop_id), name, self.loops.within(around + 1), value)
    }

    /// Keeps the value of a variable where a loop has been left.
    pub(crate) fn keep_end<T: Carry>(
        &mut self,
        name: &str,
        (around, loop_id): Number,
        value: &T,
    ) -> Result<(), Error> {
        let (place, within) = (ValueAt::LoopEnd(loop_id), self.loops.within(around));
        if self.values.is_at_end(name) {
            let (stored_as, changed) = (place.stored_as(name), self.values.change_of(name));
            if let Some(value) = self.stored.last_at(&stored_as, name, &within, changed) {
                if !self.stored.is_stored(&stored_as, &value) {
                    let change = CarriedChange { name: stored_as, appends: false, value };
                    self.values.places.keep(place, change);
                }
                return Ok(());
            }
        }
        self.keep(place, name, within, value)
    }

    fn keep<T: Carry>(
        &mut self,
        place: ValueAt,
        name: &str,
        within: Vec<u64>,
        value: &T,
    ) -> Result<(), Error> {
        if let Some(change) = self.stored.change_at(place, name, within, value)? {
            self.values.places.keep(place, change);
        }
        Ok(())
    }

    /// Returns whether a last value of the variable is stored.
    fn has_stored(&self, name: &str, depth: usize) -> bool {
        self.stored.has_value(name, &self.loops.within(depth))
    }

    /// Returns whether a loop behind the loop `loop_id` has begun in the same items.
    fn has_later(&self, loop_id: u16, within: &[u64]) -> bool {
        let is_later = |(id, later): (u16, &LoopProgress)| id > loop_id && later.within() == within;
        self.looks(|checkpoint| checkpoint.numbered_loops().any(is_later))
    }

    /// Returns whether a loop inside the loop `loop_id` has complete items within the items `within`. Only loops with
    /// higher numbers count, because a loop before may have been in items of the same indices.
    fn is_in(&self, loop_id: u16, within: &[u64]) -> bool {
        let is_inner = |(id, inner): (u16, &LoopProgress)| {
            id > loop_id && inner.within().starts_with(within) && !inner.completed().is_empty()
        };
        self.looks(|checkpoint| checkpoint.numbered_loops().any(is_inner))
    }

    fn not_kept(&self, place: ValueAt, name: &str) -> Error {
        let job = self.stored.job();
        Error::NotKept { job, name: name.to_owned(), place: place.to_string() }
    }
}
