//! What kind of error it is, and which process holds the job.

use std::io;

use safe_state_backends::{Error as BackendError, Holder};

use super::Error;

/// The process to ask, and the kind of the error.
impl Error {
    /// Returns the run that holds the job, if that caused this error and its lease names it.
    ///
    /// ```
    /// # use safe_state::{Error, Job};
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// # let holder = mail.clone();
    /// # holder.run(0..1, |_| {
    /// match mail.clear_checkpoint() {
    ///     Err(error) if error.is_held() => println!("it runs: {:?}", error.holder()),
    ///     other => other?,
    /// }
    /// # assert!(mail.clear_checkpoint().unwrap_err().holder().is_some());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Error::HeldInArray { source: BackendError::Held { holder, .. }, .. }
            | Error::Backend(
                BackendError::Held { holder, .. } | BackendError::LeaseLost { holder, .. },
            ) => holder.as_deref(),
            Error::Backend(BackendError::OutOfReach { holder, .. }) => Some(holder),
            _ => None,
        }
    }

    /// Returns whether the run stopped on purpose, which is not a failure: a later run goes on.
    pub fn is_stopped(&self) -> bool {
        matches!(self, Error::Stopped { .. } | Error::StoppedItself { .. })
    }

    /// Returns whether this was refused because a run holds the job, or may hold it.
    pub fn is_held(&self) -> bool {
        let is_held = |it: &BackendError| {
            matches!(it, BackendError::Held { .. } | BackendError::OutOfReach { .. })
        };
        matches!(self, Error::Backend(error) | Error::HeldInArray { source: error, .. } if is_held(error))
    }
}

impl From<Error> for io::Error {
    /// Converts the error, and keeps the kind of the system's error if that is the cause.
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Backend(BackendError::Io { source, .. }) | Error::Thread(source) => {
                source.kind()
            }
            Error::Backend(BackendError::Held { .. } | BackendError::OutOfReach { .. })
            | Error::HeldInArray { .. } => io::ErrorKind::WouldBlock,
            Error::Stopped { .. } | Error::StoppedItself { .. } => io::ErrorKind::Interrupted,
            Error::NoBackend(_) | Error::TwoPlaces { .. } => io::ErrorKind::InvalidInput,
            #[cfg(feature = "limits")]
            Error::Limit(exceeded) => exceeded.kind(),
            #[cfg(feature = "limits")]
            Error::Memory(source) => source.kind(),
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
