//! The error of an item, as `on_error` sees it.

use std::error::Error as StdError;
use std::fmt;

use safe_state_backends::escape::Line;
use safe_state_backends::{Failure, FailureKind};

use super::Thrown;
use crate::error::causes;

/// The error of an item, with the item and its attempt. It is the argument of [`on_error`](crate::resumable).
///
/// ```
/// use std::io;
/// use safe_state::{Action, ErrorContext};
///
/// fn decide(error: &ErrorContext) -> Action {
///     match error.downcast_ref::<io::Error>().map(io::Error::kind) {
///         Some(io::ErrorKind::NotFound) => Action::Skip,
///         _ => Action::Retry,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct ErrorContext<'a> {
    failure: Failure,
    thrown: Thrown<'a>,
    key: Option<u64>,
    attempt: u32,
    max_attempts: u32,
}

impl<'a> ErrorContext<'a> {
    pub(crate) fn new(
        failure: Failure,
        thrown: Thrown<'a>,
        key: Option<u64>,
        attempt: u32,
        max_attempts: u32,
    ) -> Self {
        ErrorContext { failure, thrown, key, attempt, max_attempts }
    }
}

impl ErrorContext<'_> {
    /// Returns the item's index. In a loop that knows its items by key, this is the item's position in this run's
    /// input.
    pub fn index(&self) -> u64 {
        self.failure.index().unwrap_or_default()
    }

    /// Returns the hash of the item's key, if the loop knows its items by key.
    pub fn key_hash(&self) -> Option<u64> {
        self.key
    }

    /// Returns the number of this attempt at the item, counted from 1 and across runs.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns how many attempts are allowed; none if they are not limited.
    pub fn max_attempts(&self) -> Option<u32> {
        (self.max_attempts < u32::MAX).then_some(self.max_attempts)
    }

    /// Returns whether no attempts are left: [`Action::Retry`](crate::Action::Retry) now means
    /// [`Action::Fail`](crate::Action::Fail).
    pub fn is_last(&self) -> bool {
        self.attempt >= self.max_attempts
    }

    /// Returns whether the item panicked, under `catch_panics`.
    pub fn is_panic(&self) -> bool {
        self.failure.kind() == FailureKind::Panic
    }

    /// Returns the message of the error or panic.
    pub fn message(&self) -> &str {
        self.failure.message()
    }

    /// Returns the record of the failure: its type, message, causes, and captured values.
    pub fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Returns the error, if it is a [`std::error::Error`] or holds one, as `anyhow::Error` does.
    pub fn error(&self) -> Option<&(dyn StdError + 'static)> {
        self.thrown.0
    }

    /// Returns whether the error, or one that caused it, is a `T`.
    pub fn is<T: StdError + 'static>(&self) -> bool {
        self.downcast_ref::<T>().is_some()
    }

    /// Returns the error as a `T`, or the first of its causes that is a `T`. A mere context of an `anyhow::Error`,
    /// which is no error, is not found.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        let error = self.error()?;
        error.downcast_ref().or_else(|| causes(error).find_map(|cause| cause.downcast_ref()))
    }
}

impl fmt::Display for ErrorContext<'_> {
    /// Shows the message and the causes: `connection reset: the peer is gone`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Line(self.message()).fmt(f)?;
        self.failure.causes().iter().try_for_each(|cause| write!(f, ": {}", Line(cause)))
    }
}
