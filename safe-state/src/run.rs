//! One execution of a job: open, hand out items, save when due, finish or fail.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use safe_state_backends::format::Change;
use safe_state_backends::{
    Carried, CarriedError, Error as BackendError, Failure, LoopEnd, LoopProgress, Mark, Store,
};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::active::Active;
use crate::begin::{OnChange, begin};
use crate::events::Events;
use crate::items::{Entry, Items, Step, WrongInput};
use crate::offload::Worker;
use crate::outcome::{Failing, Outcome};
use crate::pace::Pace;
use crate::save_every::Schedule;
use crate::{Error, Job};

/// How many saves lie between two that store the items' median time.
const SAVES_PER_MEDIAN: u64 = 32;

/// A run of a job, from open to finish or failure.
#[derive(Debug)]
pub struct Run {
    /// None once the run has ended, while the worker has it, and in a nested call.
    store: Option<Store>,
    worker: Option<Worker>,
    active: Option<Active>,
    events: Events,
    keep_on_success: bool,
    schedule: Schedule,
    pace: Pace,
    saves: u64,
    /// Whether the function carries variables, which then have to match the progress.
    carries: bool,
    on_input_change: OnChange,
    cursor: Cursor,
}

/// Where the run stands in its current loop.
#[derive(Debug, Default)]
struct Cursor {
    loop_id: u16,
    location: Cow<'static, str>,
    /// The index of the next item to complete.
    position: u64,
    /// Whether the item at `position` has been handed out, and its body not ended.
    in_flight: bool,
    /// Items completed since the last save.
    unsaved: u64,
    /// The item whose fingerprint was taken last.
    mark: Option<Mark>,
    /// The carried variables that changed, as they were after those items.
    carried: Vec<(String, Carried)>,
    /// What is to be told with the next save.
    total: Option<u64>,
    end: Option<LoopEnd>,
    /// Whether a `return` in the body is what leaves the loop.
    returning: bool,
}

/// What is written to a store.
#[expect(clippy::large_enum_variant, reason = "made once a save, and moved once")]
enum Write {
    Change(Change),
    Finish,
    Delete,
}

/// Calls `body`, and sees whether it returned or panicked.
///
/// # Errors
///
/// The panic's payload.
pub fn call<R>(body: impl FnOnce() -> R) -> Outcome<R> {
    // Nothing of the body's is looked at after a panic: it goes on as soon as it is recorded.
    catch_unwind(AssertUnwindSafe(body))
}

impl Run {
    /// Begins a run: takes the lease, loads and verifies what is stored.
    ///
    /// # Errors
    ///
    /// The job is running already, or its checkpoint cannot be read, written or continued.
    pub fn open(job: &Job) -> Result<Run, Error> {
        match Store::open(job.stored_in(), job.job_name(), job.lease_options()) {
            Ok(opening) => {
                let mut run = Run::new(job, Some(begin(job, opening)?));
                run.active = Some(Active::enter(job.job_name()));
                Ok(run)
            }
            Err(BackendError::Held { .. }) if Active::contains(job.job_name()) => {
                let run = Run::new(job, None);
                run.events.nested();
                Ok(run)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); or no thread can be started.
    pub async fn open_async(job: &Job) -> Result<Run, Error> {
        let worker = Worker::spawn().map_err(Error::Thread)?;
        let on_worker = job.clone();
        let begun = worker.run(move || {
            let job = &on_worker;
            begin(job, Store::open(job.stored_in(), job.job_name(), job.lease_options())?)
        });
        let mut run = Run::new(job, Some(begun.await?));
        run.worker = Some(worker);
        Ok(run)
    }

    fn new(job: &Job, store: Option<Store>) -> Run {
        let now = Instant::now();
        let events = Events::new(job.job_name(), job.verbose);
        if let Some(store) = &store {
            events.opened(store.checkpoint());
        }
        Run {
            store,
            worker: None,
            active: None,
            events,
            keep_on_success: job.keep_on_success,
            schedule: Schedule::new(job.save_every, now),
            pace: Pace::new(now),
            saves: 0,
            carries: false,
            on_input_change: job.on_input_change,
            cursor: Cursor::default(),
        }
    }

    /// Ends the run by the outcome, and gives the outcome back.
    ///
    /// # Panics
    ///
    /// With the panic of the outcome, if it is one.
    pub fn finish<R>(
        mut self,
        outcome: Outcome<R>,
        failing: Failing,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        let (write, failed) = self.ending(failing);
        let written = self.write(write);
        self.ended(outcome, failed, written, on_error)
    }

    /// The same without blocking.
    ///
    /// # Panics
    ///
    /// As [`finish`](Self::finish).
    pub async fn finish_async<R>(
        mut self,
        outcome: Outcome<R>,
        failing: Failing,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        let (write, failed) = self.ending(failing);
        let written = self.write_async(write).await;
        self.ended(outcome, failed, written, on_error)
    }

    /// What the outcome means for the checkpoint.
    fn ending(&mut self, failing: Failing) -> (Write, bool) {
        let failure = match failing {
            Failing::Yes(failure) => Some(failure),
            Failing::IfInLoop(failure) if self.cursor.in_flight && !self.cursor.returning => {
                Some(failure)
            }
            Failing::No | Failing::IfInLoop(_) => None,
        };
        match failure {
            Some(failure) => (Write::Change(self.failure(failure)), true),
            None if self.keep_on_success => (Write::Finish, false),
            None => (Write::Delete, false),
        }
    }

    fn failure(&mut self, failure: Failure) -> Change {
        let cursor = &self.cursor;
        let failure = failure.with_index(cursor.in_flight.then_some(cursor.position));
        let failure = failure.with_location(cursor.location.clone());
        self.events.failed(&failure);
        self.forget_what_carried_values_have_left_behind();
        let median = self.pace.median();
        Change { item_nanos: median, failure: Some(failure), ..self.change(Instant::now()) }
    }

    fn ended<R>(
        mut self,
        outcome: Outcome<R>,
        failed: bool,
        written: Result<(), Error>,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        let completed = self.completed();
        // Gives the lease back before the caller goes on.
        self.store = None;
        let returned = outcome.unwrap_or_else(|panic| {
            if let Err(error) = &written {
                self.events.not_saved(error);
            }
            resume_unwind(panic)
        });
        match written {
            // The user's error comes first.
            Err(error) if failed => self.events.not_saved(&error),
            Err(error) => return on_error(error),
            Ok(()) if failed => {}
            Ok(()) => self.events.finished(completed),
        }
        returned
    }

    /// Marks a `return` that is about to leave the loop.
    pub(crate) fn returning(&mut self) {
        self.cursor.returning = true;
    }

    fn write(&mut self, write: Write) -> Result<(), Error> {
        let Some(store) = &mut self.store else { return Ok(()) };
        Ok(write.to(store)?)
    }

    async fn write_async(&mut self, write: Write) -> Result<(), Error> {
        let (Some(worker), Some(mut store)) = (&self.worker, self.store.take()) else {
            return Ok(());
        };
        let writing = worker.run(move || {
            let written = write.to(&mut store);
            (store, written)
        });
        let (store, written) = writing.await;
        self.store = Some(store);
        Ok(written?)
    }

    fn completed(&self) -> u64 {
        self.progress().map_or(0, |progress| progress.completed().len())
    }

    fn progress(&self) -> Option<&LoopProgress> {
        self.store.as_ref()?.checkpoint().loop_progress(self.cursor.loop_id)
    }
}

/// The way of the items.
impl Run {
    /// Enters a loop over `total` items, if its input tells.
    pub(crate) fn enter_loop(
        &mut self,
        loop_id: u16,
        location: Cow<'static, str>,
        total: Option<u64>,
    ) -> Result<Entry, Error> {
        self.cursor = Cursor { loop_id, location, ..Cursor::default() };
        let stored = self.progress().cloned().unwrap_or_default();
        let completed = stored.completed().prefix();
        if total.is_some_and(|total| total < completed) {
            return Err(self.input_shrank(completed, total));
        }
        self.cursor.position = completed;
        self.cursor.total = total.filter(|_| total != stored.total());
        if let Some(store) = self.store.as_ref().filter(|_| completed > 0) {
            let checkpoint = store.checkpoint();
            self.events.resumed(checkpoint.run_count(), completed, checkpoint.typical_item_time());
        }
        let mark = stored.mark().filter(|_| self.on_input_change != OnChange::Continue);
        Ok(Entry { completed, mark })
    }

    pub(crate) fn wrong_input(&self, wrong: WrongInput) -> Error {
        match wrong {
            WrongInput::TooShort => self.input_shrank(self.cursor.position, None),
            WrongInput::OtherItem(index) => {
                Error::InputChanged { job: self.events.job().to_owned(), index }
            }
        }
    }

    fn input_shrank(&self, completed: u64, found: Option<u64>) -> Error {
        Error::InputShrank { job: self.events.job().to_owned(), completed, found }
    }

    /// Says whether the item's fingerprint is wanted: it may be the last before a save.
    #[inline]
    pub(crate) fn hand_out(&mut self) -> bool {
        self.cursor.in_flight = true;
        self.schedule.is_due_next()
    }

    #[inline]
    pub(crate) fn mark(&mut self, fingerprint: Option<u32>) {
        let index = self.cursor.position;
        self.cursor.mark = fingerprint.map(|fingerprint| Mark { index, fingerprint });
    }

    /// The body of the item handed out last has ended. Says whether a save is due.
    #[inline]
    pub(crate) fn complete(&mut self) -> bool {
        if !self.cursor.in_flight {
            return false;
        }
        self.cursor.in_flight = false;
        self.cursor.position += 1;
        self.cursor.unsaved += 1;
        self.schedule.item_completed()
    }

    pub(crate) fn exhausted(&mut self) {
        self.cursor.end = Some(LoopEnd::Exhausted);
    }

    /// The loop has been left. Says whether there is anything to save.
    pub(crate) fn leave_loop(&mut self) -> bool {
        self.cursor.in_flight = false;
        let end = self.cursor.end.get_or_insert(LoopEnd::Left);
        let known = Some(*end);
        if self.progress().is_some_and(|stored| stored.end() == known) {
            self.cursor.end = None;
        }
        self.cursor.unsaved > 0 || self.cursor.end.is_some()
    }

    /// Takes a variable's value into the next save.
    pub(crate) fn carry<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let carried = Carried::encode(name, value).map_err(|error| self.carried_error(error))?;
        let unchanged =
            self.store.as_ref().is_none_or(|store| store.checkpoint().carries(name, &carried));
        if !unchanged {
            self.cursor.carried.push((name.to_owned(), carried));
        }
        Ok(())
    }

    /// The value that a carried variable had with the progress the run resumes from; none on a
    /// fresh start.
    ///
    /// # Errors
    ///
    /// The value is of another type, or was not saved with the progress.
    pub fn restore<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Error> {
        self.carries = true;
        let Some(store) = &self.store else { return Ok(None) };
        let checkpoint = store.checkpoint();
        let restored = checkpoint.carried(name).map_err(|error| self.carried_error(error))?;
        let completed = checkpoint.completed().len();
        if restored.is_none() && completed > 0 {
            let job = self.events.job().to_owned();
            return Err(Error::NotCarried { job, name: name.to_owned(), completed });
        }
        Ok(restored)
    }

    fn carried_error(&self, carried: CarriedError) -> Error {
        Error::Carried { job: self.events.job().to_owned(), carried }
    }

    /// After a failure the carried variables hold what the failed item did to them, and their
    /// values as of the last item that completed are gone: the items since the last save run again.
    fn forget_what_carried_values_have_left_behind(&mut self) {
        if self.carries {
            self.cursor.unsaved = 0;
            self.cursor.carried.clear();
        }
    }

    pub(crate) fn save(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let change = self.change(began);
        let written = self.write(Write::Change(change));
        self.saved(began, written)
    }

    pub(crate) async fn save_async(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let change = self.change(began);
        let written = self.write_async(Write::Change(change)).await;
        self.saved(began, written)
    }

    /// What is to be saved now.
    fn change(&mut self, now: Instant) -> Change {
        let cursor = &mut self.cursor;
        let count = std::mem::take(&mut cursor.unsaved);
        let last = cursor.mark.filter(|mark| count > 0 && mark.index + 1 == cursor.position);
        if count > 0 {
            self.pace.worked(count, now - self.schedule.last_save());
        }
        self.saves += 1;
        let median_is_due = self.saves.is_multiple_of(SAVES_PER_MEDIAN);
        Change {
            loop_id: cursor.loop_id,
            count,
            fingerprint: last.map(|mark| mark.fingerprint),
            total: cursor.total.take(),
            end: cursor.end.take(),
            carried: std::mem::take(&mut cursor.carried),
            item_nanos: if median_is_due { self.pace.median() } else { None },
            ..Change::default()
        }
    }

    fn saved(&mut self, began: Instant, written: Result<(), Error>) -> Result<(), Error> {
        let now = Instant::now();
        self.schedule.saved(now);
        if self.pace.saved(began, now) {
            self.events.slow_saving();
        }
        written.inspect(|()| self.events.saved(self.completed()))
    }
}

/// Without the macro.
impl Run {
    /// Calls `body` on the items that are not complete.
    pub(crate) fn for_each<I: IntoIterator, E: From<Error>>(
        &mut self,
        location: String,
        input: I,
        mut body: impl FnMut(I::Item) -> Result<(), E>,
    ) -> Result<(), E> {
        // What the item's type offers can't be known here.
        let mut items = Items::new(self, 0, location.into(), input.into_iter(), |_| None);
        loop {
            match items.next() {
                Step::Item(item) => body(item)?,
                Step::Done => break,
                Step::Failed(error) => return Err(error.into()),
            }
            if items.complete() {
                items.save()?;
            }
        }
        if items.leave() {
            items.save()?;
        }
        Ok(())
    }
}

impl Drop for Run {
    /// A run that neither finished nor failed was in a future that was dropped: what is complete
    /// is saved, and there is no one to tell if it can't be.
    fn drop(&mut self) {
        self.forget_what_carried_values_have_left_behind();
        if self.store.is_some()
            && self.cursor.unsaved > 0
            && let Err(error) = self.save()
        {
            self.events.not_saved(&error);
        }
    }
}

impl Write {
    fn to(self, store: &mut Store) -> Result<(), BackendError> {
        match self {
            Write::Change(change) => store.save(change),
            Write::Finish => store.finish(),
            Write::Delete => store.delete(),
        }
    }
}
