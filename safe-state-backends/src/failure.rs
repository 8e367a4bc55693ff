//! What is recorded of a run that failed.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::timestamp::{Timestamp, readable};

/// Longest message kept, in bytes; a longer one is cut, and says so.
const MESSAGE_LIMIT: usize = 16 * 1024;
/// Most causes kept.
const CAUSES_LIMIT: usize = 32;

/// How the last failed run of a job failed.
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
}

/// What ended a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FailureKind {
    /// The function returned an error.
    Error,
    /// The function panicked.
    Panic,
    /// A `None` left the loop through `?`.
    None,
}

impl Failure {
    /// A failure that happened now. A message of more than 16 KiB is cut.
    pub fn new(
        kind: FailureKind,
        error_type: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Failure {
            kind,
            index: None,
            error_type: bounded(error_type.into()),
            message: bounded(message.into()),
            causes: Vec::new(),
            location: None,
            at: Timestamp::now(),
        }
    }

    /// Adds the chain of causes, outermost first; at most 32 are kept.
    pub fn with_causes(mut self, causes: impl IntoIterator<Item = String>) -> Self {
        self.causes = causes.into_iter().take(CAUSES_LIMIT).map(bounded).collect();
        self
    }

    /// Sets the item whose body was running.
    pub fn with_index(mut self, index: Option<u64>) -> Self {
        self.index = index;
        self
    }

    /// Sets where in the source it happened, as `file:line:column`.
    pub fn with_location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Whether it was an error, a panic or a `None`.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The item whose body was running; `None` if the code before or after the loop failed.
    pub fn index(&self) -> Option<u64> {
        self.index
    }

    /// The error's type as [`std::any::type_name`] gives it, or `panic`.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// The error's or panic's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The messages of the error's causes, outermost first: its chain of
    /// [`Error::source`](std::error::Error::source).
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// Where the loop that failed stands in the source, as `file:line:column`.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// When it was recorded.
    pub fn at(&self) -> SystemTime {
        self.at.into()
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > MESSAGE_LIMIT {
        let mut end = MESSAGE_LIMIT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let cut = text.len() - end;
        text.truncate(end);
        // Writing into a string does not fail.
        let _ = write!(text, "… ({cut} bytes more)");
        text.shrink_to_fit();
    }
    text
}

impl fmt::Display for Failure {
    /// `item 6432: connection reset (std::io::Error), at src/main.rs:14:5, 2026-11-21T09:30:00Z`,
    /// then a line a cause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "item {index}: ")?,
            None => f.write_str("outside the loop: ")?,
        }
        write!(f, "{} ({})", self.message, self.error_type)?;
        if let Some(location) = &self.location {
            write!(f, ", at {location}")?;
        }
        write!(f, ", {}", readable(self.at))?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n  caused by: {cause}"))
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
    fn reads_well() {
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
