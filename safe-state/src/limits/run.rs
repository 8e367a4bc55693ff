//! The limits of a run, between its loops and the watchdog.

use std::sync::Arc;
use std::time::Instant;

use super::innermost;
use super::job::JobLimits;
use super::look::RunWatch;
use super::parked::Parked;
use super::token::Token;
use super::watchdog::{Watch, Watched};
use crate::Error;
use crate::error::StopReason;

/// A run's limits, which are watched for as long as it lives.
#[derive(Debug)]
pub(crate) struct RunLimits<P: Parked> {
    /// Before the rest: nothing is interrupted once the run has ended. None where there are no limits, and
    /// what is complete lies where a signal's thread can reach it.
    _watched: Option<Watched>,
    watch: Arc<RunWatch<P>>,
    /// Whether the watchdog can reach what saves.
    is_parked: bool,
    /// Whether the run is its thread's innermost guard. An async function's is that of its future instead.
    is_of_its_thread: bool,
}

impl<P: Parked> RunLimits<P> {
    /// Those of the job, if it has any, or is to be reached by a signal.
    ///
    /// # Errors
    ///
    /// They can't be watched.
    pub(crate) fn start(
        job: &str,
        limits: JobLimits,
        is_reached: bool,
        is_async: bool,
        now: Instant,
    ) -> Result<Option<Self>, Error> {
        let are_set = limits.are_set();
        if !are_set && !is_reached {
            return Ok(None);
        }
        let watch = Arc::new(RunWatch::new(job, limits, now)?);
        let first = are_set.then(|| Arc::clone(&watch) as Arc<dyn Watch>);
        let watched = first.map(|watch| Watched::start(watch, now)).transpose();
        let watched = watched.map_err(Error::Thread)?;
        if !is_async {
            innermost::enter(watch.token());
        }
        let is_of_its_thread = !is_async;
        Ok(Some(RunLimits { _watched: watched, watch, is_parked: false, is_of_its_thread }))
    }

    /// The body of an item begins: its time runs, and the watchdog can save what is complete.
    pub(crate) fn begin_item(&mut self, parked: P) {
        self.is_parked = true;
        self.watch.begin_item(Box::new(parked), Instant::now());
    }

    /// Takes back what the watchdog could reach.
    #[inline]
    pub(crate) fn unpark(&mut self) -> Option<P> {
        if !std::mem::take(&mut self.is_parked) {
            return None;
        }
        self.watch.unpark().map(|parked| *parked)
    }

    /// The time of the item under way is over.
    pub(crate) fn end_item(&self) {
        self.watch.end_item();
    }

    /// Returns whether the time of the run is over.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.watch.is_over(now)
    }

    /// Returns what is to be done as soon as a signal asks the process to end.
    #[cfg(all(unix, feature = "signals"))]
    pub(crate) fn on_signal(&self) -> Arc<dyn Fn() + Send + Sync> {
        let watch = Arc::clone(&self.watch);
        Arc::new(move || watch.is_asked_to_end())
    }

    /// Returns what cancels the items of the run.
    pub(crate) fn cancellation(&self) -> Cancellation {
        Cancellation(Arc::clone(self.watch.token()))
    }

    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        self.watch.stop(now)
    }
}

impl<P: Parked> Drop for RunLimits<P> {
    fn drop(&mut self) {
        if self.is_of_its_thread {
            innermost::leave(self.watch.token());
        }
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
