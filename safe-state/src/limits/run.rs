//! Where a run meets its limits.

use std::time::Instant;

use safe_state_limits::run::{Blame, Cancellation, Parked, RunLimits};

use crate::run::Run;
use crate::run::progress::Position;
use crate::save::owner::{Owner, Shared};
use crate::{Error, Job};

/// What a run lends to the watchdog while the body of an item runs.
#[derive(Debug)]
pub(crate) struct Lent {
    store: Shared,
    position: Position,
}

impl Parked for Lent {
    fn save(&mut self, blame: Blame) -> Result<bool, Error> {
        let change = self.position.change_beside_the_body(blame);
        if change.loops.is_empty() && change.dead_letters.is_none() && change.skipped == 0 {
            return Ok(false);
        }
        self.store.lock().save(change)?;
        Ok(true)
    }

    fn item(&self) -> Option<u64> {
        self.position.in_flight()
    }
}

impl Run {
    /// Has the job's limits watched.
    pub(crate) fn watch(&mut self, job: &Job, is_async: bool) -> Result<(), Error> {
        // An item that is suspected is to be acquitted where the process is asked to end.
        let is_reached = self.is_cautious() && self.boundary.heeds_signals();
        let (name, now) = (job.job_name(), Instant::now());
        self.limits = RunLimits::start(name, job.limits, (is_reached, is_async), now)?;
        #[cfg(all(unix, feature = "signals"))]
        if let Some(limits) = &self.limits {
            self.boundary.on_signal(limits.on_signal());
        }
        Ok(())
    }

    /// From now on nothing is cancelled or interrupted.
    pub(crate) fn end_watch(&mut self) {
        self.unpark();
        self.limits = None;
    }

    /// The body of an item begins: its time runs, and the watchdog can save what is complete.
    pub fn begin_item(&mut self) {
        let Some(limits) = &mut self.limits else { return };
        let Some(store) = self.owner.as_ref().map(Owner::shared) else { return };
        // Of the item that a limit was passed in, and which came to its end all the same.
        if self.caution.is_over() {
            self.position.acquit();
        }
        let position = std::mem::take(&mut self.position);
        limits.begin_item(Lent { store, position }, Instant::now());
    }

    /// The item goes on, behind a loop in it.
    pub fn resume_item(&mut self) {
        if self.position.in_flight().is_some() {
            self.begin_item();
        }
    }

    /// Takes back what the watchdog could reach.
    #[inline]
    pub(crate) fn unpark(&mut self) {
        if let Some(lent) = self.limits.as_mut().and_then(RunLimits::unpark) {
            self.position = lent.position;
        }
    }

    /// The item's time is over.
    pub(crate) fn end_item(&self) {
        if let Some(limits) = &self.limits {
            limits.end_item();
        }
    }

    /// The time of an item that has failed is over. Returns whether that is the end of the run: no item is to blame for
    /// the run's time being over, so that none is tried again, or given up.
    pub(crate) fn item_has_failed(&self) -> bool {
        self.end_item();
        self.limits.as_ref().is_some_and(|limits| limits.is_over(Instant::now()))
    }

    /// What cancels its items, if there are limits.
    pub fn cancellation(&self) -> Option<Cancellation> {
        self.limits.as_ref().map(RunLimits::cancellation)
    }
}
