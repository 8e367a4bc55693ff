//! What is told of a job in a line.

use anstyle::Style;
use safe_state_backends::{Checkpoint, Timestamp};
use serde::Serialize;

use super::screen::{BAD, GOOD, WARN};

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Its last run has neither finished nor failed: it is under way, or has died.
    Open,
    /// Its last run failed.
    Failed,
    /// It has finished, and its checkpoint is kept.
    Finished,
    /// Its checkpoint cannot be read.
    Unreadable,
}

/// A job in a line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) job: String,
    pub(super) state: State,
    pub(super) completed: u64,
    pub(super) total: Option<u64>,
    pub(super) remaining: Option<u64>,
    pub(super) runs: u32,
    pub(super) skipped: u64,
    pub(super) dead_letters: usize,
    pub(super) started_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl Summary {
    pub(super) fn of(checkpoint: &Checkpoint) -> Self {
        let progress = checkpoint.progress();
        Summary {
            job: checkpoint.job().to_owned(),
            state: State::of(checkpoint),
            completed: progress.completed,
            total: progress.total,
            remaining: progress.remaining,
            runs: checkpoint.run_count(),
            skipped: checkpoint.skipped(),
            dead_letters: checkpoint.dead_letters().len(),
            started_at: checkpoint.started_at().into(),
            updated_at: checkpoint.updated_at().into(),
        }
    }

    /// `64 %`, where the input told its length.
    pub(super) fn percent(&self) -> Option<String> {
        let total = self.total?.max(1);
        Some(format!("{} %", u128::from(self.completed) * 100 / u128::from(total)))
    }
}

impl State {
    pub(super) fn of(checkpoint: &Checkpoint) -> Self {
        match (checkpoint.is_finished(), checkpoint.last_failure()) {
            (_, Some(_)) => State::Failed,
            (true, None) => State::Finished,
            (false, None) => State::Open,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Failed => "failed",
            State::Finished => "finished",
            State::Unreadable => "unreadable",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            State::Open => WARN,
            State::Finished => GOOD,
            State::Failed | State::Unreadable => BAD,
        }
    }
}
