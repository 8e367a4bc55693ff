//! The values that a run goes on with, of which nothing may be lost.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::form::{Form, List};
use super::written::Written;
use super::{Carried, CarriedError};
use crate::value::{self, ReadError, Section, Trace, Values};

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
        let Some(stored) = self.values() else { return Ok(value) };
        let mut written = Written::with(name, stored.schema);
        // A value that can't be written is refused by the next save, in its words.
        if value::is_numbers(&value) || again(&value, &mut written).is_err() {
            return Ok(value);
        }
        let Written { bytes: new, schema: new_schema, .. } = written;
        let section = Section { version: new_schema.version(), elements: 0, len: new.len() as u64 };
        let is_same_version = stored.sections.iter().all(|it| it.version == section.version);
        if is_same_version && stored.is_list == is_list && new == *stored.bytes {
            return Ok(value);
        }
        let (sections, bytes) = (vec![section].into(), new.into());
        let again = Values { schema: &new_schema, sections, bytes, is_list };
        value::check_kept(&stored, &again, &trace)
            .map_err(|error: ReadError| self.shape_changed::<T>(name, &error))?;
        Ok(value)
    }

    /// Returns the stored values; `None` if they have no names, or are damaged.
    fn values(&self) -> Option<Values<'_>> {
        let schema = self.form.known_names()?.schema()?;
        let bytes = Cow::Borrowed(&**self.bytes);
        Some(match &self.form {
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
}
