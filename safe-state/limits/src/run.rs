//! The limits of a run, which connect its loops with the watchdog.

use std::sync::Arc;
use std::time::Instant;

use safe_state_base::engine::EndWatch;
use safe_state_base::{Error, StopReason};

pub use crate::died_of::died_of;
use crate::future::under_limit;
use crate::innermost;
pub use crate::item::ItemLimit;
pub use crate::job_limits::JobLimits;
use crate::look::RunWatch;
pub use crate::parked::{Blame, Parked};
use crate::pressure::Pressure;
use crate::token::Token;
use crate::watchdog::{Watch, Watched};

/// The limits of a run, watched until this is dropped. The watchdog can save what the run has lent it, a `P`.
#[derive(Debug)]
pub struct RunLimits<P: Parked> {
    /// Declared first, and so dropped first: nothing is interrupted once the run has ended. None if no limits are set,
    /// and the lent value is only there for the thread that handles signals.
    _watched: Option<Watched>,
    watch: Arc<RunWatch<P>>,
    /// Whether the run has lent its store and progress.
    is_parked: bool,
    /// Whether the run is its thread's innermost limit. In an async function it is the future's instead.
    is_of_its_thread: bool,
}

impl<P: Parked> RunLimits<P> {
    /// Starts the watch over the job's limits, and over `ends`, when the batch system ends the program. Returns `None` if
    /// no limits are set, unless `is_reached`: then a signal has to reach what the run lends.
    ///
    /// # Errors
    ///
    /// The limits can't be watched.
    pub fn start(
        job: &str,
        limits: JobLimits,
        ends: Option<Arc<EndWatch>>,
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

    /// Returns why the run is to end before its next item; `None` if it goes on.
    pub fn stop(&self, now: Instant) -> Option<StopReason> {
        self.watch.stop(now)
    }

    /// Returns whether the run's time is over. No item is to blame for that, so none is tried again or given up.
    pub fn is_over(&self, now: Instant) -> bool {
        self.watch.is_over(now)
    }

    /// Notes that the body of an item begins: its time runs, and the watchdog can save the progress.
    pub fn begin_item(&mut self, parked: P) {
        self.is_parked = true;
        self.watch.begin_item(Box::new(parked), Instant::now());
    }

    /// Notes that the body of the next item begins, while the value that was lent stays with the watchdog.
    #[inline]
    pub fn begin_next_item(&self) {
        self.watch.pulse().begin_next();
    }

    /// Notes that the body of the item has ended, while the value that was lent stays with the watchdog. Returns `false` if it
    /// can't stay: then it has to be taken back before the item counts as complete.
    #[inline]
    pub fn end_item_beside(&self) -> bool {
        self.watch.pulse().end()
    }

    /// Returns whether the limits have to be looked at before the next item.
    #[inline]
    pub fn is_asked(&self) -> bool {
        self.watch.pulse().is_asked()
    }

    /// Takes back what was lent to the watchdog, if anything was.
    #[inline]
    pub fn unpark(&mut self) -> Option<P> {
        if !std::mem::take(&mut self.is_parked) {
            return None;
        }
        self.watch.unpark().map(|parked| *parked)
    }

    /// Notes that the item has ended, so that its time no longer runs.
    pub fn end_item(&self) {
        self.watch.end_item();
    }

    /// Returns the function to call when a signal asks the process to end. It saves the progress; if the process is
    /// killed before the item ends, the item is not to blame.
    pub fn on_signal(&self) -> Arc<dyn Fn() + Send + Sync> {
        let watch = Arc::clone(&self.watch);
        Arc::new(move || watch.is_asked_to_end())
    }

    /// Returns the handle that cancels the run's items.
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

/// The watch over the memory of the process's control group, until this is dropped.
#[derive(Debug, Default)]
pub struct MemoryWatch {
    _watched: Option<Watched>,
    pressure: Option<Arc<Pressure>>,
}

impl MemoryWatch {
    /// Starts the watch for `job`, if the group or one around it has a limit. If no thread can be started, the job runs
    /// without this watch, as nobody has asked for it.
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

    /// Returns whether so little memory is left that each item may be the last.
    pub fn is_near(&self) -> bool {
        self.pressure.as_ref().is_some_and(|pressure| pressure.is_near())
    }

    /// Returns whether nine tenths of the group's limit are in use.
    pub fn is_tight(&self) -> bool {
        self.pressure.as_ref().is_some_and(|pressure| pressure.is_tight())
    }
}

/// A handle that cancels the items of a run.
#[derive(Clone, Debug)]
pub struct Cancellation(Arc<Token>);

/// Returns the output of `future`; or, if it is cancelled before, what `cancelled` makes of the error.
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
