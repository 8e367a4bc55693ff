//! One execution of a job: open, hand out items, save when due, finish or fail.

pub(crate) mod active;
pub(crate) mod begin;
mod ending;
pub(crate) mod replay;
pub(crate) mod tally;
mod waiting;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use safe_state_backends::details::Value;
use safe_state_backends::format::{Change, Record};
use safe_state_backends::{Carry, Durability, Error as BackendError, Store};
use tracing::Span;

use crate::control::limits::Limits;
use crate::control::pacing::Boundary;
use crate::control::requests::Requests;
use crate::effects::commit::Commit;
use crate::effects::reconnect::ReconnectRegistry;
use crate::effects::reconnect::outputs::Outputs;
use crate::effects::reconnect::seal::Key;
use crate::failure::Caution;
use crate::failure::outcome::Outcome;
use crate::failure::reported::Values;
use crate::observe::bars::Bars;
use crate::observe::events::Events;
use crate::observe::spans::Spans;
use crate::progress::Position;
use crate::run::active::Active;
use crate::run::begin::{Begun, OnChange, Unclaimed, begin};
use crate::run::replay::Replay;
use crate::run::waiting::{Turn, Waiting};
use crate::save::owner::Owner;
use crate::save::pace::Pace;
use crate::save::schedule::{SaveEvery, Schedule};
use crate::save::thread::Worker;
use crate::{Error, Job};

/// A run of a job, from open to finish or failure.
#[expect(clippy::struct_excessive_bools, reason = "none of them follows from others")]
#[derive(Debug)]
pub struct Run {
    /// None where there is nothing for the run to save: in a nested call, and once its end is on its way.
    pub(crate) owner: Option<Owner>,
    active: Option<Active>,
    pub(crate) events: Events,
    keep_on_success: bool,
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    /// Whether it goes on with what the run before was refused for.
    pub(crate) accepts: bool,
    pub(crate) on_input_change: OnChange,
    pub(crate) registry: ReconnectRegistry,
    /// By which handles are known again; once one is asked for.
    pub(crate) key: Option<Key>,
    /// The files that it writes through handles.
    pub(crate) outputs: Outputs,
    /// Whether what is saved has to survive a loss of power.
    pub(crate) syncs: bool,
    pub(crate) schedule: Schedule,
    pub(crate) pace: Pace,
    pub(crate) caution: Caution,
    pub(crate) position: Position,
    pub(crate) boundary: Boundary,
    pub(crate) limits: Limits,
    /// How it stands with the item's own transaction.
    pub(crate) commit: Commit,
    pub(crate) bars: Bars,
    pub(crate) spans: Spans,
    pub(crate) requests: Requests,
    /// What of its values a report tells.
    pub(crate) shown: Values,
    pub(crate) replay: Replay,
}

/// What is written to a store.
pub(crate) enum Write {
    Save(Record),
    Finish(Change),
    Delete,
}

/// Calls `body`, and sees whether it returned or panicked.
///
/// # Errors
///
/// The panic's payload.
pub(crate) fn call<R>(body: impl FnOnce() -> R) -> Outcome<R> {
    // Nothing of the body's is looked at after a panic: it goes on as soon as it is recorded.
    catch_unwind(AssertUnwindSafe(body))
}

/// The same in the spans of a run.
///
/// # Errors
///
/// The panic's payload.
pub fn call_in<R>(spans: &Spans, body: impl FnOnce() -> R) -> Outcome<R> {
    let _within = spans.within();
    call(body)
}

/// Waits for the lease in turns: a future that is dropped meanwhile has to wait for one of them.
async fn begin_async(worker: &Worker, job: &Job) -> Result<Begun, Error> {
    let mut waiting = Waiting::new(&job.for_another_thread());
    loop {
        let turn = worker.run(move || {
            let turn = waiting.attempt().map(|turn| turn.map(Unclaimed::new));
            (turn, waiting)
        });
        let (turn, still_waiting) = turn.await;
        match turn? {
            Turn::Begun(begun) => return Ok(begun.claim()),
            Turn::Again(pause) => worker.sleep(pause).await,
        }
        waiting = still_waiting;
    }
}

impl Run {
    /// Begins a run: takes the lease, loads and verifies what is stored.
    ///
    /// # Errors
    ///
    /// The job is running already, or its checkpoint cannot be read, written or continued.
    pub fn open(job: &Job) -> Result<Run, Error> {
        // Else it would wait for itself.
        let nests = Active::contains(job);
        let begun = if nests {
            begin(&job.clone().wait(Duration::ZERO))
        } else {
            Waiting::new(job).begin()
        };
        match begun {
            Ok(begun) => {
                let mut run = Run::new(job, Some((begun, None)));
                run.active = Some(Active::enter(job));
                run.limits = Limits::start(job, &run.boundary, run.is_cautious(), false)?;
                Ok(run)
            }
            Err(Error::Backend(BackendError::Held { .. })) if nests => {
                let run = Run::new(&job.clone().save_every(u64::MAX).verbose(false), None);
                run.events.nested();
                Ok(run)
            }
            Err(error) => Err(error),
        }
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); or no thread can be started.
    pub async fn open_async(job: &Job) -> Result<Run, Error> {
        let worker = Worker::spawn().map_err(Error::Thread)?;
        let begun = begin_async(&worker, job).await?;
        let mut run = Run::new(job, Some((begun, Some(worker))));
        run.limits = Limits::start(job, &run.boundary, run.is_cautious(), true)?;
        Ok(run)
    }

    /// A run that has begun, and works on that thread if it may not block; or one that is nested in another
    /// and keeps no progress.
    fn new(job: &Job, begun: Option<(Begun, Option<Worker>)>) -> Run {
        let now = Instant::now();
        let mut events = Events::new(job.job_name(), job.verbose);
        let known = begun.as_ref().map(|(begun, _)| begun);
        let was_finished = known.is_some_and(|begun| begun.was_finished);
        let accepts = known.is_some_and(|begun| begun.accepts);
        let has_crashed = known.is_some_and(|begun| begun.has_crashed);
        let replay = known.map_or(Replay::No, |begun| begun.replay);
        // A replay has to see each item complete.
        let save_every = if replay == Replay::No { job.save_every } else { SaveEvery::default() };
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
        // A nested call has nothing of its own to show.
        let bars = Bars::new(job.progress && owner.is_some());
        Run {
            owner,
            active: None,
            events,
            keep_on_success: job.keep_on_success,
            schedule: Schedule::new(save_every, now),
            pace: Pace::new(now),
            caution: Caution::new(has_crashed, job.save_every, now),
            was_finished,
            accepts,
            on_input_change: job.on_input_change,
            registry: job.registry.clone(),
            key: None,
            outputs: Outputs::default(),
            syncs: job.lease_options().durability == Durability::Power,
            position: Position::default(),
            boundary: Boundary::new(&job.watch, now),
            limits: Limits::default(),
            commit: Commit::None,
            bars,
            spans,
            requests,
            shown: Values::default(),
            replay,
        }
    }

    /// The spans that its body is in.
    pub fn spans(&self) -> Spans {
        self.spans.clone()
    }

    /// The store, to look at; it may not be held where something else asks for it. None in a nested call.
    pub(crate) fn store(&self) -> Option<MutexGuard<'_, Store>> {
        self.owner.as_ref().map(Owner::store)
    }

    pub(crate) fn write(&mut self, write: Write) -> Result<(), Error> {
        self.check_doubt()?;
        let Some(owner) = &self.owner else { return Ok(()) };
        Ok(write.within(&self.spans.save(), &mut owner.store())?)
    }

    async fn write_async(&mut self, write: Write) -> Result<(), Error> {
        self.check_doubt()?;
        let span = self.spans.save();
        let written = self.with_store(move |store| write.within(&span, store)).await;
        Ok(written.unwrap_or(Ok(()))?)
    }

    /// What `work` makes of the store, without blocking; none in a nested call.
    pub(crate) async fn with_store<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        match &mut self.owner {
            Some(owner) => Some(owner.work(work).await),
            None => None,
        }
    }

    /// Lets that time go by without blocking. (It takes the run whole, as that can be sent, and not be shared.)
    pub(crate) async fn sleep(&mut self, time: Duration) {
        if let Some(thread) = self.owner.as_ref().and_then(Owner::thread) {
            thread.sleep(time).await;
        }
    }

    /// Begins the body of an item: its time runs, and the watchdog can save what is complete.
    pub fn begin_item(&mut self) {
        if !self.limits.are_watched() {
            return;
        }
        let Some(store) = self.owner.as_ref().map(Owner::shared) else { return };
        // An item that a limit was passed in, and which came to its end all the same.
        if self.caution.is_over() {
            self.position.acquit();
        }
        self.limits.lend(store, std::mem::take(&mut self.position));
    }

    /// Goes on with the item behind a loop in it.
    pub fn resume_item(&mut self) {
        if self.position.in_flight().is_some() {
            self.begin_item();
        }
    }

    /// Takes back what the watchdog could reach.
    #[inline]
    pub(crate) fn take_back_lent(&mut self) {
        if let Some(position) = self.limits.take_back() {
            self.position = position;
        }
    }

    /// From now on nothing is cancelled or interrupted.
    fn end_limits(&mut self) {
        self.take_back_lent();
        self.limits.end();
    }

    /// Returns what cancels the items of the run, if there are limits.
    #[cfg(feature = "limits")]
    pub fn cancellation(&self) -> Option<safe_state_limits::run::Cancellation> {
        self.limits.cancellation()
    }

    /// Takes in an argument that the function was called with, for reports.
    pub fn argument(&mut self, shown: Vec<Value>) {
        self.shown.argument(shown);
    }

    /// Saves what is complete, and what was carried.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn save(&mut self) -> Result<(), Error> {
        self.check_replayed()?;
        let began = Instant::now();
        let record = self.record(began);
        let written = self.write(Write::Save(record));
        self.saved(began, written)
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub async fn save_async(&mut self) -> Result<(), Error> {
        self.check_replayed()?;
        let began = Instant::now();
        let record = self.record(began);
        let written = self.write_async(Write::Save(record)).await;
        self.saved(began, written)
    }

    /// Saves the value of a `step!`.
    ///
    /// # Errors
    ///
    /// The value cannot be serialised, or the backend not be written.
    pub fn remember<T: Carry>(&mut self, step: &str, value: &T) -> Result<(), Error> {
        let change = self.step_change(step, value)?;
        self.write(Write::Save(change.into()))
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`remember`](Self::remember).
    pub async fn remember_async<T: Carry>(&mut self, step: &str, value: &T) -> Result<(), Error> {
        let change = self.step_change(step, value)?;
        self.write_async(Write::Save(change.into())).await
    }

    /// The same where a transaction of the program's own has saved: how long, is not known.
    pub(crate) fn saved_in_transaction(&mut self) {
        self.schedule.saved(Instant::now());
        self.tell_saved();
    }

    fn saved(&mut self, began: Instant, written: Result<(), Error>) -> Result<(), Error> {
        let now = Instant::now();
        self.schedule.saved(now);
        self.events.meters.saved(now - began);
        if self.pace.saved(began, now) {
            self.events.slow_saving();
        }
        written.inspect(|()| self.tell_saved())
    }

    fn tell_saved(&mut self) {
        if let Some(owner) = &self.owner {
            self.events.saved(owner.store().checkpoint());
        }
    }
}

impl Drop for Run {
    /// A run that neither finished nor failed was in a future that was dropped: what is complete
    /// is saved, and there is no one to tell if it can't be.
    fn drop(&mut self) {
        self.end_limits();
        let _ = self.put_back_prepared();
        // In doubt, the next run finds out what is saved.
        let Ok(Some(owner)) = self.let_go() else { return };
        let (last, span) = (Write::Save(self.change_of_stopped().into()), self.spans.save());
        if let Err(error) = owner.end(move |store| {
            store.forget_statements();
            last.within(&span, store)
        }) {
            self.events.not_saved(&error.into());
        }
    }
}

impl Write {
    fn within(self, span: &Span, store: &mut Store) -> Result<(), BackendError> {
        span.in_scope(|| match self {
            Write::Save(record) => store.save(record),
            Write::Finish(change) => store.finish(change),
            Write::Delete => store.delete(),
        })
    }
}
