//! Restores the values that a run goes on with, and refuses to lose anything of them.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::form::{Form, List};
use super::written::Written;
use super::{Carried, CarriedError};
use crate::value::{self, ReadError, Schema, Section, Trace, Values};

/// A restored value, written again to be compared with the stored one.
struct Again<'a> {
    schema: Cow<'a, Schema>,
    sections: Vec<Section>,
    bytes: Vec<u8>,
}

impl Again<'_> {
    fn values(&self, is_list: bool) -> Values<'_> {
        let (sections, bytes) = (self.sections.as_slice().into(), self.bytes.as_slice().into());
        Values { schema: &self.schema, sections, bytes, is_list }
    }
}

/// Decodes the value as a `T`, and checks that it has all that is stored. `again` writes the decoded value for this
/// comparison; `is_list` tells whether it writes the elements of a list.
pub(super) fn restored<T: DeserializeOwned>(
    carried: &Carried,
    name: &str,
    is_list: bool,
    again: impl Fn(&T, &mut Written<'_, T>) -> Result<(), CarriedError>,
) -> Result<T, CarriedError> {
    let trace = Trace::default();
    let value = carried.decode_traced(name, Some(&trace))?;
    let Some(stored) = values_of(carried) else { return Ok(value) };
    let again = |value: &T| {
        let mut written = Written::with(name, stored.schema);
        // The next save refuses a value that can't be written, with an error of its own.
        again(value, &mut written).ok()?;
        let Written { bytes, schema, .. } = written;
        let (version, len) = (schema.version(), bytes.len() as u64);
        let sections = vec![Section { version, elements: 0, len }];
        Some(Again { schema, sections, bytes })
    };
    if value::is_numbers(&value) {
        return Ok(value);
    }
    let Some(new) = again(&value) else { return Ok(value) };
    let is_same_version = |it: &Section| new.sections.iter().all(|new| new.version == it.version);
    let is_same_version = stored.sections.iter().all(is_same_version);
    if is_same_version && stored.is_list == is_list && new.bytes == *stored.bytes {
        return Ok(value);
    }
    let refused = |error: ReadError| carried.shape_changed::<T>(name, &error);
    let converted = value::check_kept(&stored, &new.values(is_list), &trace).map_err(refused)?;
    for conversion in converted {
        let with_another = Trace::with_another(&conversion);
        let other = carried.decode_traced(name, Some(&with_another)).ok();
        let Some(other) = other.and_then(|other| again(&other)) else { continue };
        value::check_converted(&stored, &other.values(is_list), &trace, &conversion)
            .map_err(refused)?;
    }
    Ok(value)
}

/// Returns the stored values; `None` if they have no names, or are damaged.
fn values_of(carried: &Carried) -> Option<Values<'_>> {
    let schema = carried.form.known_names()?.schema()?;
    let bytes = Cow::Borrowed(&**carried.bytes);
    Some(match &carried.form {
        Form::Named(named) => {
            let section = Section::new(named.1, 1, &bytes);
            Values { schema, sections: vec![section].into(), bytes, is_list: false }
        }
        Form::NamedList(list) => {
            let List(_, sections) = &**list;
            Values { schema, sections: sections.into(), bytes, is_list: true }
        }
        Form::Worklist(waiting) => {
            let (sections, values) = waiting.values()?;
            let (sections, bytes) = (sections.into(), values.into());
            Values { schema, sections, bytes, is_list: true }
        }
        Form::Plain | Form::PlainList(_) | Form::ListAt(_) | Form::Differing(_) => return None,
    })
}
