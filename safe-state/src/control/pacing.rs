//! What a run looks at between two items, or two attempts at one: whether to wait, and whether to stop.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::control::rate::{Rate, Spread};
use crate::error::StopReason;
#[cfg(feature = "signals")]
use safe_state_base::signals::{SECOND_SIGNAL_AFTER, Signals};

/// How long a wait goes on before it is seen whether to stop, or whether to wait any longer.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// The options of a job for what is between its items.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) rate: Option<Rate>,
    pub(crate) throttle: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    pub(crate) max_runtime: Option<Duration>,
    #[cfg(feature = "signals")]
    pub(crate) graceful: bool,
    #[cfg(feature = "signals")]
    pub(crate) second_signal_after: Option<Duration>,
}

/// When the next item of a run may begin, and what stops the run.
#[derive(Default)]
pub(crate) struct Pacing {
    spread: Option<Spread>,
    throttle: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    deadline: Option<Instant>,
    #[cfg(feature = "signals")]
    signals: Option<Signals>,
}

impl Pacing {
    pub(crate) fn new(watch: &Watch, now: Instant) -> Self {
        Pacing {
            spread: watch.rate.map(|rate| Spread::new(rate, now)),
            throttle: watch.throttle.clone(),
            // A time that never comes is no deadline.
            deadline: watch.max_runtime.and_then(|time| now.checked_add(time)),
            #[cfg(feature = "signals")]
            signals: watch
                .graceful
                .then(|| Signals::listen(watch.second_signal_after.unwrap_or(SECOND_SIGNAL_AFTER))),
        }
    }

    /// Returns why the run is to stop, if it is.
    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        #[cfg(feature = "signals")]
        if self.signals.as_ref().is_some_and(Signals::came) {
            return Some(StopReason::Signal);
        }
        let is_over = self.deadline.is_some_and(|deadline| now >= deadline);
        is_over.then_some(StopReason::MaxRuntime)
    }

    /// Has that done as soon as signals ask the process to end, if it listens to them.
    #[cfg(all(unix, feature = "limits", feature = "signals"))]
    pub(crate) fn on_signal(&self, done: Arc<dyn Fn() + Send + Sync>) {
        if let Some(signals) = &self.signals {
            signals.then(done);
        }
    }

    /// Returns whether the run ends at a signal that asks the process to.
    #[cfg(all(unix, feature = "limits", feature = "signals"))]
    pub(crate) fn heeds_signals(&self) -> bool {
        self.signals.is_some()
    }

    /// Returns whether the run ends at a signal that asks the process to.
    #[cfg(all(feature = "limits", not(all(unix, feature = "signals"))))]
    #[expect(clippy::unused_self, reason = "it can't here")]
    pub(crate) fn heeds_signals(&self) -> bool {
        false
    }

    /// How long to wait before the next look; none to go on.
    pub(crate) fn wait(&mut self, now: Instant) -> Option<Duration> {
        if self.throttle.as_ref().is_some_and(|throttle| throttle()) {
            return Some(LOOK);
        }
        let wait = self.spread.as_mut().map_or(Duration::ZERO, |spread| spread.wait(now));
        (!wait.is_zero()).then(|| wait.min(LOOK))
    }
}

/// Why a run does not go on at once.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    /// It is to wait so long, and to look again.
    Wait(Duration),
    /// It is to stop.
    Stop,
}

/// A job that is graceful.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "signals")]
macro_rules! __graceful {
    ($job:expr, $graceful:expr) => {
        $job.graceful($graceful)
    };
}

/// A job that would be.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "signals"))]
macro_rules! __graceful {
    ($job:expr, $graceful:expr) => {
        compile_error!("`graceful` needs the feature `signals` of `safe-state`")
    };
}

/// A job that shows its progress.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "progress")]
macro_rules! __progress {
    ($job:expr, $progress:expr) => {
        $job.progress($progress)
    };
}

/// A job that would.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "progress"))]
macro_rules! __progress {
    ($job:expr, $progress:expr) => {
        compile_error!("`progress` needs the feature `progress` of `safe-state`")
    };
}

impl fmt::Debug for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacing")
            .field("spread", &self.spread)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
