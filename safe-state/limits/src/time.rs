//! Guards on time.

use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::active::ActiveGuard;
use super::error::LimitExceeded;
use super::escalation::{Escalation, Interrupt, SHORTEST_GRACE, SHORTEST_INTERVAL, Stairs, Step};
use super::future::guarded;
use super::signal;
use super::token::Token;
use super::units::{Time, after};
use super::watchdog::{Watch, Watched};
use crate::Error;

/// A limit on the time that work may take without progress.
///
/// ```
/// use safe_state::limits::TimeGuard;
///
/// let guard = TimeGuard::new("90s").grace_period("5s").start()?;
/// for part in 0..3 {
///     guard.check()?;
///     // ..
///     guard.progress();
/// }
/// # Ok::<(), safe_state::Error>(())
/// ```
///
/// Guards nest, and any number of threads may be in guards of their own. One thread watches them all.
#[derive(Clone, Debug)]
#[must_use = "it watches nothing until it is started"]
pub struct TimeGuard {
    timeout: Duration,
    escalation: Escalation,
    check_interval: Duration,
}

impl TimeGuard {
    /// A guard on work that may take that long without progress: a [`Duration`], or a text such as `"90s"`.
    ///
    /// # Panics
    ///
    /// If a text is no time. So do the other methods that take one.
    pub fn new(timeout: impl Into<Time>) -> Self {
        TimeGuard { timeout: timeout.into().0, ..TimeGuard::default() }
    }

    /// How long each step of the escalation waits for the one before to do, at least 10 ms. By default
    /// 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
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

    /// How often it is seen whether there was progress; where there was, the limit is passed by up to that
    /// time before it is noticed. At least 1 ms; by default 500 ms.
    pub fn check_interval(mut self, check_interval: impl Into<Time>) -> Self {
        self.check_interval = check_interval.into().0.max(SHORTEST_INTERVAL);
        self
    }

    /// Watches from now on, until what this gives is dropped.
    ///
    /// # Errors
    ///
    /// The thread that watches can't be started.
    #[track_caller]
    pub fn start(&self) -> Result<ActiveGuard, Error> {
        let (token, watched) = self.watch(Location::caller())?;
        Ok(ActiveGuard::of(token, watched))
    }

    /// Calls `work` under the guard.
    ///
    /// # Errors
    ///
    /// The thread that watches can't be started. (What the work makes of its limit is in what it returns.)
    #[track_caller]
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> Result<R, Error> {
        let _guard = self.start()?;
        Ok(work())
    }

    /// What `future` gives. Cancelled, it is dropped at its next `.await`. The guard belongs to the future,
    /// whichever threads poll it; its signals go to the one that polled it last.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if it was cancelled; or the thread that watches can't be started.
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
        let now = Instant::now();
        let watch = TimeWatch::new(self.clone(), place, now);
        let token = Arc::clone(&watch.token);
        let first = watch.next_look(now, after(now, self.timeout));
        let watched = Watched::start(Arc::new(watch), first).map_err(Error::Thread)?;
        Ok((token, watched))
    }
}

impl Default for TimeGuard {
    /// One minute, cancelled and then ended with SIGTERM, 15 seconds for each step.
    fn default() -> Self {
        TimeGuard {
            timeout: Duration::from_secs(60),
            escalation: Escalation {
                interrupt: Interrupt::default(),
                send_kill: false,
                grace: Duration::from_secs(15),
            },
            check_interval: Duration::from_millis(500),
        }
    }
}

/// What the watchdog sees of it.
struct TimeWatch {
    guard: TimeGuard,
    token: Arc<Token>,
    place: &'static Location<'static>,
    state: Mutex<State>,
}

struct State {
    /// When there was progress last, as far as was seen.
    since: Instant,
    stairs: Stairs,
    has_ended: bool,
}

impl TimeWatch {
    fn new(guard: TimeGuard, place: &'static Location<'static>, now: Instant) -> Self {
        let token = Arc::new(Token::new(true));
        token.works_here();
        let state = Mutex::new(State { since: now, stairs: Stairs::default(), has_ended: false });
        TimeWatch { guard, token, place, state }
    }

    fn next_look(&self, now: Instant, due: Instant) -> Instant {
        due.min(after(now, self.guard.check_interval))
    }

    fn take(&self, step: Step, state: &State, now: Instant) {
        let TimeGuard { timeout: limit, .. } = self.guard;
        let (used, place) = (now - state.since, self.place);
        tracing::warn!(target: "safe_state", ?step, ?limit, ?used, %place, "a time limit was passed");
        match step {
            Step::Cancel => {
                let place = format!("at {place}");
                self.token.cancel(LimitExceeded::ExecutionTimeout { limit, used, place });
            }
            signal => signal::send(signal, self.token.thread()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for TimeWatch {
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        if state.has_ended {
            return None;
        }
        if self.token.takes_progress() {
            state.since = now;
            state.stairs.descend();
            self.token.take_back();
        }
        let passed = after(state.since, self.guard.timeout);
        if now < passed {
            return Some(self.next_look(now, passed));
        }
        let (step, next) = state.stairs.climb(self.guard.escalation, passed, now);
        if let Some(step) = step {
            self.take(step, &state, now);
        }
        // Also where no step is left: there may be progress yet.
        let due = next.unwrap_or_else(|| after(now, Duration::MAX));
        Some(self.next_look(now, due))
    }

    fn end(&self) {
        self.state().has_ended = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guard of a minute that cancels, and how it is looked at after so many milliseconds.
    fn watch() -> (TimeWatch, impl Fn(&TimeWatch, u64) -> u64) {
        let began = Instant::now();
        let guard = TimeGuard::default().interrupt(Interrupt::Cancellation);
        let look = move |watch: &TimeWatch, millis| {
            let again = watch.look(began + Duration::from_millis(millis)).unwrap() - began;
            u64::try_from(again.as_millis()).unwrap()
        };
        (TimeWatch::new(guard, Location::caller(), began), look)
    }

    #[test]
    fn it_looks_when_its_limit_is_passed_and_not_later() {
        let (watch, look) = watch();
        assert_eq!(look(&watch, 0), 500);
        assert_eq!(look(&watch, 59_700), 60_000);
        assert!(watch.token.check().is_ok());
        look(&watch, 60_000);
        assert!(watch.token.check().is_err());
    }

    #[test]
    fn with_progress_in_time_it_is_never_passed() {
        let (watch, look) = watch();
        for minute in 1..100 {
            look(&watch, minute * 60_000 - 1);
            watch.token.progress();
            assert_eq!(look(&watch, minute * 60_000), minute * 60_000 + 500);
            assert!(watch.token.check().is_ok());
        }
        look(&watch, 99 * 60_000 + 59_999);
        assert!(watch.token.check().is_ok());
        look(&watch, 100 * 60_000);
        assert!(watch.token.check().is_err());
    }

    #[test]
    fn it_does_nothing_once_it_has_been_left() {
        let (watch, _) = watch();
        watch.end();
        assert_eq!(watch.look(Instant::now() + Duration::from_secs(3600)), None);
        assert!(watch.token.check().is_ok());
    }

    #[test]
    fn a_time_that_never_comes_is_no_limit() {
        let guard = TimeGuard::new(Duration::MAX).grace_period(Duration::MAX);
        guard.check_interval(Duration::MAX).start().unwrap().check().unwrap();
    }
}
