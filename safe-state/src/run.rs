//! The run, which is one execution of a job: it is opened, its items go through the stages, and it is finished. Start
//! reading here.

mod active;
mod begin;
mod begun;
mod between;
mod committing;
mod dividing;
mod ending;
pub(crate) mod entering;
pub(crate) mod handing;
pub(crate) mod job;
pub(crate) mod judging;
mod looping;
mod operating;
mod places;
mod rebuilding;
mod replay;
mod rows;
mod sharing;
pub(crate) mod slices;
mod stages;
mod steps;
pub(crate) mod tally;
mod values;
mod waiting;

use std::fmt::Arguments;
use std::time::Duration;

use safe_state_backends::Error as BackendError;
use safe_state_backends::details::Value;

use crate::attempt::Outcome;
use crate::control::pacing::Look;
use crate::failure::notes::Notes;
use crate::failure::outcome::Failing;
use crate::failure::{Action, ErrorContext, Policy, Thrown, Verdict};
use crate::observe::spans::Spans;
use crate::save::thread::Worker;
use crate::{Error, Job};

use active::Active;
use begin::begin;
use judging::{Judged, Suspected};
use stages::Stages;
use waiting::Waiting;

/// A run of a job, from open to finish or failure.
#[derive(Debug)]
pub struct Run {
    stages: Stages,
}

/// The begin of a run.
impl Run {
    /// Begins a run: takes the lease, and loads and verifies what is stored.
    ///
    /// # Errors
    ///
    /// The job is running already, or its checkpoint cannot be read, written or continued.
    pub fn open(job: &Job) -> Result<Run, Error> {
        if job.is_shared() {
            return Run { stages: sharing::open(job)? }.limited(job, false);
        }
        // A nested call must not wait for the lease: its own outer run holds it.
        let nests = Active::contains(job);
        let begun = if nests {
            begin(&job.clone().wait(Duration::ZERO))
        } else {
            Waiting::new(job).begin()
        };
        match begun {
            Ok(begun) => {
                let mut stages = Stages::new(job, Some((begun, None)));
                stages.started();
                stages.session.active = Some(Active::enter(job));
                Run { stages }.limited(job, false)
            }
            Err(Error::Backend(BackendError::Held { .. })) if nests => {
                let job = job.clone().save_every(u64::MAX).verbose(false);
                let mut stages = Stages::new(&job, None);
                stages.observer.events().nested();
                Ok(Run { stages })
            }
            Err(error) => Err(error),
        }
    }

    /// Begins a run without blocking: see [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// The errors of [`open`](Self::open), or no thread can be started.
    pub async fn open_async(job: &Job) -> Result<Run, Error> {
        let worker = Worker::spawn().map_err(Error::Thread)?;
        if job.is_shared() {
            return Run { stages: sharing::open_async(worker, job).await? }.limited(job, true);
        }
        let begun = waiting::begin_async(&worker, job).await?;
        let mut stages = Stages::new(job, Some((begun, Some(worker))));
        stages.started();
        Run { stages }.limited(job, true)
    }

    fn limited(mut self, job: &Job, is_async: bool) -> Result<Run, Error> {
        self.stages.limit(job, is_async)?;
        Ok(self)
    }

    /// Returns the spans that the body of the run is in.
    pub fn spans(&self) -> Spans {
        self.stages.observer.spans()
    }

    /// Records an argument that the function was called with, for reports of failures.
    pub fn argument(&mut self, shown: Vec<Value>) {
        self.stages.failures.argument(shown);
    }
}

/// The items of a run.
impl Run {
    /// Returns the run itself.
    pub fn by_ref(&mut self) -> &mut Run {
        self
    }

    /// Returns the error of an input that gives each item only once, and would be known by index.
    #[cold]
    pub fn gives_once(&self) -> Error {
        Error::GivesOnce { job: self.stages.observer.job().to_owned() }
    }

    /// Returns whether the run stores what it completes. A run nested in another of the same job only counts.
    pub fn is_stored(&self) -> bool {
        self.stages.saving.is_stored()
    }

    /// Resumes the time of an outer item behind a loop in it.
    pub fn resume_item(&mut self) {
        if let Some(depth) = self.stages.progress.depth_in_flight() {
            self.stages.begin_item(depth);
        }
    }

    /// Records values of the item that the loop inside `depth` others handed out last.
    pub fn capture(&mut self, depth: usize, values: &[(&str, Arguments<'_>)]) {
        self.stages.progress.capture(depth, values);
    }

    /// Returns whether the loop inside `depth` others has an item in flight that is not complete.
    pub fn is_in_flight(&self, depth: usize) -> bool {
        self.stages.progress.is_in_flight(depth)
    }

    /// Returns the handle that cancels the items of the run, if the run has limits.
    #[cfg(feature = "limits")]
    pub fn cancellation(&self) -> Option<safe_state_limits::run::Cancellation> {
        self.stages.control.cancellation()
    }

    /// Notes that a `return` is about to leave a loop.
    pub fn returning(&mut self) {
        self.stages.progress.returning();
    }

    /// Returns whether the end of a loop that was left has to be saved at once.
    pub fn saves_now(&mut self) -> bool {
        self.stages.progress.saves_now()
    }

    /// Counts one more `checkpoint!()` in manual mode. Returns whether a save is due.
    pub fn checkpoint(&mut self, location: &'static str) -> bool {
        looping::enter_manually(&mut self.stages, location);
        looping::settle(&mut self.stages, 0, 0, true);
        looping::complete(&mut self.stages, 0, None).is_due
    }
}

/// Items that fail.
impl Run {
    /// Judges the item in flight inside `depth` loops, which has failed.
    #[cold]
    pub fn judge<F: Fn(&ErrorContext<'_>) -> Action>(
        &mut self,
        policy: &Policy<F>,
        depth: usize,
        failing: Failing,
        thrown: Thrown<'_>,
    ) -> Verdict {
        judging::judge(&mut self.stages, policy, depth, failing, thrown)
    }

    /// Judges the item in flight inside `depth` loops, which has failed, but leaves open how many items have been given
    /// up. Counting them asks other workers of a shared job, which may take long.
    #[cold]
    pub fn ask<F: Fn(&ErrorContext<'_>) -> Action>(
        &mut self,
        policy: &Policy<F>,
        depth: usize,
        failing: Failing,
        thrown: Thrown<'_>,
    ) -> Judged {
        judging::ask(&mut self.stages, policy, depth, failing, thrown)
    }

    /// Returns the verdict on a failed item that [`ask`](Self::ask) judged, without blocking.
    pub async fn judged_async(&mut self, judged: Judged) -> Verdict {
        judging::judged_async(&mut self.stages, judged).await
    }

    /// Saves what is complete, and how often the item in flight was tried. Returns whether another attempt follows,
    /// once its pause is over.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub fn pause(&mut self, verdict: Verdict) -> Result<bool, Error> {
        let notes = Notes::take();
        let saved = self.stages.save();
        match judging::pause_after(&mut self.stages, verdict, saved, notes) {
            Some(pause) => between::rest(&mut self.stages, pause).map(|()| true),
            None => Ok(false),
        }
    }

    /// Saves and pauses without blocking: see [`pause`](Self::pause).
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub async fn pause_async(&mut self, verdict: Verdict) -> Result<bool, Error> {
        let notes = Notes::take();
        let saved = self.stages.save_async().await;
        match judging::pause_after(&mut self.stages, verdict, saved, notes) {
            Some(pause) => between::rest_async(&mut self.stages, pause).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Returns whether the run has to save before each item, to find one that kills the process.
    pub fn is_cautious(&self) -> bool {
        self.stages.is_cautious()
    }

    /// Gives up the item in flight inside `depth` loops if it has killed the process as often as the policy allows.
    /// Otherwise notes the item as the suspect of the next crash. Returns whether the item is given up.
    #[cold]
    pub fn gives_up<F>(&mut self, policy: &Policy<F>, depth: usize) -> bool {
        judging::gives_up(&mut self.stages, policy, depth)
    }

    /// Returns how often the item in flight inside `depth` loops has killed the process, but leaves open how many items
    /// have been given up. Counting them asks other workers of a shared job, which may take long.
    #[cold]
    pub fn suspected<F>(&mut self, policy: &Policy<F>, depth: usize) -> Option<Suspected> {
        judging::suspected(&mut self.stages, policy, depth)
    }

    /// Gives up a suspected item without blocking: see [`gives_up`](Self::gives_up).
    pub async fn gives_up_async(&mut self, suspected: Option<Suspected>, depth: usize) -> bool {
        judging::gives_up_async(&mut self.stages, suspected, depth).await
    }
}

/// Saves of a run.
impl Run {
    /// Saves what is complete, and the carried values.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn save(&mut self) -> Result<(), Error> {
        self.stages.save()
    }

    /// Saves without blocking: see [`save`](Self::save).
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub async fn save_async(&mut self) -> Result<(), Error> {
        self.stages.save_async().await
    }
}

/// Waits and requests between items.
impl Run {
    /// Returns whether the run has to wait before the next item, for its job's rate or throttle, or to stop. A run
    /// whose input has ended does not wait.
    pub fn look(&mut self, has_ended: bool) -> Option<Look> {
        self.stages.control.look(has_ended)
    }

    /// Waits, and polls requests meanwhile. Returns whether the run has something to [obey](Self::obey), before which
    /// what is complete has to be saved.
    pub fn wait(&mut self, look: Look) -> bool {
        between::wait(&mut self.stages, look)
    }

    /// Waits without blocking. The carried variables must have been taken, unless they include handles, because the run
    /// may be dropped while it waits.
    pub async fn wait_async(&mut self, look: Look) -> bool {
        between::wait_async(&mut self.stages, look).await
    }

    /// Ends the run if it is to stop, else does what a request asks of the run.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub fn obey(&mut self) -> Result<(), Error> {
        between::obey(&mut self.stages)
    }

    /// Ends the run if it is to stop, else does what a request asks of the run, without blocking.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub async fn obey_async(&mut self) -> Result<(), Error> {
        self.stages.check_stop()?;
        self.apply_request_async().await
    }

    /// Polls requests to the run, if it is time. Returns whether what is complete has to be saved.
    pub fn poll_requests(&mut self) -> bool {
        between::poll_requests(&mut self.stages)
    }

    /// Polls requests without blocking. The carried variables must have been taken, unless they include handles,
    /// because the run may be dropped while it waits.
    pub async fn poll_requests_async(&mut self) -> bool {
        between::poll_requests_async(&mut self.stages).await
    }

    /// Does what a request asks of the run, which has saved what is complete: waits, or ends the run.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub fn apply_request(&mut self) -> Result<(), Error> {
        between::apply_request(&mut self.stages)
    }

    /// Does what a request asks of the run without blocking: see [`apply_request`](Self::apply_request).
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub async fn apply_request_async(&mut self) -> Result<(), Error> {
        between::apply_request_async(&mut self.stages).await
    }
}

/// The end of a run.
impl Run {
    /// Ends the run with the outcome of its function, and returns the outcome. If the last write fails and the outcome
    /// is no failure, `on_error` makes the returned value from that error.
    ///
    /// # Panics
    ///
    /// If the outcome is a panic: with the same panic.
    pub fn finish<R>(
        mut self,
        outcome: Outcome<R>,
        failing: Failing,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        ending::finish(&mut self.stages, outcome, failing, on_error)
    }

    /// Ends the run without blocking: see [`finish`](Self::finish).
    ///
    /// # Panics
    ///
    /// If the outcome is a panic: with the same panic.
    pub async fn finish_async<R>(
        mut self,
        outcome: Outcome<R>,
        failing: Failing,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        ending::finish_async(&mut self.stages, outcome, failing, on_error).await
    }

    /// Ends the process, because an item goes on beyond the grace period of a run that ends with `stopped`. What is
    /// complete is saved, and the failure that would have left the function.
    pub(crate) fn end_process(&mut self, stopped: &Error, failing: Failing) -> ! {
        ending::end_process(&mut self.stages, stopped, failing)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        ending::abandon(&mut self.stages);
    }
}
