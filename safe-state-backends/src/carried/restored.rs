//! The values that a run goes on with, of which nothing may be lost.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::form::{Form, List};
use super::written::Written;
use super::{Carried, CarriedError};
use crate::value::{self, ReadError, Schema, Section, Trace, Values};

impl Carried {
    /// Decodes the value as a `T`, and checks that all that is stored comes back in it: `again` writes it as it is now.
    /// `is_list` tells whether it writes the elements of a list.
    pub(super) fn restored<T: DeserializeOwned>(
        &self,
        name: &str,
        is_list: bool,
        again: impl FnOnce(&T, &mut Written<'_, T>) -> Result<(), CarriedError>,
    ) -> Result<T, CarriedError> {
        let trace = Trace::default();
        let value = self.decode_traced(name, Some(&trace))?;
        let Some((schema, sections, bytes, was_list)) = self.values() else { return Ok(value) };
        let mut written = Written::with(name, schema);
        // A value that can't be written is refused by the next save, in its words.
        if value::is_numbers(&value) || again(&value, &mut written).is_err() {
            return Ok(value);
        }
        let Written { bytes: new, schema: new_schema, .. } = written;
        let section = Section { version: new_schema.version(), elements: 0, len: new.len() as u64 };
        let is_same_version = sections.iter().all(|it| it.version == section.version);
        if is_same_version && was_list == is_list && new == *bytes {
            return Ok(value);
        }
        let stored: Values<'_> = (schema, &sections, &bytes, was_list);
        value::check_kept(stored, (&new_schema, &[section], &new, is_list), &trace)
            .map_err(|error: ReadError| self.shape_changed::<T>(name, &error))?;
        Ok(value)
    }

    /// Returns the stored values; `None` if they have no names, or are damaged.
    fn values(&self) -> Option<(&Schema, Cow<'_, [Section]>, Cow<'_, [u8]>, bool)> {
        let schema = self.form.known_names()?.schema()?;
        Some(match &self.form {
            Form::Named(named) => {
                let section = Section::new(named.1, 1, &self.bytes);
                (schema, vec![section].into(), Cow::Borrowed(&**self.bytes), false)
            }
            Form::NamedList(list) => {
                let List(_, sections) = &**list;
                (schema, sections.into(), Cow::Borrowed(&**self.bytes), true)
            }
            Form::Worklist(waiting) => {
                let (sections, values) = waiting.values()?;
                (schema, sections.into(), values.into(), true)
            }
            Form::Plain | Form::PlainList(_) | Form::ListAt(_) | Form::Differing(_) => return None,
        })
    }
}
