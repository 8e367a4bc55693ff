//! Stored lists that are read element by element.

use std::any::type_name;
use std::fmt;

use serde::de::{DeserializeOwned, Error as _};

use super::form::{Form, List};
use super::{Carried, CarriedError};
use crate::Results;
use crate::value::{Parts, ReadError};

/// The elements of a [`Results`] in a checkpoint, in their order, each decoded when the iterator reaches it: see
/// [`Checkpoint::results`](crate::Checkpoint::results). The iterator ends behind the first element that does not read.
pub struct StoredResults<'a, T> {
    name: String,
    /// The stored list and what is left of it; `None` if nothing is stored.
    from: Option<(&'a Carried, Elements<'a, T>)>,
    left: u64,
}

enum Elements<'a, T> {
    Plain(&'a [u8]),
    Named(Parts<'a, T>),
}

impl<'a, T: DeserializeOwned> StoredResults<'a, T> {
    /// Creates an iterator over a variable that is not stored.
    pub(crate) fn none(name: &str) -> Self {
        StoredResults { name: name.to_owned(), from: None, left: 0 }
    }

    /// Creates an iterator over the elements of the stored list `name`.
    pub(crate) fn of(carried: &'a Carried, name: &str) -> Result<Self, CarriedError> {
        let elements = match &carried.form {
            Form::PlainList(_) => {
                carried.check_type::<Results<T>>(name)?;
                Elements::Plain(&carried.bytes)
            }
            Form::NamedList(list) => {
                let List(names, sections) = &**list;
                let damaged = || ReadError::custom("what is stored of its shape is damaged");
                let schema =
                    names.schema().ok_or_else(|| carried.shape_changed::<T>(name, &damaged()))?;
                Elements::Named(Parts::new(schema, sections, &carried.bytes))
            }
            Form::Plain
            | Form::Named(_)
            | Form::Worklist(_)
            | Form::ListAt(_)
            | Form::Differing(_) => {
                return Err(carried.type_changed::<Results<T>>(name));
            }
        };
        let left = carried.form.elements().unwrap_or_default();
        Ok(StoredResults { name: name.to_owned(), from: Some((carried, elements)), left })
    }
}

impl<T: DeserializeOwned> Iterator for StoredResults<'_, T> {
    type Item = Result<T, CarriedError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (carried, elements) = self.from.as_mut()?;
        let read = match elements {
            Elements::Named(parts) => parts.next(),
            Elements::Plain(_) if self.left == 0 => None,
            Elements::Plain(bytes) => {
                let read = postcard::take_from_bytes(bytes).map(|(value, rest)| {
                    *bytes = rest;
                    value
                });
                Some(read.map_err(|_| ReadError::custom("its bytes do not fit the type")))
            }
        };
        let read = read.map(|read| read.map_err(|it| carried.shape_changed::<T>(&self.name, &it)));
        self.left = self.left.saturating_sub(1);
        if !matches!(read, Some(Ok(_))) {
            (self.from, self.left) = (None, 0);
        }
        read
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The stored number is not trusted as a lower bound.
        (0, usize::try_from(self.left).ok())
    }
}

impl<T> fmt::Debug for StoredResults<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(type_name::<Self>())
            .field("name", &self.name)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
