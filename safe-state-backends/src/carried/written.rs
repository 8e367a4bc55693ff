//! How values are written by the names that are stored, and refused where they would not read back.

use std::any::type_name;
use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::names::Names;
use super::{Carried, CarriedError};
use crate::value::{self, Schema, Section, Unwritten};

/// A value of type `T` as it is written, by the names that are stored already.
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

    /// Writes all of them in one version of the schema.
    pub(super) fn write_all<'v, V: Serialize + 'v>(
        &mut self,
        values: &(impl Iterator<Item = &'v V> + Clone),
    ) -> Result<(), CarriedError> {
        self.write_each(values, |_| ())
    }

    /// Writes all of them in one version of the schema, and gives where each ends.
    pub(super) fn ends_of_all<'v, V: Serialize + 'v>(
        &mut self,
        values: impl Iterator<Item = &'v V> + Clone,
    ) -> Result<Vec<usize>, CarriedError> {
        let mut ends = Vec::new();
        self.write_each(&values, |end| ends.push(end))?;
        // Those of what was written in an older version come before.
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

/// The names to store with a value, and whether there are new ones.
pub(super) fn named(schema: Cow<'_, Schema>, names: Option<&Names>) -> (Names, bool) {
    match (schema, names) {
        (Cow::Borrowed(_), Some(names)) => (names.stored(), false),
        (schema, names) => {
            let new = Names::new(schema.into_owned());
            // What is new may be no more than this process has seen.
            let is_same = names.is_some_and(|names| *names == new);
            (if is_same { new.stored() } else { new }, true)
        }
    }
}

/// Refuses a value where something first shows that could not be restored: `Serialize` may leave out or
/// shape things in ways that `Deserialize` does not undo.
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
            // One that may be large is compared as it is written.
            let written = value::write_beside(&value, Cow::Borrowed(&**schema), bytes)
                .map_err(|error| unserializable::<T>(name, error.to_string()))?;
            let Cow::Owned(other) = written.1 else {
                drop(value);
                return unwritten_field::<T>(name, &unwritten, (schema, &sections, bytes));
            };
            again = other;
            continue;
        }
        // One that shows something else than it did has more to it than is compared below.
        value::write(&value, Cow::Borrowed(&**schema), &mut again)
            .map_err(|error| unserializable::<T>(name, error.to_string()))?;
    }
    if again == bytes {
        return unwritten_field::<T>(name, &unwritten, (schema, &sections, bytes));
    }
    // In any order, as that of a hash map is another each time.
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

/// Refuses a value with a field that is read and never written.
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
