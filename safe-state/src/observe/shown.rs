//! The settings of what a job's runs show.

use std::sync::Arc;

use super::hooks::Hooks;
use super::shows::{ProgressLines, ShowProgress};

/// The settings of what a run shows of itself, and the hooks that it calls.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub(crate) verbose: bool,
    pub(crate) progress: bool,
    pub(crate) sums_up: bool,
    pub(crate) lines: Option<ProgressLines>,
    /// The program's own way to show progress.
    pub(crate) program: Option<Arc<dyn ShowProgress>>,
    pub(crate) hooks: Hooks,
}
