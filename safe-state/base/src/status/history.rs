//! The history of a job's runs, to be shown.

use safe_state_backends::{PastRun, RunEnd, Timestamp};
use serde::Serialize;

use super::look::{Look, Run};
use super::timings::{self, StatusItemTimes, StatusSaving};

/// The history of a job's runs.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    /// The job's name.
    pub job: String,
    /// The number of runs, those included that are no longer remembered.
    pub runs: u32,
    /// The last runs, oldest first.
    pub history: Vec<PastRow>,
}

/// One run of a job.
#[derive(Clone, Debug, Serialize)]
pub struct PastRow {
    /// The run's number, from 1.
    pub run: u32,
    /// The time when the run began.
    pub started_at: Timestamp,
    /// The time when the run ended, or of its last save if it died.
    pub ended_at: Option<Timestamp>,
    /// The duration of the run, or the time until its last save.
    pub seconds: Option<f64>,
    /// The number of items that the run completed and saved.
    pub completed: u64,
    /// The end of the run.
    pub end: End,
    /// The process id.
    pub pid: u32,
    /// The name of the process's host.
    pub host: String,
    /// What saving cost, if that is stored.
    pub saving: Option<StatusSaving>,
    /// How long items took, if that is stored.
    pub items: Option<StatusItemTimes>,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The run is under way.
    Running,
    /// The run finished the job.
    Finished,
    /// The run failed.
    Failed,
    /// The run stopped before an item, because it was asked to.
    Stopped,
    /// The run's process died.
    Died,
    /// The run is under way, or has died: the backend can't tell.
    Open,
}

impl Past {
    /// Returns the history that a look has found.
    pub fn of(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let history = checkpoint.history().iter().map(|run| PastRow::of(run, look)).collect();
        Past { job: checkpoint.job().to_owned(), runs: checkpoint.run_count(), history }
    }
}

impl PastRow {
    /// Returns the row of a run that a look has found.
    pub fn of(run: &PastRun, look: &Look) -> Self {
        let end = End::of(run, look);
        // A dead run counts as ended at its last save.
        let saved = || look.checkpoint.updated_at();
        let ended_at = run.ended_at().or_else(|| matches!(end, End::Died).then(saved));
        let until = ended_at.unwrap_or_else(saved);
        let took = until.duration_since(run.started_at()).ok();
        let (saving, items) = timings::of_run(run.number(), took, &look.checkpoint);
        PastRow {
            run: run.number(),
            started_at: run.started_at().into(),
            ended_at: ended_at.map(Into::into),
            seconds: took.map(|took| took.as_secs_f64()),
            completed: run.completed(),
            end,
            pid: run.pid(),
            host: run.host().to_owned(),
            saving,
            items,
        }
    }
}

impl End {
    /// Returns the end of a run that a look has found.
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

    /// Returns the name of the end, as in JSON.
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
