//! One execution of a job: open, hand out items, save when due, finish or fail.

pub(crate) mod active;
pub(crate) mod begin;
pub(crate) mod boundary;
mod ending;
pub(crate) mod left_behind;
pub(crate) mod offload;
pub(crate) mod open_loop;
pub(crate) mod pace;
pub(crate) mod progress;
pub(crate) mod rate;
pub(crate) mod replay;
pub(crate) mod requests;
pub(crate) mod save_every;
#[cfg(feature = "signals")]
pub(crate) mod signals;
pub(crate) mod steps;
pub(crate) mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use safe_state_backends::format::{Change, Record};
use safe_state_backends::{Carry, Durability, Error as BackendError, RunEnd, Store};

use crate::bars::Bars;
use crate::commit::Commit;
use crate::events::Events;
#[cfg(feature = "limits")]
use crate::limits::run::RunLimits;
use crate::outcome::Outcome;
use crate::outcome::telling::Values;
use crate::policy::Caution;
use crate::reconnect::ReconnectRegistry;
use crate::reconnect::seal::Key;
use crate::run::active::Active;
use crate::run::begin::{Begun, OnChange, begin};
use crate::run::boundary::Boundary;
use crate::run::offload::Worker;
use crate::run::open_loop::OpenLoop;
use crate::run::pace::Pace;
use crate::run::progress::Position;
use crate::run::replay::Replay;
use crate::run::requests::Requests;
use crate::run::save_every::{SaveEvery, Schedule};
use crate::spans::Spans;
use crate::{Error, Job};

/// A run of a job, from open to finish or failure.
#[derive(Debug)]
pub struct Run {
    /// None once the run has ended, while the worker has it, and in a nested call.
    pub(crate) store: Option<Store>,
    worker: Option<Worker>,
    active: Option<Active>,
    pub(crate) events: Events,
    keep_on_success: bool,
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    pub(crate) on_input_change: OnChange,
    pub(crate) registry: ReconnectRegistry,
    /// By which handles are known again; once one is asked for.
    pub(crate) key: Option<Key>,
    /// Whether what is saved has to survive a loss of power.
    pub(crate) syncs: bool,
    pub(crate) schedule: Schedule,
    pub(crate) pace: Pace,
    pub(crate) caution: Caution,
    pub(crate) position: Position,
    pub(crate) boundary: Boundary,
    #[cfg(feature = "limits")]
    pub(crate) limits: Option<RunLimits>,
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
    const TURN: Duration = Duration::from_millis(250);
    let began = Instant::now();
    let job = job.for_another_thread();
    loop {
        let left = job.wait.unwrap_or_default().saturating_sub(began.elapsed());
        let on_worker = job.clone().wait(left.min(TURN));
        match worker.run(move || begin(&on_worker)).await {
            Err(Error::Backend(BackendError::Held { .. })) if left > TURN => {}
            done => return done,
        }
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
        let begun = if nests { begin(&job.clone().wait(Duration::ZERO)) } else { begin(job) };
        match begun {
            Ok(begun) => {
                let mut run = Run::new(job, Some(begun));
                run.active = Some(Active::enter(job));
                #[cfg(feature = "limits")]
                run.watch(job, false)?;
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
        let mut run = Run::new(job, Some(begun));
        run.worker = Some(worker);
        #[cfg(feature = "limits")]
        run.watch(job, true)?;
        Ok(run)
    }

    /// A run that has begun, or one that is nested in another and keeps no progress.
    fn new(job: &Job, begun: Option<Begun>) -> Run {
        let now = Instant::now();
        let mut events = Events::new(job.job_name(), job.verbose);
        let was_finished = begun.as_ref().is_some_and(|begun| begun.was_finished);
        let has_crashed = begun.as_ref().is_some_and(|begun| begun.has_crashed);
        let replay = begun.as_ref().map_or(Replay::No, |begun| begun.replay);
        // A replay has to see each item complete.
        let save_every = if replay == Replay::No { job.save_every } else { SaveEvery::default() };
        let (store, requests) = match begun {
            Some(Begun { store, source, asked, .. }) => {
                (Some(store), Requests::new(source, asked, now))
            }
            None => (None, Requests::default()),
        };
        let number = store.as_ref().map_or(0, |store| store.checkpoint().run_count());
        let spans =
            if store.is_some() { Spans::of(job.job_name(), number) } else { Spans::default() };
        if let Some(store) = &store {
            let _within = spans.within();
            events.opened(store.checkpoint());
        }
        // A nested call has nothing of its own to show.
        let bars = Bars::new(job.progress && store.is_some());
        Run {
            store,
            worker: None,
            active: None,
            events,
            keep_on_success: job.keep_on_success,
            schedule: Schedule::new(save_every, now),
            pace: Pace::new(now),
            caution: Caution::new(has_crashed, job.save_every, now),
            was_finished,
            on_input_change: job.on_input_change,
            registry: job.registry.clone(),
            key: None,
            syncs: job.lease_options().durability == Durability::Power,
            position: Position::default(),
            boundary: Boundary::new(&job.watch, now),
            #[cfg(feature = "limits")]
            limits: None,
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

    pub(crate) fn write(&mut self, write: Write) -> Result<(), Error> {
        self.check_doubt()?;
        let Some(store) = &mut self.store else { return Ok(()) };
        Ok(self.spans.save().in_scope(|| write.to(store))?)
    }

    pub(crate) async fn write_async(&mut self, write: Write) -> Result<(), Error> {
        self.check_doubt()?;
        let span = self.spans.save();
        let written = self.with_store(move |store| span.in_scope(|| write.to(store))).await;
        Ok(written.unwrap_or(Ok(()))?)
    }

    /// What `work` makes of the store, on the thread for that; none in a nested call.
    pub(crate) async fn with_store<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        let (Some(worker), Some(mut store)) = (&self.worker, self.store.take()) else {
            return None;
        };
        let working = worker.run(move || {
            let done = work(&mut store);
            (store, done)
        });
        let (store, done) = working.await;
        self.store = Some(store);
        Some(done)
    }

    fn completed(&self) -> Option<u64> {
        self.store.as_ref().map(|store| store.checkpoint().completed().len())
    }

    /// Lets that time go by without blocking. (It takes the run whole, as that can be sent, and not be shared.)
    pub(crate) async fn sleep(&mut self, time: Duration) {
        if let Some(worker) = &self.worker {
            worker.sleep(time).await;
        }
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
        if let Some(store) = &self.store {
            self.events.saved(store.checkpoint());
        }
    }

    fn saved(&mut self, began: Instant, written: Result<(), Error>) -> Result<(), Error> {
        let now = Instant::now();
        self.schedule.saved(now);
        self.events.meters.saved(now - began);
        if self.pace.saved(began, now) {
            self.events.slow_saving();
        }
        written.inspect(|()| {
            if let Some(store) = &self.store {
                self.events.saved(store.checkpoint());
            }
        })
    }
}

impl Drop for Run {
    /// A run that neither finished nor failed was in a future that was dropped: what is complete
    /// is saved, and there is no one to tell if it can't be.
    fn drop(&mut self) {
        #[cfg(feature = "limits")]
        self.end_watch();
        // In doubt, the next run finds out what is saved.
        if self.store.is_none() || self.is_in_doubt() {
            return;
        }
        // No item is to blame.
        let acquitted: Vec<_> =
            self.position.open.iter_mut().filter_map(OpenLoop::acquit).collect();
        self.position.keep_only_what_matches_carried_values();
        let mut change = self.change(Instant::now());
        change.loops.extend(acquitted);
        change.end = Some(RunEnd::Stopped);
        if let Err(error) = self.write(Write::Save(change.into())) {
            self.events.not_saved(&error);
        }
    }
}

impl Write {
    fn to(self, store: &mut Store) -> Result<(), BackendError> {
        match self {
            Write::Save(record) => store.save(record),
            Write::Finish(change) => store.finish(change),
            Write::Delete => store.delete(),
        }
    }
}
