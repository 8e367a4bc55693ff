//! Why `commit!` did not commit.

use safe_state_backends::{Ended, Error as BackendError};
pub use safe_state_base::CommitError;

use super::committing::BoxError;
use crate::Error;

/// Returns the error of a job whose item is not committed for this reason.
pub(crate) fn not_committed(job: &str, commit: CommitError, source: Option<BoxError>) -> Error {
    Error::Commit { job: job.to_owned(), commit, source }
}

/// Returns why an item is not committed whose transaction ended so.
pub(crate) fn reason_of(ended: Ended, place: &str) -> CommitError {
    match ended {
        Ended::RolledBack => CommitError::Refused { place: place.to_owned() },
        Ended::Committed | Ended::Unknown => CommitError::NotCommitted,
    }
}

/// Returns the error of a job of which it could not be found out how a transaction ended.
pub(crate) fn unsettled(job: &str, trouble: BackendError, source: BoxError) -> Error {
    match trouble {
        lost @ BackendError::LeaseLost { .. } => lost.into(),
        // It is the reason why the other can't be asked either.
        _ => not_committed(job, CommitError::InDoubt, Some(source)),
    }
}
