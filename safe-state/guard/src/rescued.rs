//! What a rescue is given.

use std::fmt;

use safe_state_backends::escape::Line;
use serde::de::DeserializeOwned;

use super::cause::Cause;
use super::entry;
use super::reader::Snapshot;
use crate::GuardError;

/// What is known of a job that has ended badly: what a guard gives to its rescue.
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

    /// The guard's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The data, as the job's last update left it.
    pub fn data(&self) -> &Rescued {
        &self.data
    }

    /// Why the job ended.
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
    /// The value of that name.
    ///
    /// # Errors
    ///
    /// It cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, GuardError> {
        let bytes = self.snapshot.entries.get(key);
        bytes.map(|bytes| entry::value(key, bytes)).transpose()
    }

    /// Whether there is a value of that name.
    pub fn contains(&self, key: &str) -> bool {
        self.snapshot.entries.contains_key(key)
    }

    /// The values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        let entries = self.snapshot.entries.iter();
        entries.map(|(key, bytes)| (key.as_str(), Value { key, bytes }))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.snapshot.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.snapshot.entries.is_empty()
    }

    /// How many values are lost, since the job has written over them in its memory as it crashed.
    pub fn lost(&self) -> usize {
        self.snapshot.lost
    }
}

/// A value of any type. Its `Display` shows it without knowing that.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    key: &'a str,
    bytes: &'a [u8],
}

impl Value<'_> {
    /// The value.
    ///
    /// # Errors
    ///
    /// It cannot be read as a `T`.
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
