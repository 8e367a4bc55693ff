//! The comparison of sets, and of maps whose keys have no names: their elements may have another order.

use std::collections::{HashMap, HashSet};

use serde::de::Error as _;

use super::super::read::{Item, ReadError};
use super::super::same::canonical;
use super::notes::Notes;

/// Checks that nothing of one value is lost in another.
pub(super) type Check = fn(&Item<'_>, &Item<'_>, &Notes<'_>) -> Result<(), ReadError>;

/// The most elements that are compared each with each.
const EACH_LIMIT: usize = 1000;

/// Checks that as many elements come back as were stored.
pub(super) fn check_count(stored: usize, again: usize) -> Result<(), ReadError> {
    if stored == again {
        return Ok(());
    }
    Err(ReadError::custom(format!("{stored} elements were stored, and {again} of them come back")))
}

/// Checks the elements of a set.
pub(super) fn check_set(
    stored: &[Item<'_>],
    again: &[Item<'_>],
    notes: &Notes<'_>,
    check: Check,
) -> Result<(), ReadError> {
    check_count(stored.len(), again.len())?;
    if stored.len() > EACH_LIMIT {
        return Ok(());
    }
    let mut taken = HashSet::new();
    for (at, old) in stored.iter().enumerate() {
        let mut places = (at..again.len()).chain(0..at);
        let found = places.find(|place| {
            let new = again.get(*place).filter(|_| !taken.contains(place));
            new.is_some_and(|new| notes.tentatively(|| check(old, new, notes)))
        });
        match (found, again.get(at)) {
            (Some(place), _) => _ = taken.insert(place),
            (None, Some(new)) => {
                check(old, new, notes).map_err(|error| error.within_element(at as u64))?;
            }
            (None, None) => {}
        }
    }
    Ok(())
}

/// Checks the entries of a map.
pub(super) fn check_entries(
    stored: &[(Item<'_>, Item<'_>)],
    again: &[(Item<'_>, Item<'_>)],
    notes: &Notes<'_>,
    check: Check,
) -> Result<(), ReadError> {
    check_count(stored.len(), again.len())?;
    let key = |(at, (key, _)): (usize, &(Item<'_>, Item<'_>))| Ok((canonical(key)?, at));
    let places = again.iter().enumerate().map(key);
    let places = places.collect::<Result<HashMap<Vec<u8>, usize>, ReadError>>()?;
    // A key that is written in another way is looked for at its old position, unless the map has no order.
    let mut is_ordered = true;
    for (at, (key, value)) in stored.iter().enumerate() {
        let place = places.get(&canonical(key)?).copied();
        is_ordered &= place.is_none_or(|place| place == at);
        let Some((new_key, new)) =
            place.or(Some(at).filter(|_| is_ordered)).and_then(|at| again.get(at))
        else {
            continue;
        };
        check(key, new_key, notes).map_err(ReadError::within_entry)?;
        check(value, new, notes).map_err(ReadError::within_entry)?;
    }
    Ok(())
}
