//! The stored values of carried variables.

mod carry;
mod cells;
mod differing;
mod error;
mod form;
mod lists;
mod names;
mod part;
mod restored;
mod rewritten;
mod stream;
mod value_at;
mod waiting;
mod written;

use std::any::type_name;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::checkpoint::generation::Generation;
use crate::limits::NESTING_LIMIT;
use form::Form;

use crate::value::{ReadError, Trace};

pub use carry::Carry;
pub use error::CarriedError;
pub use rewritten::{Rewritten, write_cursor};
#[cfg(target_os = "linux")]
pub(crate) use rewritten::{all_rewritten, cursor_before};
pub use stream::StoredResults;
pub use value_at::ValueAt;

/// A carried variable's value in its stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The indices of the items of the loops around the variable's declaration in which the value was saved.
    #[serde(deserialize_with = "bounded::boxed_list::<NESTING_LIMIT, _, _>")]
    within: Box<[u64]>,
    type_name: Box<str>,
    form: Form,
    #[serde(with = "shared")]
    pub(crate) bytes: Arc<Vec<u8>>,
    /// The list of this process that the value was saved from or restored into, if the value is a list.
    #[serde(skip)]
    generation: Generation,
}

/// A change of a carried variable since the last save.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarriedChange {
    /// The variable's name.
    pub name: String,
    /// Whether the value is a list of elements to add to the stored list; else it replaces what is stored.
    pub appends: bool,
    /// The new value, or the elements to add.
    pub value: Carried,
}

impl CarriedChange {
    /// Returns the change that stores `bytes` for a variable of type `T`; `None` if `stored` has the same bytes.
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

    /// Returns the indices of the items of the loops around the variable's declaration in which the value was saved.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// Returns the bytes of a value that is stored by field names; `None` if it has another form.
    fn named_bytes(&self) -> Option<&Arc<Vec<u8>>> {
        matches!(self.form, Form::Named(_)).then_some(&self.bytes)
    }

    /// Returns whether the value is a handle, whose bytes end in a seal.
    pub(crate) fn is_sealed(&self) -> bool {
        const SEAL: usize = 20;
        let seal = self.bytes.len().checked_sub(SEAL).and_then(|at| self.bytes.get(at..));
        matches!(self.form, Form::Plain) && seal.is_some_and(|seal| seal.starts_with(b"SEAL"))
    }

    /// Returns the size of the value in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len().saturating_add(self.form.size())
    }

    /// Returns the bytes that stand for a variable of type `T`, if they were not made by serialising it.
    ///
    /// # Errors
    ///
    /// The value was saved as another type, or by field names.
    pub fn bytes_of<T>(&self, name: &str) -> Result<&[u8], CarriedError> {
        match self.form {
            Form::Plain => self.check_type::<T>(name).map(|()| self.bytes.as_slice()),
            _ => Err(self.type_changed::<T>(name)),
        }
    }

    /// Decodes the value as a `T`. `name` is the variable's name, for errors.
    ///
    /// # Errors
    ///
    /// The value does not read as a `T` without loss.
    pub fn decode<T: DeserializeOwned>(&self, name: &str) -> Result<T, CarriedError> {
        self.decode_traced(name, None)
    }

    fn decode_traced<T: DeserializeOwned>(
        &self,
        name: &str,
        trace: Option<&Trace>,
    ) -> Result<T, CarriedError> {
        if !self.form.has_names() {
            self.check_type::<T>(name)?;
        }
        self.form.decode(&self.bytes, trace).map_err(|error| self.shape_changed::<T>(name, &error))
    }

    /// Returns the elements of the list `name`, each decoded when the iterator reaches it.
    pub(crate) fn results<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<StoredResults<'_, T>, CarriedError> {
        StoredResults::of(self, name)
    }

    /// Makes the error of an element or a value that does not read as a `T`.
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

    /// Returns whether `other` can be added: both are lists, or `other` is a change of this worklist.
    pub(crate) fn is_list_like(&self, other: &Carried) -> bool {
        self.form.is_list_like(&other.form)
            && (self.within == other.within || matches!(self.form, Form::Worklist(_)))
            && self.type_name == other.type_name
    }

    /// Returns whether the value leaves out its names, which are those of the value before it.
    pub(crate) fn lacks_names(&self) -> bool {
        self.form.lacks_names()
    }

    /// Returns whether a value that leaves out its names can take them from this one.
    pub(crate) fn has_names(&self) -> bool {
        self.form.has_names()
    }

    /// Makes the value write its own names. A change leaves them out if the value before has the same ones.
    pub fn with_names(self) -> Carried {
        self.named_by(None)
    }

    /// Takes the names from the value before, if this value has none of its own.
    pub(crate) fn named_by(mut self, before: Option<&Carried>) -> Carried {
        self.form.take_names(before.map(|before| &before.form));
        self
    }

    /// Adds the elements of another list, or applies the change of a worklist.
    pub(crate) fn append(&mut self, added: Carried) {
        self.form.append(added.form);
        if let Form::Worklist(_) = self.form {
            (self.within, self.generation) = (added.within, added.generation);
        }
        Arc::make_mut(&mut self.bytes).extend_from_slice(&added.bytes);
    }
}

/// Serialises bytes that a record and a checkpoint share in memory.
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
mod evolved_tests;
#[cfg(test)]
mod read_back_tests;
#[cfg(test)]
mod tests;
