//! The checks that a record passes before any of it is applied: can the checkpoint hold what the record adds?

use std::collections::BTreeSet;

use super::change::{LoopChange, Record};
use super::refused::{Refused, check_number, check_within};
use super::{Checkpoint, LoopProgress};
use crate::limits::CARRIED_LIMIT;
use crate::{Carried, CarriedChange, CarriedError, ValueAt};

impl Checkpoint {
    /// Checks that the variable `name` can be carried.
    ///
    /// # Errors
    ///
    /// 256 other variables and steps are stored already.
    pub fn has_room_for(&self, name: &str) -> Result<(), CarriedError> {
        if self.carried.len() < CARRIED_LIMIT || self.carried.contains_key(name) {
            return Ok(());
        }
        Err(CarriedError::TooMany { name: name.to_owned() })
    }

    pub(crate) fn check(&self, record: &Record) -> Result<(), Refused> {
        match record {
            Record::Snapshot(whole) => whole.check_whole_state(),
            Record::Advance(advance) => check_number(advance.loop_id),
            Record::Samples(sampled) => check_number(sampled.loop_id),
            Record::Arguments(_) => Ok(()),
            Record::InFlight(in_flight) => in_flight.check(),
            Record::Slices(slices) => slices.check(),
            Record::Merge(merge) => merge.check(&self.workers),
            Record::Timings(timings) => timings.check(),
            Record::Change(change) => {
                change.loops.iter().try_for_each(|it| self.check_loop(it))?;
                self.check_carried(&change.carried)?;
                let added = change.dead_letters.as_ref().map_or(0, |letters| letters.len());
                let has_room = self.dead_letters.has_room_for(added);
                has_room.then_some(()).ok_or("there are more than 10000 dead letters")
            }
        }
    }

    /// Makes the values of a decoded snapshot whole, and checks the state.
    pub(crate) fn take_whole_state(&mut self) -> Result<(), Refused> {
        self.take_differing()?;
        self.check_whole_state()
    }

    /// Checks that every loop's number is in range, and that every value is whole.
    pub(crate) fn check_whole_state(&self) -> Result<(), Refused> {
        self.loops.keys().try_for_each(|id| check_number(*id))?;
        self.check_values()
    }

    fn check_loop(&self, change: &LoopChange) -> Result<(), Refused> {
        check_number(change.loop_id)?;
        check_within(change.begun.as_deref().unwrap_or_default())?;
        let stored = self.loops.get(&change.loop_id).and_then(LoopProgress::keys);
        let (Some(stored), Some(added)) = (stored, change.keys.as_deref()) else { return Ok(()) };
        if stored.takes(added) { Ok(()) } else { Err("keys that are made in another way") }
    }

    fn check_carried(&self, changes: &[CarriedChange]) -> Result<(), Refused> {
        if !self.has_room(changes) {
            return Err("there are more than 256 carried variables and steps");
        }
        for (at, change) in changes.iter().enumerate() {
            check_within(change.value.within())?;
            let before = changes.get(..at).unwrap_or_default();
            let is_at_place = change.value.is_at_place();
            let variable = ValueAt::variable_of(&change.name).filter(|_| is_at_place);
            let names_of = variable.or(change.value.differs_from()).unwrap_or(&change.name);
            let stored = self.stored_before(before, names_of);
            if is_at_place && before.iter().any(|earlier| earlier.name == names_of) {
                return Err("a list at a place whose first elements have just changed");
            }
            self.check_differing(before, (&change.name, &change.value))?;
            if !change.appends {
                self.check_whole(&change.name, &change.value)?;
            }
            if change.value.lacks_names() && !stored.is_some_and(Carried::has_names) {
                return Err("a value takes its names from one that has none");
            }
            if change.appends && before.iter().any(|earlier| earlier.name == change.name) {
                return Err("elements are added to what has just changed");
            }
            if change.appends {
                let stored = stored.ok_or("elements are added to nothing")?;
                if !stored.is_list_like(&change.value) {
                    return Err("elements are added to what is no list of them");
                }
            }
        }
        Ok(())
    }

    fn has_room(&self, changes: &[CarriedChange]) -> bool {
        // The names are compared only if a plain count could exceed the limit.
        self.carried.len() + changes.len() <= CARRIED_LIMIT || {
            let new = changes.iter().map(|change| &change.name);
            let all: BTreeSet<&String> = self.carried.keys().chain(new).collect();
            all.len() <= CARRIED_LIMIT
        }
    }

    /// Returns the value of a variable once the changes `before` are applied.
    fn stored_before<'a>(&'a self, before: &'a [CarriedChange], name: &str) -> Option<&'a Carried> {
        let changed = before.iter().rfind(|change| change.name == name);
        changed.map(|change| &change.value).or_else(|| self.carried.get(name))
    }
}
