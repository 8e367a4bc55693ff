//! What a job is told by its options.

use std::time::Duration;

use super::migrations::Migrations;
use super::shared::SharedTerms;
use crate::items::terms::OnChange;
use crate::save::schedule::SaveEvery;

/// When a job saves, and what becomes of it in the end.
#[derive(Clone, Default)]
pub(crate) struct Saves {
    pub(crate) every: SaveEvery,
    pub(crate) keep_on_success: bool,
    pub(crate) page: bool,
    pub(crate) kept: Kept,
    /// Of a job whose loops many workers share.
    pub(crate) shared: Option<SharedTerms>,
}

/// What is kept of runs that have finished, and for how long.
#[derive(Clone, Copy, Default)]
pub(crate) struct Kept {
    /// How many runs are remembered once the job has finished and its checkpoint is removed.
    pub(crate) history: u32,
    /// How long a finished checkpoint counts.
    pub(crate) expires_after: Option<Duration>,
}

/// What is known of how a job's name comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NameOrigin {
    #[default]
    Unknown,
    /// It is the same in each process: a digit in it tells no tasks apart.
    Fixed,
    /// It is made as the program runs.
    Made,
}

/// How a run begins, and whether.
#[derive(Clone, Copy, Default)]
pub(crate) struct Runs {
    /// Whether it begins anew, whatever is stored.
    pub(crate) restart: bool,
    /// How many there may be before the job has finished.
    pub(crate) max: Option<u32>,
    /// How the name comes about under which they find one another.
    pub(crate) name: NameOrigin,
    /// How many of its loops know items by key, where the code tells.
    pub(crate) keyed_loops: u32,
}

/// What the run before is expected to have been, and what to do if it was not.
#[derive(Clone)]
pub(crate) struct Expected {
    pub(crate) version: Option<String>,
    pub(crate) code: Option<u64>,
    pub(crate) on_code_change: OnChange,
    /// The fingerprints of what belongs to the job of its function's arguments, by their names.
    pub(crate) arguments: Vec<(String, u32)>,
    /// The variables that are saved with the progress, where the code tells.
    pub(crate) carries: Option<&'static [&'static str]>,
    pub(crate) on_input_change: OnChange,
    pub(crate) runs: Runs,
    pub(crate) migrations: Migrations,
}

impl Default for Expected {
    fn default() -> Self {
        Expected {
            version: None,
            code: None,
            on_code_change: OnChange::Continue,
            arguments: Vec::new(),
            carries: None,
            on_input_change: OnChange::Fail,
            runs: Runs::default(),
            migrations: Migrations::default(),
        }
    }
}
