//! What a job is told by its options.

use super::shared::SharedTerms;
use crate::items::terms::OnChange;
use crate::save::schedule::SaveEvery;

/// When a job saves, and what becomes of it in the end.
#[derive(Clone, Default)]
pub(crate) struct Saves {
    pub(crate) every: SaveEvery,
    pub(crate) keep_on_success: bool,
    pub(crate) page: bool,
    /// Of a job whose loops many workers share.
    pub(crate) shared: Option<SharedTerms>,
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
}

/// What a run shows of itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shown {
    pub(crate) verbose: bool,
    pub(crate) progress: bool,
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
        }
    }
}
