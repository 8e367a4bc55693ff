//! How a cache is opened.

use std::time::Duration;

use safe_state_backends::{Bounds, Durability, IntoBackend, LeaseOptions};

use super::cache::IdempotencyCache;
use super::error::IdempotencyError;

/// How an [`IdempotencyCache`] is opened. By default it remembers everything, and what it has stored
/// survives a loss of power.
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
    /// The default.
    pub fn new() -> Self {
        CacheOptions::default()
    }

    /// Forgets an effect that long after it was done, by the system's clock. One that was done by a clock that has gone
    /// back since is remembered for so much longer; a clock that is ahead for a while forgets too early, and what is
    /// forgotten can happen again.
    pub fn expire_after(mut self, time: Duration) -> Self {
        self.bounds.expire_after = Some(time);
        self
    }

    /// Remembers that many effects that are done, and forgets the oldest. Those in doubt are kept
    /// beside them.
    pub fn max_len(mut self, len: usize) -> Self {
        self.bounds.max_len = Some(len);
        self
    }

    /// What has to survive what: loss of power (the default), or only the death of the process. With
    /// that, a loss of power may bring effects back that were done.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.lease.durability = durability;
        self
    }

    /// How long to wait for another that has the cache open, instead of being refused at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.lease.wait = Some(wait);
        self
    }

    /// Opens the cache of that name. See [`IdempotencyCache::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(
        self,
        backend: impl IntoBackend,
        name: &str,
    ) -> Result<IdempotencyCache, IdempotencyError> {
        IdempotencyCache::open_with(backend.into_backend()?, name, self.lease, self.bounds)
    }
}
