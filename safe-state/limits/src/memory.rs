//! Limits on memory.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_base::{Error, LimitExceeded, Memory};

use crate::escalation::{SHORTEST_GRACE, SHORTEST_INTERVAL};
use crate::limit::{Enforcement, Look, Measure, Watching, enforced};
use crate::meter::Meter;
use crate::token::Token;
use crate::units::{Size, Time, after};
use crate::watchdog::Watched;

/// Memory that a process can take in a millisecond: the nearer the limit, the sooner the next look.
const BYTES_PER_MILLISECOND: u64 = 2 << 20;

/// A limit on the memory in use while work goes on.
///
/// ```
/// use safe_state::limits::{MemoryLimit, check};
///
/// let limit = MemoryLimit::new("16GiB").start()?;
/// for part in 0..3 {
///     check()?;
///     // ..
/// }
/// # Ok::<(), safe_state::Error>(())
/// ```
///
/// Memory is looked at from time to time, more often near the limit. What takes gigabytes at once may be
/// past any limit before it is seen: against that, limit the control group as well. Linux alone.
#[derive(Clone, Debug)]
#[must_use = "it watches nothing until it is started"]
pub struct MemoryLimit {
    max_memory: u64,
    absolute: bool,
    memory: Memory,
    grace_period: Duration,
    enforcement: Enforcement,
}

impl MemoryLimit {
    /// A limit on work while which that much may be in use: a number of bytes, a `ByteSize`, or a text
    /// such as `"2GiB"`.
    ///
    /// # Panics
    ///
    /// If a text is no size. The other methods do if one is no time.
    pub fn new(max_memory: impl Into<Size>) -> Self {
        MemoryLimit {
            max_memory: max_memory.into().into(),
            absolute: true,
            memory: Memory::Process,
            grace_period: Duration::ZERO,
            enforcement: Enforcement::with_grace(Duration::from_secs(5)),
        }
    }

    /// Whether the limit is on all memory in use, as by default, or on what comes to that in use when the
    /// work starts.
    pub fn absolute(mut self, absolute: bool) -> Self {
        self.absolute = absolute;
        self
    }

    /// Whose memory it goes by. By default, the process's.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// How long the limit may be passed before anything is done. By default, not at all.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.grace_period = grace_period.into().into();
        self
    }

    /// How long each further step of the escalation waits for the one before to do, at least 10 ms. By
    /// default 5 seconds.
    pub fn secondary_grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.enforcement.steps.grace = Duration::from(grace_period.into()).max(SHORTEST_GRACE);
        self
    }

    fn watch(&self, place: &'static Location<'static>) -> Result<(Arc<Token>, Watched), Error> {
        let meter = Meter::of(self.memory).map_err(Error::Memory)?;
        let before = if self.absolute { 0 } else { meter.read().unwrap_or(0) };
        let limit = before.saturating_add(self.max_memory).min(meter.ceiling());
        let measure = MemoryInUse { of: self.clone(), limit, meter, place };
        let token = Arc::new(Token::new(false));
        Watching::new((measure, None), self.enforcement, token, place).start(Instant::now())
    }
}

enforced!(MemoryLimit);

/// How long it takes to come to a limit that is that far away, at least.
pub(crate) fn pause(far: u64, check_interval: Duration) -> Duration {
    Duration::from_millis(far / BYTES_PER_MILLISECOND).clamp(SHORTEST_INTERVAL, check_interval)
}

/// The memory that is in use.
struct MemoryInUse {
    of: MemoryLimit,
    limit: u64,
    meter: Meter,
    place: &'static Location<'static>,
}

impl Measure for MemoryInUse {
    /// Since when the limit is passed.
    type Seen = Option<Instant>;

    fn look(&self, since: &mut Option<Instant>, _: &Token, now: Instant) -> Look {
        let (limit, used) = (self.limit, self.meter.read().unwrap_or(0));
        if used <= limit {
            *since = None;
            return Look::Within(now + pause(limit - used, self.of.enforcement.check_interval));
        }
        let (memory, place) = (self.of.memory, format!("at {}", self.place));
        let passed = after(*since.get_or_insert(now), self.of.grace_period);
        Look::Exceeded(LimitExceeded::MemoryLimitExceeded { limit, used, memory, place }, passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_the_limit_it_looks_more_often() {
        let interval = Duration::from_millis(500);
        assert_eq!(pause(u64::MAX, interval), interval);
        assert_eq!(pause(20 << 20, interval), Duration::from_millis(10));
        assert_eq!(pause(0, interval), Duration::from_millis(1));
        assert_eq!(pause(0, Duration::from_millis(1)), Duration::from_millis(1));
    }
}
