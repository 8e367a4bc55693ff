//! Why a handle cannot be rebuilt, and what to do about it: by when it failed, and why.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};

use safe_state_backends::escape::Line;

use super::{causes, start_over};

/// Why a handle cannot be rebuilt, or not be described.
pub struct ReconnectError {
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    when: When,
    about: About,
}

/// What a handle fails for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum About {
    #[default]
    Itself,
    /// What it was of is not there any more.
    Absence,
    /// Something else has it.
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

    /// For something that failed with an error.
    pub fn because(
        text: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        ReconnectError { source: Some(source.into()), ..ReconnectError::new(text) }
    }

    /// What the handle was of is not there any more.
    #[doc(hidden)]
    pub fn absent(text: impl Into<String>) -> Self {
        ReconnectError { about: About::Absence, ..ReconnectError::new(text) }
    }

    /// Something else has what the handle is of.
    #[doc(hidden)]
    pub fn conflict(text: impl Into<String>) -> Self {
        ReconnectError { about: About::Conflict, ..ReconnectError::new(text) }
    }

    /// The same with more to say.
    #[doc(hidden)]
    pub fn with(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// For a handle that only an opener can rebuild, where none is registered.
    pub fn no_opener<T>() -> Self {
        let name = type_name::<T>();
        ReconnectError::new(format!(
            "a `{name}` does not tell all that it was opened with, and a password is not saved; \
             call `safe_state::reconnect::register_opener::<{name}>(|_| ..)` before the job"
        ))
    }
}

impl From<io::Error> for ReconnectError {
    /// With `?`, where the error says by itself what could not be done.
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

/// When a handle failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Before the first item: nothing is stored yet.
    Begun,
    /// It was to be saved, and is as it was.
    Saved,
    /// It was to be rebuilt.
    #[default]
    Rebuilt,
}

impl ReconnectError {
    /// The error with when it happened.
    #[doc(hidden)]
    pub fn when(self, when: When) -> Self {
        ReconnectError { when, ..self }
    }

    fn kind(&self) -> Option<ErrorKind> {
        let mut causes = causes(self);
        causes.find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
    }

    /// Whether what it was of is not there any more: where nothing is complete, a new one will do.
    #[doc(hidden)]
    pub fn is_absence(&self) -> bool {
        self.about == About::Absence || self.kind() == Some(ErrorKind::NotFound)
    }

    /// What could not be done with the handle, and what to do about it.
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
            (_, When::Rebuilt) => format!("put it back as it was, or {}", start_over(job)),
        };
        format!("cannot be reconnected{as_it_is}; {advice}")
    }
}

/// Whether a server does not answer.
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
            told(When::Rebuilt, ErrorKind::NotFound).contains("put it back as it was, or clear")
        );
    }
}
