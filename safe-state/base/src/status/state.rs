//! How a job is, in a word.

use std::fmt;

use safe_state_backends::Request;
use serde::Serialize;

use super::look::{Look, Run};

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// A run is under way.
    Running,
    /// It has not begun, or has finished and kept nothing.
    Waiting,
    /// It was asked to pause, and its run waits before its next item, or it has not begun. A job whose last run has ended, which
    /// was asked to pause since, says how that has ended: what is asked of it is in `asked`.
    Paused,
    /// Its last run stopped before it was done, as it was to.
    Stopped,
    /// Its last run failed.
    Failed,
    /// Its last run has said nothing of its end: it has died.
    Killed,
    /// It has finished, and its checkpoint is kept.
    Finished,
    /// It was given up for good, whatever it has come to: no run of it begins.
    Abandoned,
    /// Its last run has died, or is under way: the backend can't tell.
    Open,
    /// Its checkpoint cannot be read.
    Unreadable,
}

impl State {
    /// Returns how the job is that was looked at.
    pub fn of(look: &Look) -> Self {
        let Look { checkpoint, run, .. } = look;
        let is_under_way = matches!(run, Run::By(_));
        match (look.request(), checkpoint.is_finished(), checkpoint.last_failure()) {
            (Some(Request::Pause), ..) if is_under_way => State::Paused,
            _ if is_under_way => State::Running,
            (Some(Request::Abandon), ..) => State::Abandoned,
            (Some(Request::Pause), ..) if checkpoint.is_by_hand() => State::Paused,
            _ if checkpoint.is_by_hand() => State::Waiting,
            (_, _, Some(_)) => State::Failed,
            (_, true, None) => State::Finished,
            (_, false, None) if !checkpoint.is_open() => State::Stopped,
            (_, false, None) if matches!(run, Run::None) => State::Killed,
            (_, false, None) => State::Open,
        }
    }

    /// Returns how a job is of which nothing is stored but what was asked of it.
    pub(super) fn of_none(asked: Option<Request>, run: &Run) -> Self {
        match (asked, run) {
            (_, Run::By(_)) => State::Running,
            (Some(Request::Pause), _) => State::Paused,
            (Some(Request::Abandon), _) => State::Abandoned,
            _ => State::Waiting,
        }
    }

    /// Its name, as in JSON.
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
