//! How a job's runs went.

use safe_state_backends::{PastRun, RunEnd, Timestamp};
use serde::Serialize;

use super::look::{Look, Run};

/// How a job's runs went.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    /// The job's name.
    pub job: String,
    /// How many there were, those that are forgotten included.
    pub runs: u32,
    /// The last of them, oldest first.
    pub history: Vec<PastRow>,
}

/// One run of a job.
#[derive(Clone, Debug, Serialize)]
pub struct PastRow {
    /// Its number, from 1.
    pub run: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; of one that died, when it saved last.
    pub ended_at: Option<Timestamp>,
    /// How long it took, or has taken by its last save.
    pub seconds: Option<f64>,
    /// How many items it completed, as far as it saved them.
    pub completed: u64,
    /// How it ended.
    pub end: End,
    /// Its process.
    pub pid: u32,
    /// The host it ran on.
    pub host: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// It is under way.
    Running,
    /// The job was finished.
    Finished,
    /// It failed.
    Failed,
    /// It stopped before an item, as it was to.
    Stopped,
    /// Its process died.
    Died,
    /// It runs, or has died.
    Open,
}

impl Past {
    /// What a look has shown.
    pub fn of(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let history = checkpoint.history().iter().map(|run| PastRow::of(run, look)).collect();
        Past { job: checkpoint.job().to_owned(), runs: checkpoint.run_count(), history }
    }
}

impl PastRow {
    /// What a look has shown.
    pub fn of(run: &PastRun, look: &Look) -> Self {
        let end = End::of(run, look);
        // What is known of one that died is its last save.
        let saved = || look.checkpoint.updated_at();
        let ended_at = run.ended_at().or_else(|| matches!(end, End::Died).then(saved));
        let until = ended_at.unwrap_or_else(saved);
        PastRow {
            run: run.number(),
            started_at: run.started_at().into(),
            ended_at: ended_at.map(Into::into),
            seconds: until.duration_since(run.started_at()).ok().map(|took| took.as_secs_f64()),
            completed: run.completed(),
            end,
            pid: run.pid(),
            host: run.host().to_owned(),
        }
    }
}

impl End {
    /// What a look has shown.
    pub fn of(run: &PastRun, look: &Look) -> Self {
        match (run.end(), &look.run) {
            (Some(RunEnd::Finished), _) => End::Finished,
            (Some(RunEnd::Failed), _) => End::Failed,
            (Some(RunEnd::Stopped), _) => End::Stopped,
            (Some(_), _) | (None, Run::None) => End::Died,
            (None, Run::By(_)) => End::Running,
            (None, Run::Unknown) => End::Open,
        }
    }

    /// In a word, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            End::Running => "running",
            End::Finished => "finished",
            End::Failed => "failed",
            End::Stopped => "stopped",
            End::Died => "died",
            End::Open => "open",
        }
    }
}
