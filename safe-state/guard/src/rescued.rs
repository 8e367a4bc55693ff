//! The argument of a rescue: the job's data, and the cause of its end.

use std::fmt;

use safe_state_backends::escape::Line;
use serde::de::DeserializeOwned;

use super::cause::Cause;
use super::entry;
use super::reader::Snapshot;
use crate::GuardError;

/// A job that has ended badly: its data, and the cause. A guard passes this to its rescue.
#[derive(Clone, Debug)]
pub struct Rescue {
    name: String,
    data: Rescued,
    cause: Cause,
}

impl Rescue {
    pub(super) fn new(name: String, snapshot: Snapshot, cause: Cause) -> Self {
        Rescue { name, data: Rescued { snapshot }, cause }
    }

    /// Returns the guard's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the data, as the job's last update left it.
    pub fn data(&self) -> &Rescued {
        &self.data
    }

    /// Returns why the job ended.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }
}

/// The data of a job that has ended. It can only be read.
#[derive(Clone, Debug)]
pub struct Rescued {
    snapshot: Snapshot,
}

impl Rescued {
    /// Returns the value named `key`, if there is one.
    ///
    /// # Errors
    ///
    /// The value cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, GuardError> {
        let bytes = self.snapshot.entries.get(key);
        bytes.map(|bytes| entry::value(key, bytes)).transpose()
    }

    /// Returns whether there is a value named `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.snapshot.entries.contains_key(key)
    }

    /// Returns the names and values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        let entries = self.snapshot.entries.iter();
        entries.map(|(key, bytes)| (key.as_str(), Value { key, bytes }))
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.snapshot.entries.len()
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.snapshot.entries.is_empty()
    }

    /// Returns how many values are lost, as the job has overwritten them in its memory when it crashed.
    pub fn lost(&self) -> usize {
        self.snapshot.lost
    }
}

/// A value of any type. Its `Display` shows it without knowing the type.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    key: &'a str,
    bytes: &'a [u8],
}

impl Value<'_> {
    /// Returns the value as a `T`.
    ///
    /// # Errors
    ///
    /// The value cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, GuardError> {
        entry::value(self.key, self.bytes)
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match entry::shown(self.bytes) {
            Some(value) => Line(value).fmt(f),
            None => write!(f, "{} bytes", self.bytes.len()),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
