//! What is told of a job in a line.

use std::fmt;

use anstyle::Style;
use safe_state_backends::{Holder, Request, Timestamp};
use serde::Serialize;

use super::look::{Look, Run};
use super::screen::{BAD, GOOD, WARN};

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// A run is under way.
    Running,
    /// Its last run stopped before it was done, as it was to.
    Stopped,
    /// Its last run has said nothing of its end: it has died.
    Interrupted,
    /// The same, or it is under way: the backend can't tell.
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
    /// Who runs it.
    pub(super) holder: Option<Held>,
    /// What was asked of its runs.
    pub(super) asked: Option<&'static str>,
}

/// Who runs a job.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Held {
    pub(super) pid: u32,
    pub(super) host: String,
    pub(super) since: Timestamp,
}

impl Summary {
    pub(super) fn of(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let progress = checkpoint.progress();
        Summary {
            job: checkpoint.job().to_owned(),
            state: State::of(look),
            completed: progress.completed,
            total: progress.total,
            remaining: progress.remaining,
            runs: checkpoint.run_count(),
            skipped: checkpoint.skipped(),
            dead_letters: checkpoint.dead_letters().len(),
            started_at: checkpoint.started_at().into(),
            updated_at: checkpoint.updated_at().into(),
            holder: match &look.run {
                Run::By(holder) => Some(Held::of(holder)),
                Run::None | Run::Unknown => None,
            },
            asked: look.asked.map(|asked| match asked {
                Request::Pause => "pause",
                Request::Cancel => "cancel",
                Request::Accept => "accept",
                _ => "else",
            }),
        }
    }

    /// `running`, or `running, paused` where it was asked to pause.
    pub(super) fn state_text(&self) -> String {
        let paused = if self.asked == Some("pause") { ", paused" } else { "" };
        format!("{}{paused}", self.state.name())
    }

    /// `64 %`, where the input told its length.
    pub(super) fn percent(&self) -> Option<String> {
        let total = self.total?.max(1);
        Some(format!("{} %", u128::from(self.completed) * 100 / u128::from(total)))
    }
}

impl State {
    pub(super) fn of(Look { checkpoint, run, .. }: &Look) -> Self {
        match (run, checkpoint.is_finished(), checkpoint.last_failure()) {
            (Run::By(_), ..) => State::Running,
            (_, _, Some(_)) => State::Failed,
            (_, true, None) => State::Finished,
            (_, false, None) if !checkpoint.is_open() => State::Stopped,
            (Run::None, false, None) => State::Interrupted,
            (Run::Unknown, false, None) => State::Open,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Stopped => "stopped",
            State::Interrupted => "interrupted",
            State::Open => "open",
            State::Failed => "failed",
            State::Finished => "finished",
            State::Unreadable => "unreadable",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            State::Running | State::Finished => GOOD,
            State::Stopped | State::Interrupted | State::Open => WARN,
            State::Failed | State::Unreadable => BAD,
        }
    }
}

impl Held {
    pub(super) fn of(holder: &Holder) -> Self {
        Held { pid: holder.pid(), host: holder.host().to_owned(), since: holder.since().into() }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} on host {}, since {}", self.pid, self.host, self.since)
    }
}
