//! What a job may take.

use std::time::Duration;

use crate::process_limits::ProcessLimits;

/// The limits of a job: those of the process that runs it, and one of each item.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobLimits {
    /// How long an item may take, or an attempt at it.
    pub item_timeout: Option<Duration>,
    /// Those of a run, and of the memory of the process that it is in.
    pub process: ProcessLimits,
}

impl JobLimits {
    /// Whether there is something to watch.
    pub fn are_set(&self) -> bool {
        self.item_timeout.is_some()
            || self.process.timeout.is_some()
            || self.process.max_memory.is_some()
    }
}
