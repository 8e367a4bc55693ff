//! Decides between two items, or two attempts at one, whether the run waits and whether it stops.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::control::rate::{Rate, Spread};
use crate::control::signals::{Graceful, Signals};
use crate::error::StopReason;

/// The longest wait between two looks at whether to stop, and whether to wait any longer.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// The options of a job that apply between its items.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) rate: Option<Rate>,
    pub(crate) throttle: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    pub(crate) max_runtime: Option<Duration>,
    /// How long items side by side may go on when the run is to end, if the job says so.
    pub(crate) grace: Option<Duration>,
    pub(crate) graceful: Graceful,
}

/// When the next item of a run may begin, and what stops the run.
#[derive(Default)]
pub(crate) struct Pacing {
    spread: Option<Spread>,
    throttle: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    deadline: Option<Instant>,
    grace: Option<Duration>,
    signals: Signals,
}

impl Pacing {
    pub(crate) fn new(watch: &Watch, now: Instant) -> Self {
        Pacing {
            spread: watch.rate.map(|rate| Spread::new(rate, now)),
            throttle: watch.throttle.clone(),
            // A time too large for the clock is no deadline.
            deadline: watch.max_runtime.and_then(|time| now.checked_add(time)),
            grace: watch.grace,
            signals: Signals::listen(watch.graceful),
        }
    }

    /// Returns why the run is to stop; none if it goes on.
    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        if self.signals.came() {
            return Some(StopReason::Signal);
        }
        let is_over = self.deadline.is_some_and(|deadline| now >= deadline);
        is_over.then_some(StopReason::MaxRuntime)
    }

    /// Returns whether there is anything to decide between two items.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.spread.is_some()
            || self.throttle.is_some()
            || self.deadline.is_some()
            || self.signals.are_listened_to()
    }

    /// Returns whether the run's `max_runtime` is over. Reads no clock if it has none.
    pub(crate) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Sets the number of workers that the rate is divided among.
    pub(crate) fn divide_rate(&mut self, workers: u32) {
        if let Some(spread) = &mut self.spread {
            spread.divide(workers);
        }
    }

    /// Returns the signals that the run listens to.
    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Returns how long items side by side may go on when the run is to end, if the job says so.
    pub(crate) fn grace(&self) -> Option<Duration> {
        self.grace
    }

    /// Returns whether items may have to wait for their turn.
    pub(crate) fn spreads(&self) -> bool {
        self.spread.is_some() || self.throttle.is_some()
    }

    /// Returns how long to wait before the next look; none if the next item may begin.
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
    /// The run waits this long, and looks again.
    Wait(Duration),
    /// The run stops.
    Stop,
}

impl fmt::Debug for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacing")
            .field("spread", &self.spread)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_at_its_deadline_and_not_before() {
        let (now, minute) = (Instant::now(), Duration::from_secs(60));
        let pacing = Pacing::new(&Watch { max_runtime: Some(minute), ..Watch::default() }, now);
        assert_eq!(pacing.stop(now), None);
        assert_eq!(pacing.stop(now + minute), Some(StopReason::MaxRuntime));
        let endless = Watch { max_runtime: Some(Duration::MAX), ..Watch::default() };
        assert_eq!(Pacing::new(&endless, now).stop(now + minute), None);
    }

    #[test]
    fn a_wait_is_looked_at_again_and_again() {
        let now = Instant::now();
        let throttled = Watch { throttle: Some(Arc::new(|| true)), ..Watch::default() };
        assert_eq!(Pacing::new(&throttled, now).wait(now), Some(LOOK));
        let seldom = Some(Rate::new(1, Duration::from_secs(60)));
        let mut pacing = Pacing::new(&Watch { rate: seldom, ..Watch::default() }, now);
        assert_eq!([pacing.wait(now), pacing.wait(now)], [None, Some(LOOK)]);
    }
}
