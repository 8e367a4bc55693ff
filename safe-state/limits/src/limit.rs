//! The parts that limits on time and on memory share: how they are watched, and how they are enforced.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use safe_state_base::{Error, LimitExceeded};

use crate::escalation::{Escalation, Interrupt, Step, Steps};
use crate::signal;
use crate::token::Token;
use crate::units::after;
use crate::watchdog::{Watch, Watched};

/// The steps against work that goes on beyond its limit, and how often it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enforcement {
    pub(crate) steps: Steps,
    pub(crate) check_interval: Duration,
}

impl Enforcement {
    /// Makes the default steps, with `grace` between them: cancellation, then SIGINT, then SIGTERM.
    pub(crate) fn with_grace(grace: Duration) -> Self {
        let steps = Steps { interrupt: Interrupt::default(), send_kill: false, grace };
        Enforcement { steps, check_interval: Duration::from_millis(500) }
    }
}

/// The quantity that a limit is set on.
pub(crate) trait Measure: Send + Sync + 'static {
    /// The state that is kept from one look to the next.
    type Seen: Send + 'static;

    /// Looks whether the limit is passed.
    fn look(&self, seen: &mut Self::Seen, token: &Token, now: Instant) -> Look;
}

/// The result of a look at a limit.
pub(crate) enum Look {
    /// The limit is not passed. The next look is due at this time.
    Within(Instant),
    /// The limit is passed. Steps are due from this time on.
    Exceeded(LimitExceeded, Instant),
}

/// A limit with its state, as the watchdog looks at it.
pub(crate) struct Watching<M: Measure> {
    measure: M,
    enforcement: Enforcement,
    token: Arc<Token>,
    place: &'static Location<'static>,
    state: Mutex<State<M::Seen>>,
}

struct State<S> {
    seen: S,
    escalation: Escalation,
    has_ended: bool,
}

impl<M: Measure> Watching<M> {
    pub(crate) fn new(
        (measure, seen): (M, M::Seen),
        enforcement: Enforcement,
        token: Arc<Token>,
        place: &'static Location<'static>,
    ) -> Self {
        token.works_here();
        let state = State { seen, escalation: Escalation::default(), has_ended: false };
        Watching { measure, enforcement, token, place, state: Mutex::new(state) }
    }

    #[cfg(test)]
    pub(crate) fn token(&self) -> &Arc<Token> {
        &self.token
    }

    /// Hands the limit to the watchdog, which looks at it from `first` on.
    ///
    /// # Errors
    ///
    /// The watchdog's thread can't be started.
    pub(crate) fn start(self, first: Instant) -> Result<(Arc<Token>, Watched), Error> {
        let token = Arc::clone(&self.token);
        let watched = Watched::start(Arc::new(self), first).map_err(Error::Thread)?;
        Ok((token, watched))
    }

    fn take(&self, step: Step, exceeded: LimitExceeded) {
        let place = self.place;
        tracing::warn!(target: "safe_state", ?step, %exceeded, %place, "a limit was passed");
        match step {
            Step::Cancel => self.token.cancel(exceeded),
            signal => signal::send(signal, self.token.thread()),
        }
    }
}

impl<M: Measure> Watch for Watching<M> {
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { seen, escalation, has_ended } = &mut *state;
        if *has_ended {
            return None;
        }
        let (exceeded, passed) = match self.measure.look(seen, &self.token, now) {
            Look::Exceeded(exceeded, passed) => (exceeded, passed),
            Look::Within(again) => {
                escalation.reset();
                self.token.take_back();
                return Some(again);
            }
        };
        let (step, next) = escalation.next_step(self.enforcement.steps, passed, now);
        if let Some(step) = step {
            self.take(step, exceeded);
        }
        // Set even if no step is left, as the work may come back within its limit.
        let again = after(now, self.enforcement.check_interval);
        Some(next.map_or(again, |due| due.min(again)))
    }

    fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).has_ended = true;
    }
}

impl<M: Measure> fmt::Debug for Watching<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching").field("token", &self.token).finish_non_exhaustive()
    }
}

/// Adds the methods of a limit that has an `enforcement` and a method `watch`.
macro_rules! enforced {
    ($limit:ident) => {
        impl $limit {
            /// Sets how the work is interrupted. By default it is cancelled first, and then gets signals.
            pub fn interrupt(mut self, interrupt: $crate::Interrupt) -> Self {
                self.enforcement.steps.interrupt = interrupt;
                self
            }

            /// Sets whether the last signal is SIGKILL, which can't be caught, instead of SIGTERM. By default it is
            /// SIGTERM.
            pub fn send_kill(mut self, send_kill: bool) -> Self {
                self.enforcement.steps.send_kill = send_kill;
                self
            }

            /// Sets how often the limit is looked at: at least 1 ms, by default 500 ms. After progress, a passed time
            /// limit may be noticed later by up to this time. Memory near its limit is looked at more often, up to once
            /// in a millisecond.
            pub fn check_interval(mut self, check_interval: impl Into<$crate::Time>) -> Self {
                let interval = ::std::time::Duration::from(check_interval.into());
                self.enforcement.check_interval =
                    interval.max($crate::escalation::SHORTEST_INTERVAL);
                self
            }

            /// Starts to watch the limit. It is watched until the returned value is dropped.
            ///
            /// # Errors
            ///
            /// The watchdog's thread can't be started, or the system does not tell how much memory is in use.
            #[track_caller]
            pub fn start(&self) -> Result<$crate::ActiveLimit, $crate::Error> {
                let (token, watched) = self.watch(::std::panic::Location::caller())?;
                Ok($crate::ActiveLimit::new(token, watched))
            }

            /// Calls `work` under the limit, and returns its value. Whether the work heeded the limit is for that value
            /// to say.
            ///
            /// # Errors
            ///
            /// The same errors as [`start`](Self::start).
            #[track_caller]
            pub fn run<R>(&self, work: impl FnOnce() -> R) -> Result<R, $crate::Error> {
                let _limit = self.start()?;
                Ok(work())
            }

            /// Returns the output of `future`, run under the limit. If it is cancelled, it is dropped at its next
            /// `.await`. The limit belongs to the future, whatever threads poll it. Its signals go to the thread that
            /// polled it last.
            ///
            /// # Errors
            ///
            /// [`Error::Limit`](crate::Error::Limit) if the future was cancelled; otherwise the same errors as
            /// [`start`](Self::start).
            #[track_caller]
            pub fn run_async<F: Future>(
                &self,
                future: F,
            ) -> impl Future<Output = Result<F::Output, $crate::Error>> + use<F> {
                let (limit, place) = (self.clone(), ::std::panic::Location::caller());
                async move {
                    let (token, _watched) = limit.watch(place)?;
                    $crate::future::under_limit(&token, future).await
                }
            }
        }
    };
}
pub(crate) use enforced;
