//! A job among others.

use safe_state_backends::Error;
use serde::Serialize;

use super::{State, Status};
use crate::error::one_line;

/// A job among others.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// Its checkpoint was read.
    Read(Box<Status>),
    /// It can't be read.
    Unreadable {
        /// The job's name.
        job: String,
        /// [`State::Unreadable`]
        state: State,
        /// Why.
        error: String,
    },
}

impl Row {
    /// A job that can't be read, and why.
    pub fn unreadable(job: String, error: Error) -> Self {
        let error = one_line(&crate::Error::Backend(error));
        Row::Unreadable { job, state: State::Unreadable, error }
    }

    /// The job's name.
    pub fn job(&self) -> &str {
        match self {
            Row::Read(status) => &status.job,
            Row::Unreadable { job, .. } => job,
        }
    }

    /// How it is.
    pub fn state(&self) -> State {
        match self {
            Row::Read(status) => status.state,
            Row::Unreadable { state, .. } => *state,
        }
    }
}
