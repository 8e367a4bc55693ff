//! The limits of a run, between its loops and the watchdog.

use std::sync::Arc;
use std::time::Instant;

use safe_state_base::engine::Heeded;
use safe_state_base::{Error, StopReason};

pub use crate::died_of::died_of;
use crate::future::under_limit;
use crate::innermost;
pub use crate::job_limits::JobLimits;
use crate::look::RunWatch;
pub use crate::parked::{Blame, Parked};
use crate::pressure::Pressure;
use crate::token::Token;
use crate::watchdog::{Watch, Watched};

/// A run's limits, which are watched for as long as it lives. The watchdog saves what the run has lent it, a `P`.
#[derive(Debug)]
pub struct RunLimits<P: Parked> {
    /// Before the rest: nothing is interrupted once the run has ended. None where there are no limits, and
    /// what is complete lies where a signal's thread can reach it.
    _watched: Option<Watched>,
    watch: Arc<RunWatch<P>>,
    /// Whether the watchdog can reach what saves.
    is_parked: bool,
    /// Whether the run is its thread's innermost limit. An async function's is that of its future instead.
    is_of_its_thread: bool,
}

impl<P: Parked> RunLimits<P> {
    /// Has the job's limits watched from now on, if it has any, or is to be reached by a signal; and `ends` as well, which
    /// is when the batch system ends the program.
    ///
    /// # Errors
    ///
    /// They can't be watched.
    pub fn start(
        job: &str,
        limits: JobLimits,
        ends: Option<Arc<Heeded>>,
        is_reached: bool,
        is_async: bool,
        memory: &MemoryWatch,
    ) -> Result<Option<Self>, Error> {
        if !limits.are_set() && !is_reached {
            return Ok(None);
        }
        let now = Instant::now();
        let watch = Arc::new(RunWatch::new(job, limits, ends, memory.pressure.clone(), now)?);
        let first = limits.are_set().then(|| Arc::clone(&watch) as Arc<dyn Watch>);
        let watched = first.map(|watch| Watched::start(watch, now)).transpose();
        let watched = watched.map_err(Error::Thread)?;
        if !is_async {
            innermost::enter(watch.token());
        }
        let is_of_its_thread = !is_async;
        Ok(Some(RunLimits { _watched: watched, watch, is_parked: false, is_of_its_thread }))
    }

    /// Why the run is to end before its next item, if it is.
    pub fn stop(&self, now: Instant) -> Option<StopReason> {
        self.watch.stop(now)
    }

    /// Whether the run's time is over: no item is to blame for that, so none is tried again, or given up.
    pub fn is_over(&self, now: Instant) -> bool {
        self.watch.is_over(now)
    }

    /// The body of an item begins: its time runs, and the watchdog can save what is complete.
    pub fn begin_item(&mut self, parked: P) {
        self.is_parked = true;
        self.watch.begin_item(Box::new(parked), Instant::now());
    }

    /// Takes back what the watchdog could reach, if it could reach anything.
    #[inline]
    pub fn unpark(&mut self) -> Option<P> {
        if !std::mem::take(&mut self.is_parked) {
            return None;
        }
        self.watch.unpark().map(|parked| *parked)
    }

    /// The item's time is over.
    pub fn end_item(&self) {
        self.watch.end_item();
    }

    /// What is to be done when a signal asks the process to end: what is complete is saved, and if the process is
    /// killed before the item ends, that is not the item's fault.
    pub fn on_signal(&self) -> Arc<dyn Fn() + Send + Sync> {
        let watch = Arc::clone(&self.watch);
        Arc::new(move || watch.is_asked_to_end())
    }

    /// What cancels the run's items.
    pub fn cancellation(&self) -> Cancellation {
        Cancellation(Arc::clone(self.watch.token()))
    }
}

impl<P: Parked> Drop for RunLimits<P> {
    fn drop(&mut self) {
        if self.is_of_its_thread {
            innermost::leave(self.watch.token());
        }
    }
}

/// The memory of the control group that the process is in, watched for as long as this lives.
#[derive(Debug, Default)]
pub struct MemoryWatch {
    _watched: Option<Watched>,
    pressure: Option<Arc<Pressure>>,
}

impl MemoryWatch {
    /// Has it watched for that job, if the group, or one around it, has a limit. Nobody has asked for that, so where no
    /// thread can be started for it, the job runs without.
    pub fn start(job: &str) -> Self {
        let Some(pressure) = Pressure::of_this_process(job).map(Arc::new) else {
            return MemoryWatch::default();
        };
        let watch = Arc::clone(&pressure) as Arc<dyn Watch>;
        match Watched::start(watch, Instant::now()) {
            Ok(watched) => MemoryWatch { _watched: Some(watched), pressure: Some(pressure) },
            Err(error) => {
                tracing::warn!(target: "safe_state", job, %error, "the memory of the control group is not watched");
                MemoryWatch::default()
            }
        }
    }

    /// Returns whether so little is left that each item may be the last.
    pub fn is_near(&self) -> bool {
        self.pressure.as_ref().is_some_and(|pressure| pressure.is_near())
    }

    /// Returns whether nine tenths of what the group may have are in use.
    pub fn is_tight(&self) -> bool {
        self.pressure.as_ref().is_some_and(|pressure| pressure.is_tight())
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
        Some(Cancellation(token)) => under_limit(&token, future).await.unwrap_or_else(cancelled),
    }
}
