//! The limits of a run, between its loops and the watchdog.

use std::sync::Arc;
use std::time::Instant;

use super::innermost;
use super::look::RunWatch;
use super::parked::Parked;
use super::token::Token;
use super::watchdog::{Watch, Watched};
use crate::error::StopReason;
use crate::run::Run;
use crate::save::owner::Owner;
use crate::{Error, Job};

/// A run's limits, which are watched for as long as it lives.
#[derive(Debug)]
pub(crate) struct RunLimits {
    /// Before the rest: nothing is interrupted once the run has ended. None where there are no limits, and
    /// what is complete lies where a signal's thread can reach it.
    _watched: Option<Watched>,
    watch: Arc<RunWatch>,
    /// Whether the watchdog can reach what saves.
    is_parked: bool,
    /// Whether the run is its thread's innermost guard. An async function's is that of its future instead.
    is_of_its_thread: bool,
}

impl RunLimits {
    /// Those of the job, if it has any, or is to be reached by a signal.
    ///
    /// # Errors
    ///
    /// They can't be watched.
    pub(crate) fn start(
        job: &Job,
        is_reached: bool,
        is_async: bool,
        now: Instant,
    ) -> Result<Option<Self>, Error> {
        let are_set = job.limits.are_set();
        if !are_set && !is_reached {
            return Ok(None);
        }
        let watch = Arc::new(RunWatch::new(job, now)?);
        let first = are_set.then(|| Arc::clone(&watch) as Arc<dyn Watch>);
        let watched = first.map(|watch| Watched::start(watch, now)).transpose();
        let watched = watched.map_err(Error::Thread)?;
        if !is_async {
            innermost::enter(watch.token());
        }
        let is_of_its_thread = !is_async;
        Ok(Some(RunLimits { _watched: watched, watch, is_parked: false, is_of_its_thread }))
    }

    pub(crate) fn token(&self) -> Arc<Token> {
        Arc::clone(self.watch.token())
    }

    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        self.watch.stop(now)
    }
}

impl Drop for RunLimits {
    fn drop(&mut self) {
        if self.is_of_its_thread {
            innermost::leave(self.watch.token());
        }
    }
}

impl Run {
    /// Has the job's limits watched.
    pub(crate) fn watch(&mut self, job: &Job, is_async: bool) -> Result<(), Error> {
        // An item that is suspected is to be acquitted where the process is asked to end.
        let is_reached = self.is_cautious() && self.boundary.heeds_signals();
        self.limits = RunLimits::start(job, is_reached, is_async, Instant::now())?;
        #[cfg(all(unix, feature = "signals"))]
        if let Some(limits) = &self.limits {
            let watch = Arc::clone(&limits.watch);
            self.boundary.on_signal(Arc::new(move || watch.is_asked_to_end()));
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
        limits.is_parked = true;
        limits.watch.begin_item(Box::new(Parked { store, position }), Instant::now());
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
        if let Some(limits) = self.limits.as_mut().filter(|limits| limits.is_parked) {
            limits.is_parked = false;
            if let Some(parked) = limits.watch.unpark() {
                self.position = parked.position;
            }
        }
    }

    /// The item's time is over.
    pub(crate) fn end_item(&self) {
        if let Some(limits) = &self.limits {
            limits.watch.end_item();
        }
    }

    /// The same of an item that has failed. Says whether that is the end: no item is to blame for the
    /// run's time being over, so that none is tried again, or given up.
    pub(crate) fn item_has_failed(&self) -> bool {
        self.end_item();
        self.limits.as_ref().is_some_and(|limits| limits.watch.is_over(Instant::now()))
    }

    /// What cancels its items, if there are limits.
    pub fn cancellation(&self) -> Option<Cancellation> {
        self.limits.as_ref().map(|limits| Cancellation(limits.token()))
    }
}

/// What cancels the items of a run.
#[derive(Clone, Debug)]
pub struct Cancellation(Arc<Token>);

/// What `future` gives, or what its function returns if it is cancelled before.
pub async fn cancellable<T>(
    cancellation: Option<Cancellation>,
    cancelled: impl FnOnce(Error) -> T,
    future: impl Future<Output = T>,
) -> T {
    match cancellation {
        None => future.await,
        Some(Cancellation(token)) => {
            super::future::guarded(&token, future).await.unwrap_or_else(cancelled)
        }
    }
}
