//! A job in a list of jobs.

use safe_state_backends::Error;
use serde::Serialize;

use super::{State, Status};
use crate::error::one_line;

/// A job in a list of jobs.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// A job whose checkpoint was read.
    Read(Box<Status>),
    /// A job that can't be read.
    Unreadable {
        /// The job's name.
        job: String,
        /// The state, which is always [`State::Unreadable`].
        state: State,
        /// The error, on one line.
        error: String,
    },
}

impl Row {
    /// Creates the row of a job that can't be read.
    pub fn unreadable(job: String, error: Error) -> Self {
        let error = one_line(&crate::Error::Backend(error));
        Row::Unreadable { job, state: State::Unreadable, error }
    }

    /// Returns the job's name.
    pub fn job(&self) -> &str {
        match self {
            Row::Read(status) => &status.job,
            Row::Unreadable { job, .. } => job,
        }
    }

    /// Returns the job's state.
    pub fn state(&self) -> State {
        match self {
            Row::Read(status) => status.state,
            Row::Unreadable { state, .. } => *state,
        }
    }
}
