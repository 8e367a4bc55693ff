//! The limits of a process: of a program under a supervisor, or of the run of a job.

use std::time::Duration;

/// The limits of a process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessLimits {
    /// The longest time that the process may take.
    pub timeout: Option<Duration>,
    /// The most memory that the process may have in use, in bytes.
    pub max_memory: Option<u64>,
    /// The time that the process has to end by itself after it passed a limit.
    pub grace_period: Duration,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        ProcessLimits { timeout: None, max_memory: None, grace_period: Duration::from_secs(15) }
    }
}
