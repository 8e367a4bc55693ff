//! What is told of a job in a line.

use std::fmt;

use safe_state_backends::{Error, Holder, Request, Timestamp};
use serde::Serialize;

use super::{Look, Run};
use crate::error::one_line;

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
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
pub struct Summary {
    /// The job's name.
    pub job: String,
    /// How it is.
    pub state: State,
    /// How many items of the current loop are complete.
    pub completed: u64,
    /// How many it has in all, where its input told.
    pub total: Option<u64>,
    /// How many are to do, where its input told.
    pub remaining: Option<u64>,
    /// How many runs there were, the one under way included.
    pub runs: u32,
    /// How many items were skipped for their errors.
    pub skipped: u64,
    /// How many items were given up on with a record.
    pub dead_letters: usize,
    /// When the first run began.
    pub started_at: Timestamp,
    /// When it was saved last.
    pub updated_at: Timestamp,
    /// Who runs it.
    pub holder: Option<Held>,
    /// What was asked of its runs.
    pub asked: Option<&'static str>,
}

/// A job among others.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// Its checkpoint was read.
    Read(Summary),
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

/// Who runs a job.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// The process.
    pub pid: u32,
    /// The host it runs on.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
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
            Row::Read(Summary { job, .. }) | Row::Unreadable { job, .. } => job,
        }
    }

    /// How it is.
    pub fn state(&self) -> State {
        match self {
            Row::Read(Summary { state, .. }) | Row::Unreadable { state, .. } => *state,
        }
    }
}

impl Summary {
    /// What a look has shown.
    pub fn of(look: &Look) -> Self {
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
    pub fn state_text(&self) -> String {
        let paused = if self.asked == Some("pause") { ", paused" } else { "" };
        format!("{}{paused}", self.state.name())
    }

    /// `64 %`, where the input told its length.
    pub fn percent(&self) -> Option<String> {
        let total = self.total?.max(1);
        Some(format!("{} %", u128::from(self.completed) * 100 / u128::from(total)))
    }
}

impl State {
    /// What a look has shown.
    pub fn of(Look { checkpoint, run, .. }: &Look) -> Self {
        match (run, checkpoint.is_finished(), checkpoint.last_failure()) {
            (Run::By(_), ..) => State::Running,
            (_, _, Some(_)) => State::Failed,
            (_, true, None) => State::Finished,
            (_, false, None) if !checkpoint.is_open() => State::Stopped,
            (Run::None, false, None) => State::Interrupted,
            (Run::Unknown, false, None) => State::Open,
        }
    }

    /// In a word, as JSON has it.
    pub fn name(self) -> &'static str {
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
}

impl Held {
    /// What a backend says of it.
    pub fn of(holder: &Holder) -> Self {
        Held { pid: holder.pid(), host: holder.host().to_owned(), since: holder.since().into() }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} on host {}, since {}", self.pid, self.host, self.since)
    }
}
