//! The errors of a `commit!` that did not commit.

use safe_state_backends::{Ended, Error as BackendError};
pub use safe_state_base::CommitError;

use super::committing::BoxError;
use crate::Error;

/// Returns the error of `job` for an item that was not committed for the reason `commit`.
pub(crate) fn not_committed(job: &str, commit: CommitError, source: Option<BoxError>) -> Error {
    Error::Commit { job: job.to_owned(), commit, source }
}

/// Returns why an item is not committed after its transaction ended as `ended` says.
pub(crate) fn reason_of(ended: Ended, place: &str) -> CommitError {
    match ended {
        Ended::RolledBack => CommitError::Refused { place: place.to_owned() },
        Ended::Committed | Ended::Unknown => CommitError::NotCommitted,
    }
}

/// Returns the error of `job` if nobody could find out how a transaction ended.
pub(crate) fn unsettled(job: &str, trouble: BackendError, source: BoxError) -> Error {
    match trouble {
        lost @ BackendError::LeaseLost { .. } => lost.into(),
        // The lost lease is also the reason why the database can't be asked.
        _ => not_committed(job, CommitError::InDoubt, Some(source)),
    }
}
