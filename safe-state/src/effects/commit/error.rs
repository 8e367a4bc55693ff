//! Why `commit!` did not commit.

use safe_state_backends::{Ended, Error as BackendError};
pub use safe_state_base::CommitError;

use super::BoxError;
use crate::Error;
use crate::run::Run;

impl Run {
    pub(super) fn not_committed(&self, commit: CommitError, source: Option<BoxError>) -> Error {
        Error::Commit { job: self.events.job().to_owned(), commit, source }
    }

    /// The error of a transaction that ended so.
    pub(super) fn failed_commit(&self, ended: Ended, place: &str, source: BoxError) -> Error {
        let commit = match ended {
            Ended::RolledBack => CommitError::Refused { place: place.to_owned() },
            Ended::Committed | Ended::Unknown => CommitError::NotCommitted,
        };
        self.not_committed(commit, Some(source))
    }

    /// What is told where it could not be found out how a transaction ended.
    pub(super) fn unsettled(&self, trouble: BackendError, source: BoxError) -> Error {
        match trouble {
            lost @ BackendError::LeaseLost { .. } => lost.into(),
            // It is the reason why the other can't be asked either.
            _ => self.not_committed(CommitError::InDoubt, Some(source)),
        }
    }
}
