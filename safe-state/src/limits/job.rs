//! What a job may take.

use crate::Job;
use safe_state_limits::{Size, Time};

impl Job {
    /// How long the body of an item may take, or an attempt at it: a [`Duration`](std::time::Duration), or a text such as
    /// `"30s"`. Then it is cancelled, and fails if it [asks](crate::limits::check) or awaits; if it does not
    /// end within the grace period either, what is complete is saved, and the process is ended.
    ///
    /// # Panics
    ///
    /// If a text is no time. So do the others.
    pub fn item_timeout(mut self, timeout: impl Into<Time>) -> Self {
        self.limits.item_timeout = Some(timeout.into().into());
        self
    }

    /// How long a run may take. Then it ends before the next item with
    /// [`Error::Stopped`](crate::Error::Stopped), and has saved what is complete. The item under way is
    /// cancelled, and if it does not end within the grace period, the process is ended.
    pub fn timeout(mut self, timeout: impl Into<Time>) -> Self {
        self.limits.process.timeout = Some(timeout.into().into());
        self
    }

    /// How much memory the process may have in use: a number of bytes, or a text such as `"2GiB"`. The same
    /// as of a timeout. Linux alone.
    pub fn max_memory(mut self, max_memory: impl Into<Size>) -> Self {
        self.limits.process.max_memory = Some(max_memory.into().into());
        self
    }

    /// How long an item has to end once a limit was passed; and how long before the end of its time on a batch
    /// system the run stops. By default 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.limits.process.grace_period = grace_period.into().into();
        self
    }
}
