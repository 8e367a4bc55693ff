//! What a run looks at between two items, or two attempts at one: whether to wait, and whether to stop.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Error;
use crate::control::rate::{Rate, Spread};
use crate::error::StopReason;
use crate::run::Run;
#[cfg(feature = "signals")]
use safe_state_base::signals::{SECOND_SIGNAL_AFTER, Signals};

/// How long a wait goes on before it is seen whether to stop, or whether to wait any longer.
const LOOK: Duration = Duration::from_millis(50);

/// What a job looks at between its items.
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

/// The same while a run is under way.
#[derive(Default)]
pub(crate) struct Boundary {
    spread: Option<Spread>,
    throttle: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    deadline: Option<Instant>,
    #[cfg(feature = "signals")]
    signals: Option<Signals>,
    /// Whether the run ends before its input does, and not by a failure.
    pub(crate) is_stopped: bool,
}

impl Boundary {
    pub(crate) fn new(watch: &Watch, now: Instant) -> Self {
        Boundary {
            spread: watch.rate.map(|rate| Spread::new(rate, now)),
            throttle: watch.throttle.clone(),
            // A time that never comes is no deadline.
            deadline: watch.max_runtime.and_then(|time| now.checked_add(time)),
            #[cfg(feature = "signals")]
            signals: watch
                .graceful
                .then(|| Signals::listen(watch.second_signal_after.unwrap_or(SECOND_SIGNAL_AFTER))),
            is_stopped: false,
        }
    }

    fn stop(&self, now: Instant) -> Option<StopReason> {
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

    /// Whether the run ends at a signal that asks the process to.
    #[cfg(all(unix, feature = "limits", feature = "signals"))]
    pub(crate) fn heeds_signals(&self) -> bool {
        self.signals.is_some()
    }

    /// Whether the run ends at a signal that asks the process to.
    #[cfg(all(feature = "limits", not(all(unix, feature = "signals"))))]
    #[expect(clippy::unused_self, reason = "it can't here")]
    pub(crate) fn heeds_signals(&self) -> bool {
        false
    }

    /// How long to wait before the next look; none to go on.
    fn wait(&mut self, now: Instant) -> Option<Duration> {
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

/// What is left of a pause.
fn left(pause: Duration, began: Instant) -> Option<Duration> {
    pause.checked_sub(began.elapsed()).filter(|left| !left.is_zero())
}

impl Run {
    /// Between two items: whether the run has to wait, as its job's rate and throttle ask for, or to stop.
    /// Where the input has ended, there is nothing to wait for.
    pub fn look(&mut self, has_ended: bool) -> Option<Look> {
        let now = Instant::now();
        if self.reason_to_stop(now).is_some() {
            return Some(Look::Stop);
        }
        let wait = if has_ended { None } else { self.boundary.wait(now) };
        wait.map(Look::Wait)
    }

    /// Waits, and asks what is asked of the run meanwhile. Says whether there is something to
    /// [obey](Self::obey), before which what is complete is to be saved.
    pub fn wait(&mut self, look: Look) -> bool {
        if let Look::Wait(time) = look {
            std::thread::sleep(time);
            self.asks();
        }
        self.is_to_obey(look)
    }

    /// The same without blocking, where the carried variables have been taken, unless there are handles among
    /// them: the run may be dropped while it waits.
    pub async fn wait_async(&mut self, look: Look) -> bool {
        if let Look::Wait(time) = look {
            self.position.rest.is_at_head = true;
            self.sleep(time).await;
            self.position.rest.is_at_head = false;
            self.asks_async().await;
        }
        self.is_to_obey(look)
    }

    fn is_to_obey(&self, look: Look) -> bool {
        matches!(look, Look::Stop) || self.is_asked()
    }

    /// Stops, or does what is asked of the run.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub fn obey(&mut self) -> Result<(), Error> {
        self.check_stop()?;
        self.heed()
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`obey`](Self::obey).
    pub async fn obey_async(&mut self) -> Result<(), Error> {
        self.check_stop()?;
        self.heed_async().await
    }

    /// Between two attempts at an item: waits, unless the run is to stop, or to wait longer.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub(crate) fn rest(&mut self, pause: Duration) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            self.check_stop()?;
            self.asks();
            self.heed()?;
            let Some(left) = left(pause, began) else { return Ok(()) };
            std::thread::sleep(left.min(LOOK));
        }
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`rest`](Self::rest).
    pub(crate) async fn rest_async(&mut self, pause: Duration) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            self.check_stop()?;
            self.asks_async().await;
            self.heed_async().await?;
            let Some(left) = left(pause, began) else { return Ok(()) };
            self.sleep(left.min(LOOK)).await;
        }
    }

    fn reason_to_stop(&self, now: Instant) -> Option<StopReason> {
        let reason = self.boundary.stop(now);
        reason.or_else(|| self.limits.stop(now))
    }

    /// Whether the run may go on.
    pub(crate) fn check_stop(&mut self) -> Result<(), Error> {
        match self.reason_to_stop(Instant::now()) {
            Some(reason) => Err(self.stop(reason)),
            None => Ok(()),
        }
    }

    /// Ends the run before its input does, and not by a failure.
    pub(crate) fn stop(&mut self, reason: StopReason) -> Error {
        self.boundary.is_stopped = true;
        self.events.stopped(reason);
        Error::Stopped { job: self.events.job().to_owned(), reason }
    }
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

impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boundary")
            .field("spread", &self.spread)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
