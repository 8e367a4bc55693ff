//! The trait of values that can be carried, and how much of one a save writes.

use std::any::type_name;
use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::form::{Form, List};
use super::names::Names;
use super::{Carried, CarriedChange, CarriedError};
use crate::Results;
use crate::value::{self, Schema, Section, Unwritten};

/// A value that can be carried: anything that is `Serialize + DeserializeOwned`, and [`Results`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried",
    label = "this is not `Serialize` and `Deserialize`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for a type of your own",
    note = "name a file, a connection or the like in `reconnect(..)` instead, to open it again as it was",
    note = "name the variable in `fresh(..)` instead if every run may start with a new one"
)]
pub trait Carry: Sized {
    /// Returns what is to be saved of the variable `name`, of which `stored` is there already; none if it
    /// has not changed.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails, or the value would not read back as what it is.
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError>;

    /// Returns what is to be kept of the variable `name` beside its last value, of which `stored` is there already;
    /// none if that is what it has. What is saved of its last value goes on as before.
    ///
    /// # Errors
    ///
    /// As [`change`](Self::change).
    fn kept(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        self.change(name, within, stored)
    }

    /// Returns the value of the variable `name` that is `stored`.
    ///
    /// # Errors
    ///
    /// It does not read as this type without loss.
    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError>;

    /// Gives the value to a serializer that shows it.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Carry for T {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let like = stored.filter(|stored| *stored.type_name == *type_name::<T>());
        let before = like.map_or(&[][..], |stored| &stored.bytes);
        let Written { schema, names, .. } = Written::<T>::beside(name, stored);
        let (schema, bytes) = value::write_beside(self, schema, before)
            .map_err(|error| unserializable::<T>(name, error.to_string()))?;
        let section = Section::new(schema.version(), 1, &bytes);
        let (names, is_new) = named(schema, names);
        if is_new {
            check_reads_back::<T>(name, &names, section, &bytes)?;
        }
        let form = Form::Named(Box::new((names, section.version)));
        let is_before = |stored: &Carried| stored.form == form && *stored.within == within;
        if matches!(bytes, Cow::Borrowed(_)) && like.is_some_and(is_before) {
            return Ok(None);
        }
        let value = Carried::new::<T>(within, form, bytes.into_owned());
        let changed = stored != Some(&value);
        Ok(changed.then(|| CarriedChange { name: name.to_owned(), appends: false, value }))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        stored.decode(name)
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<T: Serialize + DeserializeOwned> Carry for Results<T> {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let like = stored
            .filter(|stored| *stored.within == within && *stored.type_name == *type_name::<Self>());
        let known = like.filter(|stored| stored.has_names()).and_then(|stored| {
            Some((&stored.generation, usize::try_from(stored.form.elements()?).ok()?))
        });
        let (appends, new) = self.unsaved(known);
        if appends && new.is_empty() {
            return Ok(None);
        }
        let mut change = list_change::<T>(name, within, stored, (appends, new))?;
        // In too many versions of the schema, elements can't be added.
        let takes = stored.is_some_and(|stored| stored.is_list_like(&change.value));
        if appends && !takes {
            let within = change.value.within.into_vec();
            change = list_change::<T>(name, within, stored, (false, self))?;
        }
        change.value.generation = self.generation();
        Ok(Some(change))
    }

    fn kept(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let change = list_change::<T>(name, within, stored, (false, self))?;
        Ok(Some(change).filter(|change| stored != Some(&change.value)))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        stored.decode(name).map(|list: Results<T>| list.restored(&stored.generation))
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}

/// Returns what is to be saved of a list: `new` elements behind what is `stored` of it, or in its place.
fn list_change<T: Serialize + DeserializeOwned>(
    name: &str,
    within: Vec<u64>,
    stored: Option<&Carried>,
    (appends, new): (bool, &[T]),
) -> Result<CarriedChange, CarriedError> {
    let mut written = Written::<Results<T>>::beside(name, stored);
    written.write_all(new)?;
    let Written { bytes, schema, names, .. } = written;
    let section = Section::new(schema.version(), new.len(), &bytes);
    let (names, is_new) = named(schema, names);
    if is_new {
        check_reads_back::<T>(name, &names, section, &bytes)?;
    }
    let form = Form::NamedList(Box::new(List(names, vec![section])));
    let value = Carried::new::<Results<T>>(within, form, bytes);
    Ok(CarriedChange { name: name.to_owned(), appends, value })
}

/// A value of type `T` as it is written, by the names that are stored already.
struct Written<'a, T> {
    name: &'a str,
    bytes: Vec<u8>,
    schema: Cow<'a, Schema>,
    names: Option<&'a Names>,
    marker: std::marker::PhantomData<T>,
}

impl<'a, T> Written<'a, T> {
    fn beside(name: &'a str, stored: Option<&'a Carried>) -> Self {
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
    fn write_all(&mut self, values: &[impl Serialize]) -> Result<(), CarriedError> {
        loop {
            let version = self.schema.version();
            values.iter().try_for_each(|value| self.write(value))?;
            if self.schema.version() == version {
                return Ok(());
            }
            self.bytes.clear();
        }
    }
}

/// The names to store with a value, and whether there are new ones.
fn named(schema: Cow<'_, Schema>, names: Option<&Names>) -> (Names, bool) {
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
fn check_reads_back<T: Serialize + DeserializeOwned>(
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

fn unserializable<T>(name: &str, reason: String) -> CarriedError {
    CarriedError::Unserializable { name: name.to_owned(), current: type_name::<T>(), reason }
}
