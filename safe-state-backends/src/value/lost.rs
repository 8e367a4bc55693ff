//! Finds what a stored value loses when it is read as a type that has changed since. The value is written again as that type,
//! and compared with what is stored: by the names of fields, and by the number of elements.
//!
//! A number, a text or a variant may come back as another one, because a type may convert it on purpose. But a type that reads
//! every other value as the same one, as a variant with `#[serde(other)]` does, has lost it. To find that out, the value is read
//! once more with another one in its place.

mod notes;
mod unordered;

use std::collections::{HashMap, HashSet};

use serde::de::Error as _;

use super::Values;
use super::read::{Conversion, Item, Look, ReadError, Trace};
use super::schema::RecordId;
use notes::Notes;
use unordered::{check_count, check_entries, check_set};

/// A struct, or a map whose keys can be shown.
struct Named<'a> {
    /// The struct, and its name; `None` for a map.
    record: Option<(RecordId, &'a str)>,
    /// The fields or entries by name, in the order in which errors list them.
    fields: Vec<(String, Item<'a>)>,
}

/// Checks that nothing of the stored values is lost in the same values, written again. Returns the numbers, texts and variants
/// that came back as others.
pub(super) fn check_values(
    stored: &Values<'_>,
    again: &Values<'_>,
    trace: &Trace,
) -> Result<Vec<Conversion>, ReadError> {
    let notes = Notes::new(trace, None);
    check_lists(stored, again, &notes)?;
    notes.check_moved()?;
    Ok(notes.into_converted())
}

/// Checks that a type does not read every value as the same one: `again` was read with another value in place of the converted
/// one.
pub(super) fn check_converted(
    stored: &Values<'_>,
    again: &Values<'_>,
    trace: &Trace,
    conversion: &Conversion,
) -> Result<(), ReadError> {
    let notes = Notes::new(trace, Some(conversion));
    // All other differences come from the other value.
    check_lists(stored, again, &notes)
        .or_else(|error| if notes.is_taken_as_any.get() { Err(error) } else { Ok(()) })
}

fn check_lists(
    stored: &Values<'_>,
    again: &Values<'_>,
    notes: &Notes<'_>,
) -> Result<(), ReadError> {
    let (is_list, is_new_list) = (stored.is_list, again.is_list);
    let stored = Item::in_sections(stored.schema, &stored.sections, &stored.bytes)?;
    let again = Item::in_sections(again.schema, &again.sections, &again.bytes)?;
    match (&*stored, &*again, is_list, is_new_list) {
        ([old], [new], false, false) => check(old, new, notes),
        ([old], _, false, true) => match old.look()? {
            Look::List(stored) | Look::Tuple(stored) => check_all(&stored, &again, notes),
            _ => Ok(()),
        },
        (_, [new], true, false) => match new.look()? {
            Look::List(all) if !new.is_ordered() => check_set(&stored, &all, notes, check),
            Look::List(again) | Look::Tuple(again) => check_all(&stored, &again, notes),
            _ => Ok(()),
        },
        _ => check_all(&stored, &again, notes),
    }
}

/// Checks that nothing of the `stored` values is lost in the values `again`, each compared with the one at its position.
fn check_all(stored: &[Item<'_>], again: &[Item<'_>], notes: &Notes<'_>) -> Result<(), ReadError> {
    check_count(stored.len(), again.len())?;
    for (at, (old, new)) in stored.iter().zip(again).enumerate() {
        check(old, new, notes).map_err(|error| error.within_element(at as u64))?;
    }
    Ok(())
}

fn check(old: &Item<'_>, new: &Item<'_>, notes: &Notes<'_>) -> Result<(), ReadError> {
    match (old.look()?, new.look()?) {
        (Look::Some(old), Look::Some(new)) => check(&old, &new, notes),
        (Look::None, _) => Ok(()),
        (_, Look::Some(new)) => check(old, &new, notes),
        (_, Look::None) if !is_nothing(old)? => {
            Err(ReadError::custom("a value was stored that does not come back"))
        }
        (Look::Some(old), _) => check(&old, new, notes),
        (Look::List(old), Look::List(all)) if !new.is_ordered() => {
            check_set(&old, &all, notes, check)
        }
        (stored, again) => check_looks((old, &stored), (new, &again), notes),
    }
}

fn check_looks(
    (old, stored): (&Item<'_>, &Look<'_>),
    (new, again): (&Item<'_>, &Look<'_>),
    notes: &Notes<'_>,
) -> Result<(), ReadError> {
    notes.note_words(stored, again)?;
    match (stored, again) {
        // A tuple may have got more elements, by their defaults.
        (Look::Tuple(stored), Look::Tuple(again)) if stored.len() < again.len() => {
            check_all(stored, again.get(..stored.len()).unwrap_or_default(), notes)
        }
        (Look::List(stored) | Look::Tuple(stored), Look::List(again) | Look::Tuple(again)) => {
            check_all(stored, again, notes)
        }
        (Look::Newtype(old), Look::Newtype(new)) => check(old, new, notes),
        (Look::Variant(name, Some(stored)), Look::Variant(_, Some(again))) => {
            check_looks((old, stored), (new, again), notes)
                .map_err(|error| error.within_variant(name))
        }
        (Look::Variant(name, Some(stored)), Look::Variant(_, None)) => check_nothing(name, stored),
        (Look::Variant(name, Some(_)), Look::Struct(..) | Look::Map(_)) => {
            let is_entry = |it: Named<'_>| it.fields.iter().any(|(key, _)| key == name);
            if named(new, again)?.is_none_or(is_entry) {
                return Ok(());
            }
            Err(ReadError::custom(format!(
                "the variant `{name}` was stored, which does not come back"
            )))
        }
        _ => match (named(old, stored)?, named(new, again)?) {
            (Some(stored), Some(again)) => check_named(&stored, new, &again, notes),
            _ => match (stored, again) {
                (Look::Map(stored), Look::Map(again)) => check_entries(stored, again, notes, check),
                _ => Ok(()),
            },
        },
    }
}

fn named<'a>(item: &Item<'a>, look: &Look<'a>) -> Result<Option<Named<'a>>, ReadError> {
    Ok(match look {
        Look::Struct(record, fields) => {
            let fields = fields.iter().map(|(name, item)| ((*name).to_owned(), *item)).collect();
            Some(Named { record: Some((*record, item.struct_name(*record))), fields })
        }
        Look::Map(entries) => {
            let mut fields = Vec::new();
            for (key, value) in entries {
                let Look::Scalar(key) = key.look()? else { return Ok(None) };
                fields.push((key.text(), *value));
            }
            Some(Named { record: None, fields })
        }
        _ => None,
    })
}

fn check_named(
    stored: &Named<'_>,
    new: &Item<'_>,
    again: &Named<'_>,
    notes: &Notes<'_>,
) -> Result<(), ReadError> {
    check_ranges(stored, again)?;
    let names: HashSet<&str> = stored.fields.iter().map(|(name, _)| &**name).collect();
    let values: HashMap<&str, &Item<'_>> =
        again.fields.iter().map(|(name, value)| (&**name, value)).collect();
    let is_added = |field: &&(String, Item<'_>)| !names.contains(&*field.0);
    let mut added: Vec<_> = again.fields.iter().filter(is_added).collect();
    for (name, value) in &stored.fields {
        if let Some(again) = values.get(&**name) {
            check(value, again, notes).map_err(|error| error.within_field(name))?;
        } else if !is_kept(stored, (name, value), (new, again), &mut added, notes)? {
            let fields: Vec<_> = again.fields.iter().map(|(name, _)| &**name).collect();
            let name_of = again.record.or(stored.record).map_or("map", |(_, name)| name);
            let new = added.first().map(|(name, _)| &**name);
            return Err(ReadError::no_field(name, new).of_struct(name_of, &fields));
        }
    }
    if again.record.is_some() {
        for (name, _) in added {
            notes.note_added(name);
        }
    }
    Ok(())
}

/// Refuses the loss of the value in the variant `name`.
fn check_nothing(name: &str, stored: &Look<'_>) -> Result<(), ReadError> {
    match stored {
        Look::Newtype(item) if is_nothing(item)? => Ok(()),
        _ => Err(ReadError::custom(format!(
            "the variant `{name}` was stored with a value, which does not come back"
        ))),
    }
}

/// Returns whether the value of a field is kept although the field is no longer written.
fn is_kept(
    stored: &Named<'_>,
    (name, value): (&str, &Item<'_>),
    (new, again): (&Item<'_>, &Named<'_>),
    added: &mut Vec<&(String, Item<'_>)>,
    notes: &Notes<'_>,
) -> Result<bool, ReadError> {
    let record = stored.record.map(|(record, _)| record).filter(|it| notes.trace.is_by_name(*it));
    let is_ignored = record.is_some_and(|record| notes.trace.is_ignored(record, name));
    if record.is_some() && !is_ignored {
        // A field of the type has read it, and is written under another name.
        return Ok(true);
    }
    if again.record.is_some_and(|(record, _)| new.leaves_out(record, name)) {
        return Ok(true);
    }
    for (at, (new_name, other)) in added.iter().enumerate() {
        if is_equal(value, other)? {
            if stored.record.is_none() {
                notes.note_conversion(name.to_owned(), new_name.clone())?;
            }
            added.remove(at);
            return Ok(true);
        }
    }
    // A field may be removed from a struct, unless an added field may be the same one under a new name.
    Ok(added.is_empty() && (is_ignored || is_nothing(value)?))
}

/// Refuses a range that is read as one of another kind.
fn check_ranges(stored: &Named<'_>, again: &Named<'_>) -> Result<(), ReadError> {
    const RANGES: [&str; 4] = ["Range", "RangeInclusive", "RangeFrom", "RangeTo"];
    let Some(((_, old), (_, new))) = stored.record.zip(again.record) else { return Ok(()) };
    if old == new || !RANGES.contains(&old) || !RANGES.contains(&new) {
        return Ok(());
    }
    Err(ReadError::custom(format!("a `{old}` was stored, which is no `{new}`")))
}

/// Returns whether a value is a usual default, such as `None`, zero or an empty list.
fn is_nothing(item: &Item<'_>) -> Result<bool, ReadError> {
    Ok(match item.look()? {
        Look::None => true,
        Look::Scalar(value) => matches!(&*value.text(), "" | "0" | "false"),
        Look::List(items) | Look::Tuple(items) => items.is_empty(),
        Look::Map(entries) => entries.is_empty(),
        _ => false,
    })
}

/// Returns whether two values are equal, even if the numbers in them have different types.
fn is_equal(old: &Item<'_>, new: &Item<'_>) -> Result<bool, ReadError> {
    match (old.look()?, new.look()?) {
        (Look::Some(old), Look::Some(new)) => is_equal(&old, &new),
        (Look::Some(old), _) => is_equal(&old, new),
        (_, Look::Some(new)) => is_equal(old, &new),
        (stored, again) => are_equal((old, &stored), (new, &again)),
    }
}

fn are_equal(
    (old, stored): (&Item<'_>, &Look<'_>),
    (new, again): (&Item<'_>, &Look<'_>),
) -> Result<bool, ReadError> {
    match (stored, again) {
        (Look::None, Look::None) => Ok(true),
        (Look::Scalar(old), Look::Scalar(new)) => Ok(old.text() == new.text()),
        (Look::Newtype(old), Look::Newtype(new)) => is_equal(old, new),
        (Look::List(old) | Look::Tuple(old), Look::List(new) | Look::Tuple(new)) => {
            let mut pairs = old.iter().zip(new);
            Ok(old.len() == new.len()
                && pairs.try_fold(true, |all, (a, b)| Ok(all && is_equal(a, b)?))?)
        }
        (Look::Variant(old_name, stored), Look::Variant(new_name, again)) => {
            let is_body = match (stored, again) {
                (Some(stored), Some(again)) => are_equal((old, stored), (new, again))?,
                (stored, again) => stored.is_none() && again.is_none(),
            };
            Ok(old_name == new_name && is_body)
        }
        _ => {
            let (Some(stored), Some(again)) = (named(old, stored)?, named(new, again)?) else {
                return Ok(false);
            };
            let again: HashMap<_, _> = again.fields.into_iter().collect();
            stored.fields.iter().try_fold(true, |all, (name, value)| {
                let other = again.get(name);
                Ok(all && other.map_or(Ok(false), |other| is_equal(value, other))?)
            })
        }
    }
}
