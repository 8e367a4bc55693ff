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

/// The memory that a process can take in a millisecond, in bytes. The nearer the limit, the sooner the next look.
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
/// Memory is looked at from time to time, more often near the limit. A process that takes gigabytes at once may be past
/// any limit before a look: against that, also limit the control group. It works on Linux only.
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
    /// Makes a limit on the memory that may be in use during the work: a number of bytes, a `ByteSize`, or a text such
    /// as `"2GiB"`.
    ///
    /// # Panics
    ///
    /// Panics if a text is no size. The other methods panic if a text is no time.
    pub fn new(max_memory: impl Into<Size>) -> Self {
        MemoryLimit {
            max_memory: max_memory.into().into(),
            absolute: true,
            memory: Memory::Process,
            grace_period: Duration::ZERO,
            enforcement: Enforcement::with_grace(Duration::from_secs(5)),
        }
    }

    /// Sets whether the limit applies to all memory in use (the default), or only to memory beyond what is in use when
    /// the work starts.
    pub fn absolute(mut self, absolute: bool) -> Self {
        self.absolute = absolute;
        self
    }

    /// Sets whose memory counts: that of the process (the default) or of its control group.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// Sets how long the limit may be passed before the first step is taken. By default there is no such time.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.grace_period = grace_period.into().into();
        self
    }

    /// Sets the time between two further steps of the escalation: at least 10 ms, by default 5 seconds.
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

/// Returns the least time in which a process can use `far` more bytes, between 1 ms and `check_interval`.
pub(crate) fn pause(far: u64, check_interval: Duration) -> Duration {
    Duration::from_millis(far / BYTES_PER_MILLISECOND).clamp(SHORTEST_INTERVAL, check_interval)
}

/// The memory in use, as a limit measures it.
struct MemoryInUse {
    of: MemoryLimit,
    limit: u64,
    meter: Meter,
    place: &'static Location<'static>,
}

impl Measure for MemoryInUse {
    /// When the limit was passed, if it is.
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
    fn the_memory_is_looked_at_more_often_near_the_limit() {
        let interval = Duration::from_millis(500);
        assert_eq!(pause(u64::MAX, interval), interval);
        assert_eq!(pause(20 << 20, interval), Duration::from_millis(10));
        assert_eq!(pause(0, interval), Duration::from_millis(1));
        assert_eq!(pause(0, Duration::from_millis(1)), Duration::from_millis(1));
    }
}
