//! The error of a value that can't be written.

use std::fmt::Display;

use serde::ser;

use super::super::schema::DEPTH_LIMIT;

/// The reason why a value could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The value's `Serialize` returned this error.
    #[error("{0}")]
    Custom(String),
    /// Too many values are inside one another.
    #[error("it is nested more than {DEPTH_LIMIT} levels deep")]
    TooDeep,
    /// The schema was changed, so the value has to be written again from its start.
    #[doc(hidden)]
    #[error("the schema has changed")]
    Again,
}

impl ser::Error for WriteError {
    fn custom<T: Display>(message: T) -> Self {
        WriteError::Custom(message.to_string())
    }
}
