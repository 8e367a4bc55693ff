//! The state of a job in a word.

use std::fmt;

use safe_state_backends::Request;
use serde::Serialize;

use super::look::{Look, Run};

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// A run is under way.
    Running,
    /// The job has not begun, or has finished and kept nothing.
    Waiting,
    /// The job was asked to pause: its run waits before its next item, or the next run will.
    Paused,
    /// The last run stopped before it was done, because it was asked to.
    Stopped,
    /// The last run failed.
    Failed,
    /// The last run has died: it has not saved how it ended.
    Killed,
    /// The job has finished, and its checkpoint is kept.
    Finished,
    /// The job was abandoned: no run of it begins.
    Abandoned,
    /// The last run has died, or is under way: the backend can't tell.
    Open,
    /// The checkpoint cannot be read.
    Unreadable,
}

impl State {
    /// Returns the state that a look has found.
    pub fn of(look: &Look) -> Self {
        let Look { checkpoint, run, .. } = look;
        let is_under_way = matches!(run, Run::By(_));
        match (look.request(), checkpoint.is_finished(), checkpoint.last_failure()) {
            (Some(Request::Pause), ..) if is_under_way => State::Paused,
            _ if is_under_way => State::Running,
            (Some(Request::Abandon), false, _) => State::Abandoned,
            (Some(Request::Pause), ..) if checkpoint.is_by_hand() => State::Paused,
            _ if checkpoint.is_by_hand() => State::Waiting,
            (_, _, Some(_)) => State::Failed,
            (_, true, None) => State::Finished,
            (_, false, None) if !checkpoint.is_open() => State::Stopped,
            (_, false, None) if matches!(run, Run::None) => State::Killed,
            (_, false, None) => State::Open,
        }
    }

    /// Returns the state of a job without a checkpoint, by the request to it and whether it runs.
    pub(super) fn of_none(asked: Option<Request>, run: &Run) -> Self {
        match (asked, run) {
            (_, Run::By(_)) => State::Running,
            (Some(Request::Pause), _) => State::Paused,
            (Some(Request::Abandon), _) => State::Abandoned,
            _ => State::Waiting,
        }
    }

    /// Returns the name of the state, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Waiting => "waiting",
            State::Paused => "paused",
            State::Stopped => "stopped",
            State::Failed => "failed",
            State::Killed => "killed",
            State::Finished => "finished",
            State::Abandoned => "abandoned",
            State::Open => "open",
            State::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
