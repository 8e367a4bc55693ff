//! Guards on memory.

use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::active::ActiveGuard;
use super::error::LimitExceeded;
use super::escalation::{Escalation, Interrupt, SHORTEST_GRACE, SHORTEST_INTERVAL, Stairs, Step};
use super::future::guarded;
use super::meter::{Memory, Meter};
use super::signal;
use super::token::Token;
use super::units::{Size, Time, after};
use super::watchdog::{Watch, Watched};
use crate::Error;

/// Memory that a process can take in a millisecond: the nearer the limit, the sooner the next look.
const BYTES_PER_MILLISECOND: u64 = 2 << 20;

/// A limit on the memory in use while work goes on.
///
/// ```
/// use safe_state::limits::{MemGuard, check};
///
/// let guard = MemGuard::new("16GiB").start()?;
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
pub struct MemGuard {
    max_memory: u64,
    absolute: bool,
    memory: Memory,
    grace_period: Duration,
    escalation: Escalation,
    check_interval: Duration,
}

impl MemGuard {
    /// A guard on work while which that much may be in use: a number of bytes, a `ByteSize`, or a text
    /// such as `"2GiB"`.
    ///
    /// # Panics
    ///
    /// If a text is no size. The other methods do if one is no time.
    pub fn new(max_memory: impl Into<Size>) -> Self {
        MemGuard {
            max_memory: max_memory.into().0,
            absolute: true,
            memory: Memory::Process,
            grace_period: Duration::ZERO,
            escalation: Escalation {
                interrupt: Interrupt::default(),
                send_kill: false,
                grace: Duration::from_secs(5),
            },
            check_interval: Duration::from_millis(500),
        }
    }

    /// Whether the limit is on all memory in use, as by default, or on what comes to that in use when the
    /// guard starts.
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
        self.grace_period = grace_period.into().0;
        self
    }

    /// How long each further step of the escalation waits for the one before to do, at least 10 ms. By
    /// default 5 seconds.
    pub fn secondary_grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.escalation.grace = grace_period.into().0.max(SHORTEST_GRACE);
        self
    }

    /// How the work is interrupted. By default, it is cancelled first, and then gets signals.
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.escalation.interrupt = interrupt;
        self
    }

    /// Whether the last signal is SIGKILL, which can't be caught, instead of SIGTERM. By default, not.
    pub fn send_kill(mut self, send_kill: bool) -> Self {
        self.escalation.send_kill = send_kill;
        self
    }

    /// How often the memory is looked at while it is far below the limit, at least 1 ms. Near it, it is
    /// up to once in a millisecond. By default 500 ms.
    pub fn check_interval(mut self, check_interval: impl Into<Time>) -> Self {
        self.check_interval = check_interval.into().0.max(SHORTEST_INTERVAL);
        self
    }

    /// Watches from now on, until what this gives is dropped.
    ///
    /// # Errors
    ///
    /// The system does not tell how much is in use, or the thread that watches can't be started.
    #[track_caller]
    pub fn start(&self) -> Result<ActiveGuard, Error> {
        let (token, watched) = self.watch(Location::caller())?;
        Ok(ActiveGuard::of(token, watched))
    }

    /// Calls `work` under the guard.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> Result<R, Error> {
        let _guard = self.start()?;
        Ok(work())
    }

    /// What `future` gives. Cancelled, it is dropped at its next `.await`.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if it was cancelled; or as [`start`](Self::start).
    #[track_caller]
    pub fn run_async<F: Future>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Error>> + use<F> {
        let (guard, place) = (self.clone(), Location::caller());
        async move {
            let (token, _watched) = guard.watch(place)?;
            guarded(&token, future).await
        }
    }

    fn watch(&self, place: &'static Location<'static>) -> Result<(Arc<Token>, Watched), Error> {
        let meter = Meter::of(self.memory).map_err(Error::Memory)?;
        let before = if self.absolute { 0 } else { meter.read().unwrap_or(0) };
        let token = Arc::new(Token::new(false));
        token.works_here();
        let watch = MemoryWatch {
            limit: before.saturating_add(self.max_memory).min(meter.ceiling()),
            guard: self.clone(),
            meter,
            token: Arc::clone(&token),
            place,
            state: Mutex::default(),
        };
        let watched = Watched::start(Arc::new(watch), Instant::now()).map_err(Error::Thread)?;
        Ok((token, watched))
    }
}

/// How long it takes to come to a limit that is that far away, at least.
pub(crate) fn pause(far: u64, check_interval: Duration) -> Duration {
    Duration::from_millis(far / BYTES_PER_MILLISECOND).clamp(SHORTEST_INTERVAL, check_interval)
}

/// What the watchdog sees of it.
struct MemoryWatch {
    guard: MemGuard,
    limit: u64,
    meter: Meter,
    token: Arc<Token>,
    place: &'static Location<'static>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Since when the limit is passed.
    passed: Option<Instant>,
    stairs: Stairs,
    has_ended: bool,
}

impl MemoryWatch {
    fn take(&self, step: Step, used: u64) {
        let (limit, place) = (self.limit, self.place);
        tracing::warn!(target: "safe_state", ?step, limit, used, %place, "a memory limit was passed");
        match step {
            Step::Cancel => {
                let (memory, place) = (self.guard.memory, format!("at {place}"));
                let exceeded = LimitExceeded::MemoryLimitExceeded { limit, used, memory, place };
                self.token.cancel(exceeded);
            }
            signal => signal::send(signal, self.token.thread()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for MemoryWatch {
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        if state.has_ended {
            return None;
        }
        let used = self.meter.read().unwrap_or(0);
        if used <= self.limit {
            state.passed = None;
            state.stairs.descend();
            self.token.take_back();
            return Some(now + pause(self.limit - used, self.guard.check_interval));
        }
        let passed = after(*state.passed.get_or_insert(now), self.guard.grace_period);
        let (step, next) = state.stairs.climb(self.guard.escalation, passed, now);
        if let Some(step) = step {
            self.take(step, used);
        }
        let again = now + self.guard.check_interval;
        Some(next.map_or(again, |due| due.min(again)))
    }

    fn end(&self) {
        self.state().has_ended = true;
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
