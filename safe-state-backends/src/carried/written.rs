//! The writing of values by the stored names, and the refusal of values that would not read back.

use std::any::type_name;
use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::names::Names;
use super::{Carried, CarriedError};
use crate::value::{self, LeftOut, Parts, Schema, Section, Trace, Unwritten, WriteError};

/// A writer of values of type `T` that uses the names stored already.
pub(super) struct Written<'a, T> {
    name: &'a str,
    pub(super) bytes: Vec<u8>,
    pub(super) schema: Cow<'a, Schema>,
    pub(super) names: Option<&'a Names>,
    pub(super) left_out: LeftOut,
    marker: std::marker::PhantomData<T>,
}

impl<'a, T> Written<'a, T> {
    pub(super) fn beside(name: &'a str, stored: Option<&'a Carried>) -> Self {
        let like = stored.filter(|stored| *stored.type_name == *type_name::<T>());
        let names = like.and_then(|stored| stored.form.known_names());
        let schema = names.and_then(|names| names.schema());
        let schema = schema.map_or_else(Cow::default, |schema| Cow::Borrowed(&**schema));
        let (left_out, marker) = (LeftOut::default(), std::marker::PhantomData);
        Written { name, bytes: Vec::new(), schema, names, left_out, marker }
    }

    /// Creates a writer that uses the names in `schema`.
    pub(super) fn with(name: &'a str, schema: &'a Schema) -> Self {
        let (left_out, marker) = (LeftOut::default(), std::marker::PhantomData);
        Written {
            name,
            bytes: Vec::new(),
            schema: Cow::Borrowed(schema),
            names: None,
            left_out,
            marker,
        }
    }

    fn write(&mut self, value: &impl Serialize) -> Result<(), CarriedError> {
        let schema = std::mem::take(&mut self.schema);
        match value::write(value, schema, &mut self.bytes) {
            Ok((schema, left_out)) => {
                self.schema = schema;
                self.left_out.add(left_out);
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
            self.left_out = LeftOut::default();
        }
    }
}

/// Returns the names to store with a value, and whether this write added names.
pub(super) fn named(schema: Cow<'_, Schema>, names: Option<&Names>) -> (Names, bool) {
    match (schema, names) {
        (Cow::Borrowed(_), Some(names)) => (names.stored(), false),
        (schema, names) => {
            let new = Names::new(schema.into_owned());
            if names.is_some_and(Names::are_doubtful) {
                new.doubt();
            }
            // Names that are new to the stored schema may already be stored by now.
            let is_same = names.is_some_and(|names| *names == new);
            (if is_same { new.stored() } else { new }, true)
        }
    }
}

/// Refuses values that would not read back: `Serialize` may leave out or reshape things in ways that `Deserialize` does not undo.
/// The values of a new shape are always checked. If some values of the shape may be lost although others come back, all that
/// follow are checked too.
pub(super) fn check_reads_back<T: Serialize + DeserializeOwned>(
    name: &str,
    (names, is_new): (&Names, bool),
    section: Section,
    (bytes, left_out): (&[u8], LeftOut),
) -> Result<(), CarriedError> {
    let Some(schema) = names.schema().filter(|_| is_new || names.are_doubtful()) else {
        return Ok(());
    };
    let (unwritten, trace, sections) = (Unwritten::default(), Trace::default(), [section]);
    let parts = if is_new {
        unwritten.parts::<T>(schema, &sections, bytes)
    } else {
        Parts::new(schema, &sections, bytes)
    };
    let (again, left_out_again) =
        written_again(name, parts.traced(&trace), (schema, section), bytes)?;
    if is_new {
        if trace.is_doubtful(schema) {
            names.doubt();
        }
        unwritten_field::<T>(name, &unwritten, (schema, &sections, bytes))?;
    }
    let again = again.as_deref().unwrap_or(bytes);
    if left_out == left_out_again && value::are_same(schema, section.version, bytes, again) {
        return Ok(());
    }
    let reason = "it does not read back as what was written; what its `Serialize` leaves out or changes, its \
                  `Deserialize` has to make again";
    Err(unserializable::<T>(name, reason.to_owned()))
}

/// Reads the values and writes them again. Returns the bytes, which are `None` if they equal those that were read, and a summary
/// of the fields that were left out.
fn written_again<T: Serialize + DeserializeOwned>(
    name: &str,
    values: Parts<'_, T>,
    (schema, section): (&Schema, Section),
    bytes: &[u8],
) -> Result<(Option<Vec<u8>>, LeftOut), CarriedError> {
    let unwritable = |error: WriteError| unserializable::<T>(name, error.to_string());
    let (mut again, mut left_out) = (Vec::new(), LeftOut::default());
    for value in values {
        let value = value.map_err(|error| {
            let reason = format!("it does not read back as what was written: {error}");
            unserializable::<T>(name, reason)
        })?;
        if section.elements == 1 {
            // A single value may be large, so it is compared while it is written.
            let written = value::write_beside(&value, Cow::Borrowed(schema), bytes);
            let (_, again, left_out) = written.map_err(unwritable)?;
            let other = if let Cow::Owned(other) = again { Some(other) } else { None };
            return Ok((other, left_out));
        }
        // A value that writes new names differs in more than the comparison shows.
        let written = value::write(&value, Cow::Borrowed(schema), &mut again);
        left_out.add(written.map_err(unwritable)?.1);
    }
    Ok((Some(again), left_out))
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
