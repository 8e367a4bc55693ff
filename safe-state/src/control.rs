//! Stage 6, control: what a run looks at between two items, or two attempts at one.
//!
//! It only tells what is to be done: stopping and waiting are left to the run.

#[cfg_attr(not(feature = "limits"), path = "control/limits/none.rs")]
pub(crate) mod limits;
pub(crate) mod pacing;
pub(crate) mod rate;
mod replay;
pub(crate) mod requests;
#[cfg_attr(not(feature = "signals"), path = "control/signals/none.rs")]
mod signals;
#[cfg_attr(not(feature = "testing"), path = "control/staged/none.rs")]
pub(crate) mod staged;

use std::time::{Duration, Instant};

use crate::Error;
use crate::error::StopReason;
use crate::progress::Progress;
use crate::save::owner::Shared;

use limits::{ItemLimit, JobLimits, Limits};
use pacing::{Look, Pacing, Watch};
use requests::{Applied, Requests};

pub(crate) use replay::Replay;

/// The parts that decide whether a run goes on.
#[derive(Debug)]
pub(crate) struct Control {
    pacing: Pacing,
    requests: Requests,
    limits: Limits,
    replay: Replay,
    /// Whether the run ends before its input does, and not because of a failure.
    is_stopped: bool,
}

impl Control {
    pub(crate) fn new(watch: &Watch, requests: Requests, replay: Replay, now: Instant) -> Self {
        let pacing = Pacing::new(watch, now);
        Control { pacing, requests, limits: Limits::default(), replay, is_stopped: false }
    }

    /// Returns whether the run is to wait or stop between two items; none if it goes on at once. If the input has
    /// ended, the run does not wait.
    pub(crate) fn look(&mut self, has_ended: bool) -> Option<Look> {
        let now = Instant::now();
        if self.reason_to_stop(now).is_some() {
            return Some(Look::Stop);
        }
        let wait = if has_ended { None } else { self.pacing.wait(now) };
        wait.map(Look::Wait)
    }

    /// Returns why the run is to stop; none if it goes on.
    pub(crate) fn reason_to_stop(&self, now: Instant) -> Option<StopReason> {
        self.pacing.stop(now).or_else(|| self.limits.stop(now))
    }

    /// Returns how long items side by side may go on when the run is to end, if the job says so.
    pub(crate) fn grace(&self) -> Option<Duration> {
        self.pacing.grace()
    }

    /// Returns whether the run is to end, and not only to pause.
    pub(crate) fn is_ending(&self, now: Instant) -> bool {
        self.requests.end_the_run() || self.reason_to_stop(now).is_some()
    }

    /// Returns whether items may have to wait for their turn, by a rate or a throttle.
    pub(crate) fn is_paced(&self) -> bool {
        self.pacing.spreads()
    }

    /// Sets the number of workers that the rate is divided among.
    pub(crate) fn divide_rate(&mut self, workers: u32) {
        self.pacing.divide_rate(workers);
    }

    /// Notes that the run ends before its input does, and not because of a failure.
    pub(crate) fn stop(&mut self) {
        self.is_stopped = true;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Notes that the item at `index` is complete.
    #[inline]
    pub(crate) fn completed(&mut self, index: Option<u64>) {
        self.replay.completed(index);
    }

    /// Returns whether the item that a replay was started for is complete.
    pub(crate) fn is_replayed(&self) -> bool {
        self.replay == Replay::Done
    }

    pub(crate) fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    /// Returns how many items may complete before the run looks at the clock, and perhaps asks for requests.
    pub(crate) fn budget(&self) -> u64 {
        if self.limits.is_memory_near() { 1 } else { self.requests.budget() }
    }

    /// Returns whether nine tenths of the memory of the process's control group are in use, so that the kernel may kill
    /// the process at any time.
    #[inline]
    pub(crate) fn is_memory_tight(&self) -> bool {
        self.limits.is_memory_tight()
    }

    /// Returns whether to save with the item that has just completed: a request is to be applied, or the run's time is
    /// over.
    pub(crate) fn saves_for_request(&self) -> bool {
        self.requests.are_to_be_saved_for() || self.pacing.is_over()
    }

    /// Returns whether the run has lasted longer than `max_runtime`.
    pub(crate) fn is_late(&self) -> bool {
        self.pacing.is_over()
    }

    /// Returns whether a request is waiting to be applied.
    pub(crate) fn is_asked(&self) -> bool {
        self.requests.are_asked()
    }

    /// Applies the request to the run, and returns what the run does now.
    pub(crate) fn apply_request(&mut self) -> Applied {
        self.requests.apply()
    }
}

/// Limits.
impl Control {
    /// Starts the watch over the job's limits. The string is the job's name, the bool beside it whether the job is
    /// verbose.
    ///
    /// # Errors
    ///
    /// The limits can't be watched.
    pub(crate) fn limit(
        &mut self,
        (job, limits): ((&str, bool), JobLimits),
        is_cautious: bool,
        is_async: bool,
    ) -> Result<(), Error> {
        self.limits = Limits::start(job, limits, &self.pacing, is_cautious, is_async)?;
        Ok(())
    }

    /// Returns whether the store and the progress are to be lent while the body of an item runs.
    pub(crate) fn borrows(&self) -> bool {
        self.limits.are_watched()
    }

    /// Lends the store and the progress to the watchdog while the body of an item runs. The item's time begins.
    pub(crate) fn lend(&mut self, store: Shared, progress: Progress, depth: usize) {
        self.limits.lend(store, progress, depth);
    }

    /// Takes back the progress that was lent to the watchdog, if it was. Returns also how many items that have completed since
    /// it has taken in.
    #[inline]
    pub(crate) fn take_back(&mut self) -> Option<(Progress, u64)> {
        self.limits.take_back()
    }

    /// Notes that the body of the next item begins, while the progress stays lent.
    #[inline]
    pub(crate) fn begin_next_item(&self) {
        self.limits.begin_next_item();
    }

    /// Notes that the body of an item has ended, while the progress stays lent. Returns `false` if it has to be taken back
    /// before the item counts as complete.
    #[inline]
    pub(crate) fn end_item_beside(&self) -> bool {
        self.limits.end_item_beside()
    }

    /// Returns whether a look may find something before the next item: the watchdog has seen something, or only the clock
    /// tells.
    #[inline]
    pub(crate) fn may_look(&self) -> bool {
        self.limits.are_asked_for() || self.pacing.is_on()
    }

    /// Ends the time of the item under way.
    #[inline]
    pub(crate) fn end_item(&self) {
        self.limits.end_item();
    }

    /// Returns the limit on each of the items that run side by side.
    pub(crate) fn limit_of_item(&self) -> Option<ItemLimit> {
        self.limits.of_item()
    }

    /// Returns whether the time that the limits allow the run is over.
    pub(crate) fn is_over(&self) -> bool {
        self.limits.is_over()
    }

    /// Ends the limits: from now on nothing is cancelled or interrupted.
    pub(crate) fn end_limits(&mut self) {
        self.limits.end();
    }

    /// Returns the handle that cancels the items of the run.
    #[cfg(feature = "limits")]
    pub(crate) fn cancellation(&self) -> Option<safe_state_limits::run::Cancellation> {
        self.limits.cancellation()
    }
}

/// Returns how much is left of a pause that began at `began`; none if it is over.
pub(crate) fn left_of(pause: Duration, began: Instant) -> Option<Duration> {
    pause.checked_sub(began.elapsed()).filter(|left| !left.is_zero())
}
