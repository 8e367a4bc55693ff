//! What a process may take: a program under a supervisor, or the run of a job.

use std::time::Duration;

/// The limits of a process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessLimits {
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How much memory it may have in use, in bytes.
    pub max_memory: Option<u64>,
    /// How long it has to end by itself once a limit was passed.
    pub grace_period: Duration,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        ProcessLimits { timeout: None, max_memory: None, grace_period: Duration::from_secs(15) }
    }
}
