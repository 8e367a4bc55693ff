//! The stored state of a job, for the progress of a run.

use safe_state_backends::{
    Carried, CarriedChange, CarriedError, Carry, Checkpoint, LoopProgress, ValueAt,
};

use crate::Error;

/// The checkpoint of a run, and the name of its job for errors. A nested call has no checkpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    job: &'a str,
    checkpoint: Option<&'a Checkpoint>,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(job: &'a str, checkpoint: Option<&'a Checkpoint>) -> Self {
        Stored { job, checkpoint }
    }

    pub(crate) fn job(self) -> String {
        self.job.to_owned()
    }

    pub(crate) fn checkpoint(self) -> Option<&'a Checkpoint> {
        self.checkpoint
    }

    /// Returns whether the job has a checkpoint for which `look` returns true.
    pub(super) fn has(self, look: impl FnOnce(&Checkpoint) -> bool) -> bool {
        self.checkpoint.is_some_and(look)
    }

    /// Returns the stored progress of the loop, if it is from within the items `within` of the loops around it.
    pub(super) fn loop_within(self, loop_id: u16, within: &[u64]) -> Option<&'a LoopProgress> {
        let stored = self.checkpoint?.loop_progress(loop_id)?;
        (stored.within() == within).then_some(stored)
    }

    /// Returns how many items are complete in the loop `first_loop` and the loops behind it.
    pub(crate) fn completed_from(self, first_loop: u16) -> u64 {
        self.checkpoint.map_or(0, |checkpoint| checkpoint.completed_from(first_loop))
    }

    /// Returns the last value of the variable within the items `within`.
    pub(super) fn value<T: Carry>(self, name: &str, within: &[u64]) -> Result<Option<T>, Error> {
        let Some(checkpoint) = self.checkpoint else { return Ok(None) };
        checkpoint.carried_within(name, within).map_err(|error| self.carried_error(error))
    }

    /// Returns the value that the variable had at the place, which is stored under a name of its own.
    pub(super) fn value_at<T: Carry>(
        self,
        place: ValueAt,
        name: &str,
        within: &[u64],
    ) -> Result<Option<T>, Error> {
        self.value(&place.stored_as(name), within)
    }

    /// Returns whether a last value of the variable is stored within the items `within`.
    pub(super) fn has_value(self, name: &str, within: &[u64]) -> bool {
        let is_of_them = |carried: &Carried| carried.within() == within;
        self.has(|checkpoint| checkpoint.carried_value(name).is_some_and(is_of_them))
    }

    /// Returns the stored bytes of a handle within the items `within`.
    pub(super) fn bytes<T>(self, name: &str, within: &[u64]) -> Result<Option<Vec<u8>>, Error> {
        let carried = self.checkpoint.and_then(|checkpoint| checkpoint.carried_value(name));
        let carried = carried.filter(|carried| carried.within() == within);
        let bytes = carried.map(|carried| carried.bytes_of::<T>(name).map(<[u8]>::to_vec));
        bytes.transpose().map_err(|error| self.carried_error(error))
    }

    /// Returns the change from the variable's stored value to `value`.
    pub(super) fn change<T: Carry>(
        self,
        name: &str,
        within: Vec<u64>,
        value: &T,
    ) -> Result<Option<CarriedChange>, Error> {
        let Some(checkpoint) = self.checkpoint else { return Ok(None) };
        let change = checkpoint
            .has_room_for(name)
            .and_then(|()| value.change(name, within, checkpoint.carried_value(name)));
        change.map_err(|error| self.carried_error(error))
    }

    /// Returns the change from the variable's stored value at the place to `value`.
    pub(super) fn change_at<T: Carry>(
        self,
        place: ValueAt,
        name: &str,
        within: Vec<u64>,
        value: &T,
    ) -> Result<Option<CarriedChange>, Error> {
        let Some(checkpoint) = self.checkpoint else { return Ok(None) };
        let stored_as = place.stored_as(name);
        let kept = checkpoint.has_room_for(&stored_as).and_then(|()| {
            let stored = checkpoint.whole_value(&stored_as);
            value.kept(name, within, (stored.as_deref(), checkpoint.carried_value(name)))
        });
        let change = kept.map_err(|error| self.carried_error(error))?;
        Ok(change.map(|change| CarriedChange { name: stored_as, ..change }))
    }

    /// Returns the last value of the variable, to be kept at a place. `changed` has that value if it is not stored yet.
    /// Returns `None` if the value cannot be kept from there.
    pub(super) fn last_at(
        self,
        stored_as: &str,
        name: &str,
        within: &[u64],
        changed: Option<&CarriedChange>,
    ) -> Option<Carried> {
        let checkpoint = self.checkpoint?;
        checkpoint.has_room_for(stored_as).ok()?;
        let last = match changed {
            Some(change) if change.appends => return None,
            Some(change) => &change.value,
            None => checkpoint.carried_value(name)?,
        };
        last.within_others(within)
    }

    /// Returns whether `value` is what is stored under the name `stored_as`.
    pub(super) fn is_stored(self, stored_as: &str, value: &Carried) -> bool {
        self.has(|checkpoint| checkpoint.whole_value(stored_as).as_deref() == Some(value))
    }

    pub(super) fn carried_error(self, carried: CarriedError) -> Error {
        Error::Carried { job: self.job(), carried }
    }
}
