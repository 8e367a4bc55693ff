//! The values of carried variables.

mod carry;
mod differing;
mod error;
mod form;
mod lists;
mod names;
mod part;
mod stream;
mod value_at;
mod waiting;
mod written;

use std::any::type_name;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::generation::Generation;
use crate::limits::NESTING_LIMIT;
use form::Form;

use crate::value::ReadError;

pub use carry::Carry;
pub use error::CarriedError;
pub use stream::StoredResults;
pub use value_at::ValueAt;

/// A carried variable's value as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The items of the loops around the variable's declaration in which it was saved.
    #[serde(deserialize_with = "bounded::boxed_list::<NESTING_LIMIT, _, _>")]
    within: Box<[u64]>,
    type_name: Box<str>,
    form: Form,
    #[serde(with = "shared")]
    pub(crate) bytes: Arc<Vec<u8>>,
    /// Of a list, which one it is.
    #[serde(skip)]
    generation: Generation,
}

/// What became of a carried variable since the save before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarriedChange {
    /// The variable.
    pub name: String,
    /// Whether elements were added to what is stored; else the value takes its place.
    pub appends: bool,
    /// The value, or the elements.
    pub value: Carried,
}

impl CarriedChange {
    /// A variable of type `T` for which `bytes` stand; none if that is what is `stored`.
    pub fn of_bytes<T>(
        name: &str,
        within: Vec<u64>,
        bytes: Vec<u8>,
        stored: Option<&Carried>,
    ) -> Option<Self> {
        let value = Carried::new::<T>(within, Form::Plain, bytes);
        let changed = stored != Some(&value);
        changed.then(|| CarriedChange { name: name.to_owned(), appends: false, value })
    }
}

impl Carried {
    fn new<T>(within: Vec<u64>, form: Form, bytes: impl Into<Arc<Vec<u8>>>) -> Self {
        let type_name = type_name::<T>().into();
        let (bytes, generation) = (bytes.into(), Generation::default());
        Carried { within: within.into(), type_name, form, bytes, generation }
    }

    /// The items of the loops around the variable's declaration in which it was saved.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// The bytes of a value by name.
    fn named_bytes(&self) -> Option<&Arc<Vec<u8>>> {
        matches!(self.form, Form::Named(_)).then_some(&self.bytes)
    }

    /// Whether it is a handle, behind which stands a seal.
    pub(crate) fn is_sealed(&self) -> bool {
        const SEAL: usize = 20;
        let seal = self.bytes.len().checked_sub(SEAL).and_then(|at| self.bytes.get(at..));
        matches!(self.form, Form::Plain) && seal.is_some_and(|seal| seal.starts_with(b"SEAL"))
    }

    /// How many bytes the value takes.
    pub fn size(&self) -> usize {
        self.bytes.len().saturating_add(self.form.size())
    }

    /// The bytes that stand for a variable of type `T`, if they were not made by serialising it.
    ///
    /// # Errors
    ///
    /// It was saved as another type.
    pub fn bytes_of<T>(&self, name: &str) -> Result<&[u8], CarriedError> {
        match self.form {
            Form::Plain => self.check_type::<T>(name).map(|()| self.bytes.as_slice()),
            _ => Err(self.type_changed::<T>(name)),
        }
    }

    /// The value of the variable `name`.
    ///
    /// # Errors
    ///
    /// It does not read as a `T` without loss.
    pub fn decode<T: DeserializeOwned>(&self, name: &str) -> Result<T, CarriedError> {
        if !self.form.has_names() {
            self.check_type::<T>(name)?;
        }
        self.form.decode(&self.bytes).map_err(|error| self.shape_changed::<T>(name, &error))
    }

    /// The elements of the list `name`, each as it is asked for.
    pub(crate) fn results<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<StoredResults<'_, T>, CarriedError> {
        StoredResults::of(self, name)
    }

    /// An element or a value that does not read as a `T`.
    fn shape_changed<T>(&self, name: &str, error: &ReadError) -> CarriedError {
        CarriedError::ShapeChanged {
            name: name.to_owned(),
            stored: self.form.shape().unwrap_or_else(|| self.type_name.to_string()),
            current: error.current().unwrap_or(type_name::<T>()).to_owned(),
            reason: error.to_string(),
        }
    }

    fn check_type<T>(&self, name: &str) -> Result<(), CarriedError> {
        if *self.type_name == *type_name::<T>() {
            Ok(())
        } else {
            Err(self.type_changed::<T>(name))
        }
    }

    fn type_changed<T>(&self, name: &str) -> CarriedError {
        CarriedError::TypeChanged {
            name: name.to_owned(),
            stored: self.type_name.to_string(),
            current: type_name::<T>(),
        }
    }

    /// Whether it is a list, to which the elements of another can be added, or a worklist that can change so.
    pub(crate) fn is_list_like(&self, other: &Carried) -> bool {
        self.form.is_list_like(&other.form)
            && (self.within == other.within || matches!(self.form, Form::Worklist(_)))
            && self.type_name == other.type_name
    }

    /// Whether its names are those of the value before, and are to be taken from there.
    pub(crate) fn lacks_names(&self) -> bool {
        self.form.lacks_names()
    }

    /// Whether a value that lacks its names can take them from here.
    pub(crate) fn has_names(&self) -> bool {
        self.form.has_names()
    }

    /// Gives the value its names to be written, which a change leaves out if the value before has the same ones.
    pub fn with_names(self) -> Carried {
        self.named_by(None)
    }

    /// Takes the names from the value before, if it has none of its own.
    pub(crate) fn named_by(mut self, before: Option<&Carried>) -> Carried {
        self.form.take_names(before.map(|before| &before.form));
        self
    }

    /// Adds the elements of another list; a worklist changes as the other says.
    pub(crate) fn append(&mut self, added: Carried) {
        self.form.append(added.form);
        if let Form::Worklist(_) = self.form {
            (self.within, self.generation) = (added.within, added.generation);
        }
        Arc::make_mut(&mut self.bytes).extend_from_slice(&added.bytes);
    }
}

/// Bytes that a record shares with what it has changed.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};
    use serde_bytes::ByteBuf;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<Vec<u8>>, D::Error> {
        Ok(Arc::new(ByteBuf::deserialize(deserializer)?.into_vec()))
    }
}

#[cfg(test)]
mod tests;
