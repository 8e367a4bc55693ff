//! The conversion of values that an older version of the work stored.

use super::Checkpoint;
use crate::{Carried, CarriedError, Carry, ValueAt};

impl Checkpoint {
    /// Replaces the values stored under `name`, a variable or a step, by what `with` makes of them: the last value, and the
    /// values at each [`ValueAt`]. Changes nothing if one of them can't be read or saved.
    ///
    /// # Errors
    ///
    /// A value does not read as an `Old` without loss, or the value that `with` returns can't be saved.
    pub fn migrate<Old: Carry, New: Carry>(
        &mut self,
        name: &str,
        with: impl Fn(Old) -> New,
    ) -> Result<(), CarriedError> {
        let is_of_it =
            |stored: &&String| *stored == name || ValueAt::variable_of(stored) == Some(name);
        let stored_as: Vec<String> = self.carried.keys().filter(is_of_it).cloned().collect();
        let migrated = stored_as.into_iter().map(|stored_as| {
            let value = self.migrated(&stored_as, name, &with)?;
            Ok((stored_as, value))
        });
        // All are read before any is replaced: a list at a place has its first elements in the last value.
        let migrated: Vec<(String, Option<Carried>)> = migrated.collect::<Result<_, _>>()?;
        for (stored_as, value) in migrated {
            if let Some(value) = value {
                self.carried.insert(stored_as, value);
            }
        }
        Ok(())
    }

    fn migrated<Old: Carry, New: Carry>(
        &self,
        stored_as: &str,
        name: &str,
        with: &impl Fn(Old) -> New,
    ) -> Result<Option<Carried>, CarriedError> {
        let Some(stored) = self.carried.get(stored_as) else { return Ok(None) };
        let old = Old::restore(name, &self.whole(stored_as, stored))?;
        let change = with(old).change(name, stored.within().to_vec(), None)?;
        Ok(change.map(|change| change.value.with_names()))
    }
}
