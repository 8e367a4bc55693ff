//! The record of a failed run.

pub(crate) mod details;

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use self::details::{Details, Packed};
use super::text::bounded;
use crate::bounded;
use crate::escape::{Line, Lines};
use crate::timestamp::Timestamp;

/// The longest message that is kept, in bytes. A longer one is cut, and says how much is missing.
const MESSAGE_LIMIT: usize = 16 * 1024;
/// The most causes that are kept.
const CAUSES_LIMIT: usize = 32;
/// The most captured values that are kept, and the longest text of one, in bytes.
const CAPTURED_LIMIT: usize = 64;
const VALUE_LIMIT: usize = 4 * 1024;

/// The failure of a run, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) index: Option<u64>,
    pub(crate) error_type: String,
    pub(crate) message: String,
    #[serde(deserialize_with = "bounded::list::<CAUSES_LIMIT, _, _>")]
    pub(crate) causes: Vec<String>,
    pub(crate) location: Option<String>,
    pub(crate) at: Timestamp,
    #[serde(deserialize_with = "bounded::list::<CAPTURED_LIMIT, _, _>")]
    pub(crate) captured: Vec<Captured>,
    pub(crate) details: Packed,
}

/// A value of the failed item that was captured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The value's name.
    pub name: String,
    /// The value as text.
    pub value: String,
}

/// The kind of event that ended a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FailureKind {
    /// The function returned an error.
    Error,
    /// The function panicked.
    Panic,
    /// A `None` left the loop through `?`.
    None,
    /// The process died.
    Crash,
}

impl Failure {
    /// Creates a failure that happened now. Cuts a message of more than 16 KiB.
    pub fn new(
        kind: FailureKind,
        error_type: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Failure {
            kind,
            index: None,
            error_type: bounded(error_type.into(), MESSAGE_LIMIT),
            message: bounded(message.into(), MESSAGE_LIMIT),
            causes: Vec::new(),
            location: None,
            at: Timestamp::now(),
            captured: Vec::new(),
            details: Packed::default(),
        }
    }

    /// Adds the chain of causes, outermost first; at most 32 are kept.
    pub fn with_causes(mut self, causes: impl IntoIterator<Item = String>) -> Self {
        let causes = causes.into_iter().take(CAUSES_LIMIT);
        self.causes = causes.map(|cause| bounded(cause, MESSAGE_LIMIT)).collect();
        self
    }

    /// Adds the captured values of the item. Keeps at most 64, and 4 KiB of each.
    pub fn with_captured(mut self, captured: impl IntoIterator<Item = Captured>) -> Self {
        let captured = captured.into_iter().take(CAPTURED_LIMIT);
        let kept = |it: Captured| Captured { value: bounded(it.value, VALUE_LIMIT), ..it };
        self.captured = captured.map(kept).collect();
        self
    }

    /// Adds further reasons for the run's end, behind the causes. Drops causes if there are more than 32 of both.
    pub fn with_reasons(mut self, reasons: &[String]) -> Self {
        self.causes.truncate(CAUSES_LIMIT.saturating_sub(reasons.len()));
        let causes = std::mem::take(&mut self.causes);
        self.with_causes(causes.into_iter().chain(reasons.iter().cloned()))
    }

    /// Sets the error's type, if it is known more precisely than the type of the value that holds the error.
    pub fn with_error_type(mut self, error_type: &str) -> Self {
        self.error_type = bounded(error_type.to_owned(), MESSAGE_LIMIT);
        self
    }

    /// Sets the index of the item whose body was running.
    pub fn with_index(mut self, index: Option<u64>) -> Self {
        self.index = index;
        self
    }

    /// Sets the place in the source where the failure happened, as `file:line:column`.
    pub fn with_location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Adds the details that a report shows. Keeps at most 256 KiB of them.
    pub fn with_details(mut self, details: Details) -> Self {
        self.details = Packed::new(details);
        self
    }

    /// Removes the details that only a report shows.
    pub fn without_details(mut self) -> Self {
        self.details = Packed::default();
        self
    }

    /// Returns whether the run ended by an error, a panic, a `None` or the death of its process.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Returns the index of the item whose body was running; `None` if code before or after the loop failed.
    pub fn index(&self) -> Option<u64> {
        self.index
    }

    /// Returns the error's type as [`std::any::type_name`] gives it, or `panic`. For an error that holds one of any type, such
    /// as `anyhow::Error`, returns the type of the inner error where it can be known: the value given to `?`, or an error of
    /// the standard library or of a known driver.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// Returns the message of the error or panic.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the messages of the error's causes, outermost first: its chain of [`Error::source`](std::error::Error::source).
    /// Further reasons for the run's end, such as a `skip_limit`, come last.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// Returns the place in the source where the run failed, as `file:line:column`: the `?` or the panic that is known to have
    /// ended it, else the beginning of the loop.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Returns the captured values of the failed item.
    pub fn captured(&self) -> &[Captured] {
        &self.captured
    }

    /// Returns the details that a report shows, if they were captured.
    pub fn details(&self) -> Option<Details> {
        self.details.details()
    }

    /// Returns when the failure was recorded.
    pub fn at(&self) -> SystemTime {
        self.at.into()
    }
}

impl Failure {
    /// Writes the failure's first line: the item, the message, the error's type, the place and the time.
    pub(crate) fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "item {index}: ")?,
            None => f.write_str("outside the loop: ")?,
        }
        write!(f, "{} ({})", Line(&self.message), Line(&self.error_type))?;
        if let Some(location) = &self.location {
            write!(f, ", at {}", Line(location))?;
        }
        write!(f, ", {}", self.at)
    }
}

impl fmt::Display for Failure {
    /// Writes for example `item 6432: connection reset (std::io::Error), at src/main.rs:14:5, 2026-11-21T09:30:00Z`, then one
    /// line for each cause and each captured value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n  caused by: {}", Line(cause)))?;
        self.captured
            .iter()
            .try_for_each(|it| write!(f, "\n  {} = {}", Line(&it.name), Lines(&it.value, 6)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let failure = Failure::new(FailureKind::Error, "E", "ä".repeat(MESSAGE_LIMIT));
        assert!(failure.message().len() < MESSAGE_LIMIT + 64);
        assert!(failure.message().ends_with("bytes more)"));
    }

    #[test]
    fn endless_causes_are_cut() {
        let endless = std::iter::repeat_with(|| "again".to_owned());
        let failure = Failure::new(FailureKind::Error, "E", "m").with_causes(endless);
        assert_eq!(failure.causes().len(), CAUSES_LIMIT);
    }

    #[test]
    fn a_failure_reads_well() {
        let failure = Failure::new(FailureKind::Error, "io::Error", "connection reset")
            .with_index(Some(6432))
            .with_causes(["peer is gone".to_owned()])
            .with_location("src/main.rs:14:5");
        let text = failure.to_string();
        assert!(
            text.starts_with("item 6432: connection reset (io::Error), at src/main.rs:14:5, 2")
        );
        assert!(text.ends_with("\n  caused by: peer is gone"));
    }
}
