//! What a job may take.

use std::time::Duration;

use super::units::{Size, Time};
use crate::Job;

/// The limits of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobLimits {
    /// Of an item, or an attempt at it.
    pub(crate) item_timeout: Option<Duration>,
    /// Of a run.
    pub(crate) timeout: Option<Duration>,
    /// Of the process, in bytes.
    pub(crate) max_memory: Option<u64>,
    /// How long an item that was cancelled has before the process is ended.
    pub(crate) grace_period: Duration,
}

impl JobLimits {
    /// Whether there is something to watch.
    pub(crate) fn are_set(&self) -> bool {
        self.item_timeout.is_some() || self.timeout.is_some() || self.max_memory.is_some()
    }
}

impl Default for JobLimits {
    fn default() -> Self {
        JobLimits {
            item_timeout: None,
            timeout: None,
            max_memory: None,
            grace_period: Duration::from_secs(15),
        }
    }
}

impl Job {
    /// How long the body of an item may take, or an attempt at it: a [`Duration`], or a text such as
    /// `"30s"`. Then it is cancelled, and fails if it [asks](crate::limits::check) or awaits; if it does not
    /// end within the grace period either, what is complete is saved, and the process is ended.
    ///
    /// # Panics
    ///
    /// If a text is no time. So do the others.
    pub fn item_timeout(mut self, timeout: impl Into<Time>) -> Self {
        self.limits.item_timeout = Some(timeout.into().0);
        self
    }

    /// How long a run may take. Then it ends before the next item with
    /// [`Error::Stopped`](crate::Error::Stopped), and has saved what is complete. The item under way is
    /// cancelled, and if it does not end within the grace period, the process is ended.
    pub fn timeout(mut self, timeout: impl Into<Time>) -> Self {
        self.limits.timeout = Some(timeout.into().0);
        self
    }

    /// How much memory the process may have in use: a number of bytes, or a text such as `"2GiB"`. The same
    /// as of a timeout. Linux alone.
    pub fn max_memory(mut self, max_memory: impl Into<Size>) -> Self {
        self.limits.max_memory = Some(max_memory.into().0);
        self
    }

    /// How long an item has to end once a limit was passed; and how long before the end of its time on a batch
    /// system the run stops. By default 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.limits.grace_period = grace_period.into().0;
        self
    }
}
