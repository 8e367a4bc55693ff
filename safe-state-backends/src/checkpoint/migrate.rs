//! The conversion of values that an older version of the work stored.

use super::carried::CarriedValues;
use crate::{Carried, CarriedError, Carry, ValueAt};

/// Replaces the values stored under `name`, a variable or a step, by what `with` makes of them: the last value, and the values
/// at each [`ValueAt`]. Changes nothing if one of them can't be read or saved.
pub(crate) fn migrate<Old: Carry, New: Carry>(
    values: &mut CarriedValues,
    name: &str,
    with: impl Fn(Old) -> New,
) -> Result<(), CarriedError> {
    let is_of_it = |(stored, _): &(&String, &Carried)| {
        *stored == name || ValueAt::variable_of(stored) == Some(name)
    };
    let migrated = values.iter().filter(is_of_it).map(|(stored_as, stored)| {
        let old = Old::restore(name, &values.whole(stored_as, stored))?;
        let change = with(old).change(name, stored.within().to_vec(), None)?;
        Ok(change.map(|change| (stored_as.clone(), change.value.with_names())))
    });
    // All are read before any is replaced: a list at a place has its first elements in the last value.
    let migrated: Vec<_> = migrated.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    values.extend(migrated);
    Ok(())
}
