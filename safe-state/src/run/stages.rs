//! The stages of a run, and the values that pass between them.

mod saves;

use std::time::{Duration, Instant};

use safe_state_backends::value::is_numbers;
use safe_state_backends::{Carry, Durability, Failure, Store};
use safe_state_base::exit;

use super::active::Active;
use super::begun::Begun;
use crate::control::requests::Requests;
use crate::control::{Control, Replay};
use crate::effects::commit::{Commit, CommitError, not_committed};
use crate::effects::handles::Handles;
use crate::error::StopReason;
use crate::failure::Failures;
use crate::items::terms::Terms;
use crate::job::in_array::{SUBMISSION, finish_key};
use crate::observe::Observer;
use crate::observe::events::Events;
use crate::observe::spans::Spans;
use crate::progress::values::CurrentValues;
use crate::progress::{Progress, Stored};
use crate::save::Saving;
use crate::save::owner::Owner;
use crate::save::schedule::{PAGED_INTERVAL, SaveEvery};
use crate::save::thread::Worker;
use crate::shared::state::Sharing;
use crate::{Error, Job};

/// Returns how many items may have begun since the last save of a run that died, and within how long a time. With a
/// page, a crash of the machine puts up to [`PAGED_INTERVAL`] at risk.
fn at_risk(job: &Job) -> (u64, Duration) {
    let (items, time) = job.saves.every.at_risk();
    (items, if job.saves.page { time.max(PAGED_INTERVAL) } else { time })
}

/// Returns whether a run that saves `save_every` may use the page that the job asks for: a replay has nothing to lose, and where
/// each item is synced, a page adds nothing.
fn may_page(job: &Job, replay: Replay, save_every: SaveEvery) -> bool {
    let syncs = job.lease_options().durability == Durability::Power;
    job.saves.page && replay == Replay::No && (!syncs || save_every != SaveEvery::default())
}

/// The stages that an item goes through, in their order.
#[derive(Debug)]
pub(super) struct Stages {
    pub(super) session: Session,
    pub(super) failures: Failures,
    pub(super) progress: Progress,
    pub(super) saving: Saving,
    pub(super) control: Control,
    /// The state of the item's own transaction.
    pub(super) commit: Commit,
    pub(super) handles: Handles,
    pub(super) observer: Observer,
}

/// The settings of a run that are fixed when it begins.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) active: Option<Active>,
    pub(super) terms: Terms,
    pub(super) keep_on_success: bool,
    /// The key under which the process notes that it finishes the job, if later tasks of an array are to find the job
    /// finished.
    pub(super) kept_as: Option<String>,
    /// The number of runs that are remembered once the job has finished.
    pub(super) keep_history: u32,
    /// The worker's view of the job, if many workers share it.
    pub(super) sharing: Option<Box<Sharing>>,
    /// The thread where an async worker of a shared job does what blocks.
    pub(super) thread: Option<Worker>,
}

impl Session {
    /// Creates the session of a run that has begun, or of one that is nested in another.
    fn new(job: &Job, begun: Option<&Begun>) -> Session {
        let terms = Terms {
            was_finished: begun.is_some_and(|begun| begun.was_finished),
            accepts: begun.is_some_and(|begun| begun.accepts),
            on_input_change: job.expected.on_input_change,
            saved_at: begun.and_then(|begun| begun.saved_at).filter(|_| !job.saves.page),
        };
        let is_noted = |begun: &&Begun| begun.store.checkpoint().noted(SUBMISSION).is_some();
        let kept_as = begun.filter(is_noted).filter(|_| !job.is_shared()).map(|_| finish_key(job));
        Session {
            active: None,
            terms,
            keep_on_success: job.saves.keep_on_success || kept_as.is_some(),
            kept_as,
            keep_history: job.saves.kept.history,
            sharing: None,
            thread: None,
        }
    }
}

impl Stages {
    /// Creates the stages of a run. `begun` has the run that has begun, with its thread if the run may not block.
    /// Without `begun`, the run is nested in another and keeps no progress.
    pub(super) fn new(job: &Job, begun: Option<(Begun, Option<Worker>)>) -> Stages {
        let now = Instant::now();
        let mut events = Events::new(job.job_name(), job.shown.verbose);
        let known = begun.as_ref().map(|(begun, _)| begun);
        let session = Session::new(job, known);
        let has_crashed = known.is_some_and(|begun| begun.has_crashed);
        let replay = known.map_or(Replay::No, |begun| begun.replay);
        // A replay has to see each item complete.
        let save_every = if replay == Replay::No { job.saves.every } else { SaveEvery::default() };
        let spans = known.map_or_else(Spans::default, |begun| {
            Spans::of(job.job_name(), begun.store.checkpoint().run_count())
        });
        if let Some(begun) = known {
            let _within = spans.within();
            events.opened(begun.store.checkpoint());
        }
        let (owner, requests) = match begun {
            Some((Begun { store, source, asked, .. }, worker)) => {
                (Some(Owner::new(store, worker)), Requests::new(source, asked, now))
            }
            None => (None, Requests::default()),
        };
        // A nested run has nothing of its own to show.
        let shown = owner.is_some().then_some(&job.shown);
        let syncs = job.lease_options().durability == Durability::Power;
        let pages = owner.is_some() && may_page(job, replay, save_every);
        let is_timed = job.saves.timings && owner.is_some();
        let saving = Saving::new(owner, save_every, now).timed(is_timed);
        Stages {
            session,
            failures: Failures::new(has_crashed, at_risk(job), now),
            progress: Progress::default(),
            saving: if pages { saving.paged() } else { saving },
            control: Control::new(&job.watch, requests, replay, now),
            commit: Commit::None,
            handles: Handles::new(job.registry.clone(), syncs),
            observer: Observer::new(events, spans, shown),
        }
    }

    /// Reports that the run begins.
    pub(super) fn started(&mut self) {
        if let Some(store) = self.saving.store() {
            self.observer.started(store.checkpoint());
        }
    }

    /// Starts the watch over the job's limits.
    pub(super) fn limit(&mut self, job: &Job, is_async: bool) -> Result<(), Error> {
        let is_cautious = self.is_cautious();
        let name = (job.job_name(), job.shown.verbose);
        self.control.limit((name, job.limits), is_cautious, is_async)
    }

    /// Returns whether the run has to save before each item, to find one that kills the process.
    pub(super) fn is_cautious(&self) -> bool {
        self.saving.is_stored() && self.failures.look_out()
    }

    /// Returns the failure of the item in flight, as it is told: with the item's index in the whole input.
    pub(super) fn told(&self, failure: &Failure) -> Failure {
        if self.progress.is_in_inner_item() {
            return failure.clone();
        }
        self.observer.in_whole(failure)
    }

    /// Returns whether a slice of a shared job is under way.
    pub(super) fn is_in_slice(&self) -> bool {
        self.session.sharing.as_deref().is_some_and(Sharing::is_in_slice)
    }

    /// Calls `work`, which may block: on the worker's own thread if it is async, else here.
    pub(super) async fn on_thread<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        match &self.session.thread {
            Some(thread) => thread.run(work).await,
            None => work(),
        }
    }

    /// Waits for `time` without blocking.
    pub(super) async fn sleep(&mut self, time: Duration) {
        match &self.session.thread {
            Some(thread) => thread.sleep(time).await,
            None => self.saving.sleep(time).await,
        }
    }

    /// Calls `work` with the progress and the stored checkpoint.
    pub(super) fn with_stored<T>(
        &mut self,
        work: impl FnOnce(&mut Progress, Stored<'_>) -> T,
    ) -> T {
        let store = self.saving.store();
        let checkpoint = store.as_deref().map(Store::checkpoint);
        work(&mut self.progress, Stored::new(self.observer.job(), checkpoint))
    }

    /// Calls `work` with the values at the place where the run is.
    pub(super) fn values<T>(&mut self, work: impl FnOnce(CurrentValues<'_>) -> T) -> T {
        self.with_stored(|progress, stored| work(progress.values(stored)))
    }

    /// Takes the value of a variable, which is declared inside the first `depth` loops, into the next save.
    pub(super) fn carry<T: Carry>(
        &mut self,
        name: &str,
        depth: usize,
        value: &T,
    ) -> Result<(), Error> {
        if is_numbers(value) {
            // The value may be overwritten in place only if the next save is certain to take all of it.
            let is_certain = self.saving.is_due()
                && !self.saving.page().may_be_used()
                && self.saving.thread().is_none()
                && !self.is_in_slice()
                && matches!(self.commit, Commit::None);
            if let Some(mut store) = self.saving.store() {
                store.settle(name)?;
                let overwrite = |within: &[u64]| store.overwrite(name, within, value);
                if is_certain && self.progress.overwrite(name, depth, overwrite) {
                    return Ok(());
                }
            }
        }
        self.values(|mut values| values.carry(name, depth, value))
    }

    /// Returns an error while it is unknown whether the item's own transaction was committed: a save might then hold an
    /// item that was not committed.
    pub(super) fn check_doubt(&self) -> Result<(), Error> {
        if self.commit.is_in_doubt() {
            return Err(not_committed(self.observer.job(), CommitError::InDoubt, None));
        }
        Ok(())
    }

    /// Restores the progress from before a commit that was prepared and will not be made. Returns whether one was
    /// prepared.
    pub(super) fn take_back_prepared(&mut self) -> bool {
        let Some(before) = self.commit.take_back_prepared() else { return false };
        self.progress.put_back(before);
        self.saving.commit_failed();
        // The statements of the commit may still be in preparation.
        self.saving.with_store_blocking(Store::forget_statements);
        true
    }

    /// Ends the run before its input does, for a reason other than a failure. Returns the error for the caller.
    pub(super) fn stop(&mut self, reason: StopReason) -> Error {
        self.control.stop();
        self.observer.stopped(reason);
        exit::stopped(Error::Stopped { job: self.observer.job().to_owned(), reason })
    }

    /// Returns an error, and ends the run, if it has a reason to stop.
    pub(super) fn check_stop(&mut self) -> Result<(), Error> {
        match self.control.reason_to_stop(Instant::now()) {
            Some(reason) => Err(self.stop(reason)),
            None => Ok(()),
        }
    }

    /// Takes back the progress that the watchdog was lent while the bodies of items ran. Returns how many items that have
    /// completed since it has taken in.
    #[inline]
    pub(super) fn take_back_lent(&mut self) -> u64 {
        let Some((progress, settled)) = self.control.take_back() else { return 0 };
        self.progress = progress;
        settled
    }

    /// Begins the body of an item: its time runs, and the watchdog can save what is complete.
    pub(super) fn begin_item(&mut self, depth: usize) {
        if !self.control.borrows() {
            return;
        }
        let Some(store) = self.saving.shared() else { return };
        // An item that passed a limit may have ended all the same, and must not stay a suspect.
        if !self.failures.look_out() {
            self.progress.clear_suspects();
        }
        self.control.lend(store, std::mem::take(&mut self.progress), depth);
    }

    /// Ends the limits: from now on nothing is cancelled or interrupted.
    pub(super) fn end_limits(&mut self) {
        self.take_back_lent();
        self.control.end_limits();
    }
}
