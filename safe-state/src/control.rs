//! Stage 6, control: what a run looks at between two items, or two attempts at one.
//!
//! It tells what is to be done, and does nothing of it.

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

use limits::{JobLimits, Limits};
use pacing::{Look, Pacing, Watch};
use requests::{Applied, Requests};

pub(crate) use replay::Replay;

/// What decides whether a run goes on.
#[derive(Debug)]
pub(crate) struct Control {
    pacing: Pacing,
    requests: Requests,
    limits: Limits,
    replay: Replay,
    /// Whether the run ends before its input does, and not by a failure.
    is_stopped: bool,
}

impl Control {
    pub(crate) fn new(watch: &Watch, requests: Requests, replay: Replay, now: Instant) -> Self {
        let pacing = Pacing::new(watch, now);
        Control { pacing, requests, limits: Limits::default(), replay, is_stopped: false }
    }

    /// Returns what the run does between two items, if it does not go on at once. Where the input has ended, there is
    /// nothing to wait for.
    pub(crate) fn look(&mut self, has_ended: bool) -> Option<Look> {
        let now = Instant::now();
        if self.reason_to_stop(now).is_some() {
            return Some(Look::Stop);
        }
        let wait = if has_ended { None } else { self.pacing.wait(now) };
        wait.map(Look::Wait)
    }

    /// Returns why the run is to stop, if it is.
    pub(crate) fn reason_to_stop(&self, now: Instant) -> Option<StopReason> {
        self.pacing.stop(now).or_else(|| self.limits.stop(now))
    }

    /// Takes in among how many workers the rate is divided.
    pub(crate) fn divide_rate(&mut self, workers: u32) {
        self.pacing.divide_rate(workers);
    }

    /// Notes that the run ends before its input does, and not by a failure.
    pub(crate) fn stop(&mut self) {
        self.is_stopped = true;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Notes that the item of that index is complete.
    #[inline]
    pub(crate) fn completed(&mut self, index: Option<u64>) {
        self.replay.completed(index);
    }

    /// Returns whether the item that was to be run again is complete.
    pub(crate) fn is_replayed(&self) -> bool {
        self.replay == Replay::Done
    }

    pub(crate) fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    /// Returns how many items may complete until it may be time to ask whether to go on.
    pub(crate) fn budget(&self) -> u64 {
        if self.limits.is_memory_near() { 1 } else { self.requests.budget() }
    }

    /// Returns whether the kernel may end the process at any time: nine tenths of the memory that its control group may
    /// have are in use.
    #[inline]
    pub(crate) fn is_memory_tight(&self) -> bool {
        self.limits.is_memory_tight()
    }

    /// Returns whether there is something to save for, which is asked of the run; or its time is over.
    pub(crate) fn saves_for_request(&self) -> bool {
        self.requests.are_to_be_saved_for() || self.pacing.is_over()
    }

    /// Returns whether the longest time of a run is over.
    pub(crate) fn is_late(&self) -> bool {
        self.pacing.is_over()
    }

    /// Returns whether something is asked of the run.
    pub(crate) fn is_asked(&self) -> bool {
        self.requests.are_asked()
    }

    /// Applies what is asked of the run.
    pub(crate) fn apply_request(&mut self) -> Applied {
        self.requests.apply()
    }
}

/// Limits.
impl Control {
    /// Has the limits of the job watched, whose name comes with whether it is verbose.
    ///
    /// # Errors
    ///
    /// They can't be watched.
    pub(crate) fn limit(
        &mut self,
        (job, limits): ((&str, bool), JobLimits),
        is_cautious: bool,
        is_async: bool,
    ) -> Result<(), Error> {
        self.limits = Limits::start(job, limits, &self.pacing, is_cautious, is_async)?;
        Ok(())
    }

    /// Returns whether what saves is to be lent while the body of an item runs.
    pub(crate) fn borrows(&self) -> bool {
        self.limits.are_watched()
    }

    /// Lends what saves while the body of an item runs, whose time begins.
    pub(crate) fn lend(&mut self, store: Shared, progress: Progress) {
        self.limits.lend(store, progress);
    }

    /// Takes back what was lent.
    #[inline]
    pub(crate) fn take_back(&mut self) -> Option<Progress> {
        self.limits.take_back()
    }

    /// Ends the time of the item under way.
    #[inline]
    pub(crate) fn end_item(&self) {
        self.limits.end_item();
    }

    /// Returns whether the time of the run is over.
    pub(crate) fn is_over(&self) -> bool {
        self.limits.is_over()
    }

    /// Ends the limits: from now on nothing is cancelled or interrupted.
    pub(crate) fn end_limits(&mut self) {
        self.limits.end();
    }

    /// Returns what cancels the items of the run.
    #[cfg(feature = "limits")]
    pub(crate) fn cancellation(&self) -> Option<safe_state_limits::run::Cancellation> {
        self.limits.cancellation()
    }
}

/// Returns how much of a pause is left; none if it is over.
pub(crate) fn left_of(pause: Duration, began: Instant) -> Option<Duration> {
    pause.checked_sub(began.elapsed()).filter(|left| !left.is_zero())
}
