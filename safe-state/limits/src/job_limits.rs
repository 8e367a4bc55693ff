//! The limits of a job.

use std::time::Duration;

use crate::process_limits::ProcessLimits;

/// The limits of a job: those of the process that runs it, and one for each item.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobLimits {
    /// The longest time for an item, or for an attempt at it.
    pub item_timeout: Option<Duration>,
    /// The limits of a run, and of the memory of its process.
    pub process: ProcessLimits,
}

impl JobLimits {
    /// Returns whether any limit is set.
    pub fn are_set(&self) -> bool {
        self.item_timeout.is_some()
            || self.process.timeout.is_some()
            || self.process.max_memory.is_some()
    }
}
