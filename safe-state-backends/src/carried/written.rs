//! The writing of values by the stored names, and the refusal of values that would not read back.

use std::any::type_name;
use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::names::Names;
use super::{Carried, CarriedError};
use crate::value::{self, Schema, Section, Unwritten};

/// A writer of values of type `T` that uses the names stored already.
pub(super) struct Written<'a, T> {
    name: &'a str,
    pub(super) bytes: Vec<u8>,
    pub(super) schema: Cow<'a, Schema>,
    pub(super) names: Option<&'a Names>,
    marker: std::marker::PhantomData<T>,
}

impl<'a, T> Written<'a, T> {
    pub(super) fn beside(name: &'a str, stored: Option<&'a Carried>) -> Self {
        let like = stored.filter(|stored| *stored.type_name == *type_name::<T>());
        let names = like.and_then(|stored| stored.form.known_names());
        let schema = names.and_then(|names| names.schema());
        let schema = schema.map_or_else(Cow::default, |schema| Cow::Borrowed(&**schema));
        Written { name, bytes: Vec::new(), schema, names, marker: std::marker::PhantomData }
    }

    fn write(&mut self, value: &impl Serialize) -> Result<(), CarriedError> {
        let schema = std::mem::take(&mut self.schema);
        match value::write(value, schema, &mut self.bytes) {
            Ok(schema) => {
                self.schema = schema;
                Ok(())
            }
            Err(error) => Err(unserializable::<T>(self.name, error.to_string())),
        }
    }

    /// Writes all values in one version of the schema.
    pub(super) fn write_all<'v, V: Serialize + 'v>(
        &mut self,
        values: &(impl Iterator<Item = &'v V> + Clone),
    ) -> Result<(), CarriedError> {
        self.write_each(values, |_| ())
    }

    /// Writes all values in one version of the schema. Returns the position where each ends.
    pub(super) fn ends_of_all<'v, V: Serialize + 'v>(
        &mut self,
        values: impl Iterator<Item = &'v V> + Clone,
    ) -> Result<Vec<usize>, CarriedError> {
        let mut ends = Vec::new();
        self.write_each(&values, |end| ends.push(end))?;
        // Ends from attempts in an older version come before the final ones.
        let again = ends.len() - values.count();
        Ok(ends.split_off(again))
    }

    fn write_each<'v, V: Serialize + 'v>(
        &mut self,
        values: &(impl Iterator<Item = &'v V> + Clone),
        mut written: impl FnMut(usize),
    ) -> Result<(), CarriedError> {
        loop {
            let version = self.schema.version();
            for value in values.clone() {
                self.write(value)?;
                written(self.bytes.len());
            }
            if self.schema.version() == version {
                return Ok(());
            }
            self.bytes.clear();
        }
    }
}

/// Returns the names to store with a value, and whether this write added names.
pub(super) fn named(schema: Cow<'_, Schema>, names: Option<&Names>) -> (Names, bool) {
    match (schema, names) {
        (Cow::Borrowed(_), Some(names)) => (names.stored(), false),
        (schema, names) => {
            let new = Names::new(schema.into_owned());
            // Names that are new to the stored schema may already be stored by now.
            let is_same = names.is_some_and(|names| *names == new);
            (if is_same { new.stored() } else { new }, true)
        }
    }
}

/// Refuses a value whose shape is new if it would not read back: `Serialize` may leave out or reshape things in ways that
/// `Deserialize` does not undo.
pub(super) fn check_reads_back<T: Serialize + DeserializeOwned>(
    name: &str,
    names: &Names,
    section: Section,
    bytes: &[u8],
) -> Result<(), CarriedError> {
    let Some(schema) = names.schema() else { return Ok(()) };
    let mut again = Vec::new();
    let (unwritten, sections) = (Unwritten::default(), [section]);
    for value in unwritten.parts::<T>(schema, &sections, bytes) {
        let value = value.map_err(|error| {
            let reason = format!("it does not read back as what was written: {error}");
            unserializable::<T>(name, reason)
        })?;
        if section.elements == 1 {
            // A single value may be large, so it is compared while it is written.
            let written = value::write_beside(&value, Cow::Borrowed(&**schema), bytes)
                .map_err(|error| unserializable::<T>(name, error.to_string()))?;
            let Cow::Owned(other) = written.1 else {
                drop(value);
                return unwritten_field::<T>(name, &unwritten, (schema, &sections, bytes));
            };
            again = other;
            continue;
        }
        // A value that writes new names differs in more than the comparison below shows.
        value::write(&value, Cow::Borrowed(&**schema), &mut again)
            .map_err(|error| unserializable::<T>(name, error.to_string()))?;
    }
    if again == bytes {
        return unwritten_field::<T>(name, &unwritten, (schema, &sections, bytes));
    }
    // The bytes are compared in any order, because a hash map's order differs each time.
    let sorted = |mut bytes: Vec<u8>| {
        bytes.sort_unstable();
        bytes
    };
    unwritten_field::<T>(name, &unwritten, (schema, &sections, bytes))?;
    if sorted(again) == sorted(bytes.to_vec()) {
        return Ok(());
    }
    let reason = "it does not read back as what was written; what its `Serialize` leaves out, its `Deserialize` has \
                  to make again";
    Err(unserializable::<T>(name, reason.to_owned()))
}

/// Refuses a value with a field that its `Deserialize` reads and its `Serialize` never writes.
fn unwritten_field<T: DeserializeOwned>(
    name: &str,
    unwritten: &Unwritten,
    (schema, sections, bytes): (&Schema, &[Section], &[u8]),
) -> Result<(), CarriedError> {
    let Some(field) = unwritten.field::<T>(schema, sections, bytes) else { return Ok(()) };
    let reason = format!(
        "its `Deserialize` takes `{field}`, which its `Serialize` does not write; write it too, or put \
         `#[serde(skip)]` on it if it may begin anew in each run"
    );
    Err(unserializable::<T>(name, reason))
}

pub(super) fn unserializable<T>(name: &str, reason: String) -> CarriedError {
    CarriedError::Unserializable { name: name.to_owned(), current: type_name::<T>(), reason }
}
