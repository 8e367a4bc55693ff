//! The options that a cache is opened with.

use std::time::Duration;

use safe_state_backends::{Bounds, Durability, IntoBackend, LeaseOptions};
use safe_state_base::url;

use super::cache::IdempotencyCache;
use super::error::IdempotencyError;

/// The options that an [`IdempotencyCache`] is opened with. By default it remembers everything, and its stored effects
/// survive a loss of power.
///
/// ```
/// use std::time::Duration;
/// use safe_state::idempotency::CacheOptions;
///
/// let day = Duration::from_secs(24 * 60 * 60);
/// let seen = CacheOptions::new().expire_after(7 * day).max_len(1_000_000).open("memory:", "mails")?;
/// seen.mark("a@example.org")?;
/// # Ok::<(), safe_state::idempotency::IdempotencyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheOptions {
    bounds: Bounds,
    lease: LeaseOptions,
}

impl CacheOptions {
    /// Returns the default options.
    pub fn new() -> Self {
        CacheOptions::default()
    }

    /// Forgets an effect when `time` has passed since it was done, by the system's clock. If the clock has been set
    /// back since, the effect is remembered for that much longer. If the clock is ahead for a while, effects are
    /// forgotten too early, and a forgotten effect can happen again.
    pub fn expire_after(mut self, time: Duration) -> Self {
        self.bounds.expire_after = Some(time);
        self
    }

    /// Remembers at most `len` effects that are done, and forgets the oldest first. Effects in doubt do not count, and
    /// are kept.
    pub fn max_len(mut self, len: usize) -> Self {
        self.bounds.max_len = Some(len);
        self
    }

    /// Sets what stored effects have to survive: a loss of power (the default), or only the death of the process. In
    /// the second case, a loss of power may make the cache forget that an effect is done.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.lease.durability = durability;
        self
    }

    /// Waits up to `wait` for another process that has the cache open, instead of being refused at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.lease.wait = Some(wait);
        self
    }

    /// Opens the cache `name`, as [`IdempotencyCache::open`] does.
    ///
    /// # Errors
    ///
    /// The same errors as [`IdempotencyCache::open`].
    pub fn open(
        self,
        backend: impl IntoBackend,
        name: &str,
    ) -> Result<IdempotencyCache, IdempotencyError> {
        IdempotencyCache::open_with(url::open(backend)?, name, self.lease, self.bounds)
    }
}
