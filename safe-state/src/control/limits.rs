//! Plugs limits into a run: lends the watchdog the store and the progress while the body of an item runs.

use std::sync::Arc;
use std::time::Instant;

use safe_state_backends::{CrashCause, Error as BackendError};
use safe_state_base::engine::{self, EndWatch};
use safe_state_limits::run::{Blame, Cancellation, MemoryWatch, Parked, RunLimits};
pub(crate) use safe_state_limits::run::{ItemLimit, JobLimits};

use crate::Error;
use crate::control::pacing::Pacing;
use crate::error::StopReason;
use crate::progress::Progress;
use crate::save::owner::Shared;

/// The limits of a run, if it has any, and the memory limit of the control group around it.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    run: Option<RunLimits<Lent>>,
    /// The limit on each of the items that run side by side, which are watched one by one.
    item: Option<ItemLimit>,
    memory: MemoryWatch,
    /// When the batch system ends the program; none if the run does not heed it.
    ends: Option<Arc<EndWatch>>,
}

/// The store and the progress, as the watchdog has them while the body of an item runs.
#[derive(Debug)]
struct Lent {
    store: Shared,
    progress: Progress,
    /// The number of loops around the one whose items run.
    depth: usize,
    /// The number of items that have completed since, as far as the progress has taken that in.
    settled: u64,
}

impl Parked for Lent {
    fn settle(&mut self, completed: u64) {
        let more = completed.saturating_sub(self.settled);
        self.progress.settle(self.depth, more, true);
        self.settled = completed;
    }

    fn save(&mut self, blame: Blame) -> Result<bool, BackendError> {
        match blame {
            Blame::Item(cause) => self.progress.suspect_of(cause),
            Blame::Nobody => self.progress.clear_suspects(),
            Blame::AsBefore => {}
        }
        let change = self.progress.change_beside_the_body();
        if change.loops.is_empty() && change.dead_letters.is_none() && change.skipped == 0 {
            return Ok(false);
        }
        self.store.lock().save(change).map(|()| true)
    }

    fn item_in_flight(&self) -> Option<u64> {
        self.progress.index_in_flight()
    }
}

impl Limits {
    /// Starts the watch over the job's limits.
    ///
    /// # Errors
    ///
    /// The limits can't be watched.
    pub(crate) fn start(
        (job, is_verbose): (&str, bool),
        limits: JobLimits,
        pacing: &Pacing,
        is_cautious: bool,
        is_async: bool,
    ) -> Result<Self, Error> {
        // The suspect that a cautious run has saved is cleared as soon as a signal asks the process to end.
        let is_reached = is_cautious && pacing.signals().are_heard();
        let heeds = limits.are_set() || pacing.signals().are_listened_to();
        let grace = limits.process.grace_period;
        let ends = heeds.then(|| Arc::new(engine::heed(job, grace, is_verbose)));
        let (memory, item) = (MemoryWatch::start(job), ItemLimit::of(job, &limits));
        let run = RunLimits::start(job, limits, ends.clone(), is_reached, is_async, &memory)?;
        #[cfg(all(unix, feature = "signals"))]
        if let Some(run) = &run {
            pacing.signals().then(run.on_signal());
        }
        Ok(Limits { run, item, memory, ends })
    }

    /// Returns whether the store can be lent: to the watchdog, or to the thread that handles signals.
    pub(crate) fn are_watched(&self) -> bool {
        self.run.is_some()
    }

    /// Lends the store and the progress to the watchdog while the body of an item runs. The item's time begins.
    pub(crate) fn lend(&mut self, store: Shared, progress: Progress, depth: usize) {
        if let Some(limits) = &mut self.run {
            limits.begin_item(Lent { store, progress, depth, settled: 0 });
        }
    }

    /// Takes back the progress that was lent to the watchdog, if it was. Returns also how many items that have completed since
    /// it has taken in.
    #[inline]
    pub(crate) fn take_back(&mut self) -> Option<(Progress, u64)> {
        let Lent { progress, settled, .. } = self.run.as_mut()?.unpark()?;
        Some((progress, settled))
    }

    /// Notes that the body of the next item begins, while the progress stays lent.
    #[inline]
    pub(crate) fn begin_next_item(&self) {
        if let Some(limits) = &self.run {
            limits.begin_next_item();
        }
    }

    /// Notes that the body of an item has ended, while the progress stays lent. Returns `false` if it has to be taken back
    /// before the item counts as complete.
    #[inline]
    pub(crate) fn end_item_beside(&self) -> bool {
        self.run.as_ref().is_some_and(RunLimits::end_item_beside)
    }

    /// Returns whether the limits have to be looked at before the next item.
    #[inline]
    pub(crate) fn are_asked_for(&self) -> bool {
        self.run.as_ref().is_some_and(RunLimits::is_asked)
    }

    /// Ends the time of the item under way.
    pub(crate) fn end_item(&self) {
        if let Some(limits) = &self.run {
            limits.end_item();
        }
    }

    /// Ends the limits: from now on nothing is cancelled or interrupted.
    pub(crate) fn end(&mut self) {
        *self = Limits::default();
    }

    /// Returns whether the control group has so little memory left that each item may be the last.
    pub(crate) fn is_memory_near(&self) -> bool {
        self.memory.is_near()
    }

    /// Returns whether nine tenths of the control group's memory are in use.
    pub(crate) fn is_memory_tight(&self) -> bool {
        self.memory.is_tight()
    }

    /// Returns whether the time that the limits allow the run is over.
    pub(crate) fn is_over(&self) -> bool {
        self.run.as_ref().is_some_and(|limits| limits.is_over(Instant::now()))
    }

    /// Returns why the run is to stop; none if it goes on.
    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        let is_near = || self.ends.as_ref().is_some_and(|ends| ends.is_near(now));
        let of_limits = self.run.as_ref().and_then(|limits| limits.stop(now));
        of_limits.or_else(|| is_near().then_some(StopReason::WallTime))
    }

    /// Returns the limit on each of the items that run side by side.
    pub(crate) fn of_item(&self) -> Option<ItemLimit> {
        self.item.clone()
    }

    /// Returns the handle that cancels the items of the run.
    pub(crate) fn cancellation(&self) -> Option<Cancellation> {
        self.run.as_ref().map(RunLimits::cancellation)
    }
}

/// Returns why the previous run died, if the program that restarted this one reports it.
pub(crate) fn died_of() -> Option<CrashCause> {
    safe_state_limits::run::died_of()
}
