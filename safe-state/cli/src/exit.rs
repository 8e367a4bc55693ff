//! The end of the command: its errors and exit codes.

use std::process::ExitCode;

use safe_state_backends::Error as BackendError;
use safe_state_backends::format::FormatError;

use safe_state_base::Error;
use safe_state_base::error::one_line;

/// The reason why a command did not do its work, with the exit code for it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) code: Code,
    pub(super) message: String,
}

/// The exit codes that scripts can tell apart. `clap` exits with 2 for wrong arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// The command could not be done.
    Failed = 1,
    /// The job does not exist, or has nothing to show.
    Nothing = 3,
    /// The job is running.
    Running = 4,
    /// The job's checkpoint is damaged.
    Damaged = 5,
    /// The stored bytes are no checkpoint of the job that this release can read.
    Foreign = 6,
    /// The program cannot be watched.
    #[cfg(unix)]
    Unwatched = 125,
    /// The program cannot be executed.
    #[cfg(unix)]
    NotExecutable = 126,
    /// The program was not found.
    #[cfg(unix)]
    NotFound = 127,
}

impl Failed {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Failed { code: Code::Failed, message: message.into() }
    }

    pub(super) fn nothing(message: impl Into<String>) -> Self {
        Failed { code: Code::Nothing, message: message.into() }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code as u8)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Backend(backend) => Code::of(backend),
            _ => Code::Failed,
        };
        Failed { code, message: one_line(&error) }
    }
}

impl From<BackendError> for Failed {
    fn from(error: BackendError) -> Self {
        Error::Backend(error).into()
    }
}

impl Code {
    pub(super) fn of(error: &BackendError) -> Self {
        match error {
            BackendError::Held { .. } | BackendError::OutOfReach { .. } => Code::Running,
            BackendError::OtherJob { .. } => Code::Foreign,
            BackendError::Format { reason, .. } => reason.into(),
            _ => Code::Failed,
        }
    }
}

impl From<&FormatError> for Code {
    fn from(error: &FormatError) -> Self {
        match error {
            FormatError::Foreign
            | FormatError::OtherKind(_)
            | FormatError::Newer { .. }
            | FormatError::Encrypted
            | FormatError::OtherKey { .. }
            | FormatError::NotEncrypted => Code::Foreign,
            FormatError::Damaged { .. } => Code::Damaged,
            _ => Code::Failed,
        }
    }
}
