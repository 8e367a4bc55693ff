//! The error of a handle that cannot be rebuilt, and advice by the time and reason of the failure.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};

use safe_state_backends::escape::Line;

use super::advice::{accept, start_over};
use super::causes::causes;

/// The reason why a handle cannot be rebuilt, or cannot be described to be saved.
pub struct ReconnectError {
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    when: When,
    about: About,
}

/// The cause of a handle's failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum About {
    #[default]
    Itself,
    /// The thing that the handle was for no longer exists.
    Absence,
    /// Something else has the thing that the handle is for.
    Conflict,
}

safe_state_backends::debug_is_one_line!(ReconnectError);

impl ReconnectError {
    /// Creates an error with this text as its reason.
    pub fn new(text: impl Into<String>) -> Self {
        ReconnectError {
            text: text.into(),
            source: None,
            when: When::default(),
            about: About::default(),
        }
    }

    /// Creates an error with this text as its reason and `source` as its cause.
    pub fn because(
        text: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        ReconnectError { source: Some(source.into()), ..ReconnectError::new(text) }
    }

    /// Creates the error that the thing the handle was for no longer exists.
    #[doc(hidden)]
    pub fn absent(text: impl Into<String>) -> Self {
        ReconnectError { about: About::Absence, ..ReconnectError::new(text) }
    }

    /// Creates the error that something else has the thing the handle is for.
    #[doc(hidden)]
    pub fn conflict(text: impl Into<String>) -> Self {
        ReconnectError { about: About::Conflict, ..ReconnectError::new(text) }
    }

    /// Adds `text` to the end of the reason.
    #[doc(hidden)]
    pub fn with(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Creates the error of a handle that only an opener can rebuild, if none is registered.
    pub fn no_opener<T>() -> Self {
        let name = type_name::<T>();
        ReconnectError::new(format!(
            "a `{name}` does not tell all that it was opened with, and a password is not saved; \
             call `safe_state::reconnect::register_opener::<{name}>(|_| ..)` before the job"
        ))
    }
}

impl From<io::Error> for ReconnectError {
    /// Converts an I/O error, for `?`. The message names no operation, so the error itself should.
    fn from(error: io::Error) -> Self {
        ReconnectError::because("an operation on it failed", error)
    }
}

impl fmt::Display for ReconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Line(&self.text).fmt(f)
    }
}

impl StdError for ReconnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// The time of a handle's failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// The handle failed before the first item, when nothing was stored yet.
    Begun,
    /// The handle failed when its state was to be saved. It was left as it is.
    Saved,
    /// The handle failed when it was to be rebuilt.
    #[default]
    Rebuilt,
}

impl ReconnectError {
    /// Sets the time of the failure.
    #[doc(hidden)]
    pub fn when(self, when: When) -> Self {
        ReconnectError { when, ..self }
    }

    fn kind(&self) -> Option<ErrorKind> {
        let mut causes = causes(self);
        causes.find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
    }

    /// Returns whether the thing that the handle was for no longer exists. If nothing is complete, a new one is acceptable.
    #[doc(hidden)]
    pub fn is_absence(&self) -> bool {
        self.about == About::Absence || self.kind() == Some(ErrorKind::NotFound)
    }

    /// Returns what could not be done with the handle, and advice for the user.
    pub(super) fn told(&self, job: &str) -> String {
        const GOES_ON: &str = "run the job again; it continues after the last save";
        let as_it_is = if self.when == When::Saved { " as it is now" } else { "" };
        if self.about == About::Conflict {
            return "cannot be written by this run".to_owned();
        }
        let advice = match (self.kind(), self.when) {
            (Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded), _) => {
                format!("there is no room for it: make room, and {GOES_ON}")
            }
            (Some(ErrorKind::FileTooLarge), _) => {
                format!("its file may not grow: raise that limit, and {GOES_ON}")
            }
            (Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem), _) => {
                format!("give the program access to it, and {GOES_ON}")
            }
            (_, When::Saved) => format!("see to the reason, and {GOES_ON}"),
            (_, When::Begun) => {
                "open it as something that can be opened again, or name it in `fresh(..)`"
                    .to_owned()
            }
            (Some(kind), When::Rebuilt) if is_absence(kind) => {
                format!("see that it can be reached, and {GOES_ON}")
            }
            (_, When::Rebuilt) => {
                format!("put it back as it was, {}, or {}", accept(job), start_over(job))
            }
        };
        format!("cannot be reconnected{as_it_is}; {advice}")
    }
}

/// Returns whether the kind is one of a server that does not answer.
fn is_absence(kind: ErrorKind) -> bool {
    use ErrorKind::{
        AddrNotAvailable, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkDown,
        NetworkUnreachable, TimedOut,
    };
    matches!(
        kind,
        AddrNotAvailable
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
            | TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(when: When, kind: ErrorKind) -> String {
        let error = ReconnectError::because("cannot flush a file", io::Error::from(kind));
        error.when(when).told("job")
    }

    #[test]
    fn nothing_is_to_be_thrown_away_for_a_reason_that_passes() {
        use ErrorKind::{Other, PermissionDenied, StorageFull};
        for when in [When::Begun, When::Saved, When::Rebuilt] {
            for kind in
                [StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge, PermissionDenied]
            {
                let told = told(when, kind);
                assert!(told.contains("run the job again") && !told.contains("clear"), "{told}");
            }
        }
        assert!(told(When::Saved, StorageFull).contains("make room"));
        assert!(!told(When::Saved, Other).contains("clear"));
        assert!(!told(When::Begun, Other).contains("clear"), "nothing is stored");
        assert!(!told(When::Rebuilt, ErrorKind::ConnectionRefused).contains("clear"));
        assert!(
            told(When::Rebuilt, ErrorKind::NotFound)
                .contains("put it back as it was, resume anyway")
        );
    }
}
