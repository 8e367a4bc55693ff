//! What a job says of what its runs show.

use std::sync::Arc;

use super::hooks::Hooks;
use super::shows::{ProgressLines, ShowProgress};

/// What a run shows of itself, and what it calls.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub(crate) verbose: bool,
    pub(crate) progress: bool,
    pub(crate) sums_up: bool,
    pub(crate) lines: Option<ProgressLines>,
    /// What the program shows its progress with.
    pub(crate) program: Option<Arc<dyn ShowProgress>>,
    pub(crate) hooks: Hooks,
}
