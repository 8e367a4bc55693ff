//! Saves what a run has to save, when a save is due.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use safe_state_backends::format::{Change, Record};
use safe_state_backends::{Error as BackendError, Failure, Measured, SlowItem, Store};
use tracing::Span;

use super::measuring::Measuring;
use super::owner::{Owner, Shared};
use super::pace::Pace;
use super::page_writer::{PageState, PageWriter};
use super::schedule::{SaveEvery, Schedule};
use super::thread::Worker;

/// The owner of a run's store, with the times that items and saves take.
#[derive(Debug)]
pub(crate) struct Saving {
    /// `None` if the run saves nothing: in a nested call, and once its last write has begun.
    owner: Option<Owner>,
    schedule: Schedule,
    pace: Pace,
    measuring: Measuring,
    page: PageState,
    next: Next,
}

/// The form that the next save takes.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    /// Whether it goes into the page as a record.
    is_paged: bool,
    /// Whether no request has to be looked for at it.
    is_alone: bool,
}

/// A write to a store.
#[derive(Debug)]
pub(crate) enum Write {
    Save(Record),
    Finish(Change),
    /// Removes the checkpoint. The change is the last one of a job that has finished, for what is kept of it elsewhere.
    Delete(Option<Box<Change>>),
}

impl Write {
    /// Returns the failure that is saved.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Write::Save(Record::Change(change)) => change.failure.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn within(self, span: &Span, store: &mut Store) -> Result<(), BackendError> {
        span.in_scope(|| match self {
            Write::Save(record) => store.save(record),
            Write::Finish(change) => store.finish(change),
            Write::Delete(_) => store.delete(),
        })
    }
}

impl Saving {
    pub(crate) fn new(owner: Option<Owner>, every: SaveEvery, now: Instant) -> Self {
        let (schedule, pace) = (Schedule::new(every, now), Pace::new(now));
        let measuring = Measuring::new(now);
        Saving { owner, schedule, pace, measuring, page: PageState::off(), next: Next::default() }
    }

    /// Turns the page on: it holds which items are complete before they are saved.
    pub(crate) fn paged(self) -> Self {
        Saving { page: PageState::default(), ..self }
    }

    /// Turns the times of items on, if `is_timed`.
    pub(crate) fn timed(self, is_timed: bool) -> Self {
        let measuring = self.measuring;
        let measuring = if is_timed { measuring.with_items() } else { measuring };
        Saving { measuring, ..self }
    }

    /// Returns whether the run stores what it completes. A nested call only counts.
    pub(crate) fn is_stored(&self) -> bool {
        self.owner.is_some()
    }

    /// Locks the store, to look at it. The guard must be dropped before anything else asks for the store. `None` in a
    /// nested call.
    pub(crate) fn store(&self) -> Option<MutexGuard<'_, Store>> {
        self.owner.as_ref().map(Owner::store)
    }

    /// Returns a shared handle of the store, for saves beside the run.
    pub(crate) fn shared(&self) -> Option<Shared> {
        self.owner.as_ref().map(Owner::shared)
    }

    /// Calls `work` with the store, without blocking; `None` in a nested call.
    pub(crate) async fn with_store<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        match &mut self.owner {
            Some(owner) => Some(owner.work(work).await),
            None => None,
        }
    }

    /// Calls `work` with the store after all work that is under way, and waits for it.
    pub(crate) fn with_store_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        self.owner.as_ref().map(|owner| owner.work_blocking(work))
    }

    pub(crate) fn write(&mut self, write: Write, span: &Span) -> Result<(), BackendError> {
        self.store().map_or(Ok(()), |mut store| write.within(span, &mut store))
    }

    /// Writes to the store without blocking. Does nothing in a nested call.
    pub(crate) async fn write_async(
        &mut self,
        write: Write,
        span: Span,
    ) -> Result<(), BackendError> {
        self.with_store(move |store| write.within(&span, store)).await.unwrap_or(Ok(()))
    }

    /// Takes the store from the run for one last write: from then on the run saves nothing.
    pub(crate) fn let_go(&mut self) -> Option<Owner> {
        self.owner.take()
    }

    /// Returns the thread of an async run, for other work that blocks.
    pub(crate) fn thread(&self) -> Option<&Worker> {
        self.owner.as_ref().and_then(Owner::thread)
    }

    /// Waits for `time` without blocking. The method takes `&mut self` because `&self` would have to be `Sync` for the
    /// future to be sent.
    pub(crate) async fn sleep(&mut self, time: Duration) {
        if let Some(thread) = self.thread() {
            thread.sleep(time).await;
        }
    }

    /// Returns the state of the run's page.
    #[inline]
    pub(crate) fn page(&self) -> &PageState {
        &self.page
    }

    /// Returns the writer of the run's page.
    #[inline]
    pub(crate) fn page_writer(&mut self) -> PageWriter<'_> {
        PageWriter::new(self.owner.as_ref(), &mut self.page)
    }
}

/// The schedule of saves.
impl Saving {
    /// Notes whether items are safe in a page: then fewer saves are needed.
    pub(crate) fn set_paged(&mut self, is_paged: bool) {
        self.schedule.set_paged(is_paged);
    }

    /// Sets whether the next save goes into the page, unless a save is due. `is_alone` tells that no request has to be
    /// looked for.
    pub(crate) fn take_next(&mut self, is_paged: bool, is_alone: bool) {
        self.next = Next { is_paged, is_alone };
    }

    /// Returns whether the next save goes into the page.
    pub(crate) fn takes_next(&self) -> bool {
        self.next.is_paged && !self.is_due()
    }

    /// Returns whether the next save goes into the page and no request has to be looked for.
    pub(crate) fn takes_next_alone(&self) -> bool {
        self.takes_next() && self.next.is_alone
    }

    /// Counts a completed item. Returns whether a save is due.
    #[inline]
    pub(crate) fn item_completed(&mut self) -> bool {
        self.schedule.item_completed()
    }

    /// Makes a save due, unless one was made a moment ago, because the process may end at any time. Returns whether a
    /// save is due.
    #[cold]
    pub(crate) fn hurries(&mut self) -> bool {
        self.schedule.hurries()
    }

    /// Counts completed items, which must be fewer than may complete before the next look.
    pub(crate) fn items_completed(&mut self, count: u64) {
        self.schedule.items_completed(count);
    }

    /// Returns how many items may complete before the next look.
    pub(crate) fn budget(&self) -> u64 {
        self.schedule.budget()
    }

    /// Returns how many items may complete from one save to the next.
    pub(crate) fn items_at_risk(&self) -> u64 {
        self.schedule.items_at_risk()
    }

    /// Returns whether a save is due that has not been made yet.
    pub(crate) fn is_due(&self) -> bool {
        self.schedule.is_due()
    }

    /// Returns whether a save may be due when the next item completes.
    #[inline]
    pub(crate) fn is_due_next(&self) -> bool {
        self.schedule.is_due_next()
    }

    /// Counts items that completed since the last save, and adds those whose records went into the page. Returns the
    /// sum, and the time that these items took.
    pub(crate) fn worked(&mut self, items: u64, now: Instant) -> (u64, Duration) {
        let items = items + self.page.take_completed();
        let time = now - self.schedule.last_save();
        if items > 0 {
            self.pace.worked(items, time);
        }
        (items, time)
    }

    /// Returns the median time of an item in nanoseconds, if enough samples were taken.
    pub(crate) fn median(&self) -> Option<u64> {
        self.pace.median()
    }

    /// Returns how much of the run's time has gone into saving.
    pub(crate) fn spent(&self) -> Duration {
        self.pace.saving()
    }

    /// Counts a save that took from `began` to `now`. Returns true once in a run, when too much of its time has gone
    /// into saving.
    pub(crate) fn saved(&mut self, began: Instant, now: Instant) -> bool {
        self.schedule.saved(now - began, now);
        self.measuring.saved(now - began);
        self.pace.saved(began, now)
    }

    /// Counts a save by a transaction of the program's own, whose time is unknown.
    pub(crate) fn saved_elsewhere(&mut self) {
        self.schedule.saved(Duration::ZERO, Instant::now());
    }
}

/// What is measured of items and saves.
impl Saving {
    /// Returns whether each item is timed.
    #[inline]
    pub(crate) fn times_items(&self) -> bool {
        self.measuring.times_items()
    }

    /// Notes that an item begins, unless it has begun, if items are timed.
    pub(crate) fn item_begins(&mut self, depth: usize, index: u64) {
        self.measuring.begins(depth, index);
    }

    /// Notes when the body of an item, or the latest attempt at it, has ended.
    pub(crate) fn item_ended(&mut self, depth: usize, index: u64, at: Instant) {
        self.measuring.ended(depth, index, at);
    }

    /// Returns how long the item took, which is about to complete, in nanoseconds; and whether it is one of the slowest.
    /// Returns `None` if items are not timed.
    #[inline]
    pub(crate) fn time_of(&self, depth: usize, index: u64) -> Option<(u64, bool)> {
        self.measuring.time_of(depth, index)
    }

    /// Adds the time of an item that has completed.
    pub(crate) fn item_timed(&mut self, at: (usize, u64), nanos: u64, slow: Option<SlowItem>) {
        self.measuring.completed(at, nanos, slow);
    }

    /// Notes that an item is about to be committed by a transaction of the program's own.
    pub(crate) fn commit_begins(&mut self) {
        self.measuring.commit_begins();
    }

    /// Notes that the commit of an item has failed, so that what was measured since it began does not count.
    pub(crate) fn commit_failed(&mut self) {
        self.measuring.commit_failed();
    }

    /// Forgets the items that have begun in the loop at `depth`, which has been left.
    pub(crate) fn loop_left(&mut self, depth: usize) {
        self.measuring.left(depth);
    }

    /// Lets the next save go to the backend, with all that was measured.
    pub(crate) fn close_measuring(&mut self) {
        self.take_next(false, false);
        self.measuring.close();
    }

    /// Takes what was measured, for a save, unless it was taken a moment ago and this save is not the last.
    pub(crate) fn take_measured(&mut self, now: Instant, is_last: bool) -> Option<Box<Measured>> {
        self.measuring.take(now, is_last)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use safe_state_backends::{Checkpoint, LeaseOptions, MemoryBackend};

    use super::*;

    #[test]
    fn a_nested_call_counts_and_writes_nothing() {
        let mut saving = Saving::new(None, SaveEvery::items(1), Instant::now());
        assert!(saving.item_completed() && !saving.is_stored());
        saving.write(Write::Delete(None), &Span::none()).unwrap();
        assert!(saving.store().is_none() && saving.let_go().is_none());
    }

    #[test]
    fn what_is_written_is_stored_until_the_store_is_let_go() {
        let backend = Arc::new(MemoryBackend::default());
        let opening = Store::open(backend, "saving", LeaseOptions::default()).unwrap();
        let store = opening.begin(Checkpoint::new("saving", None)).unwrap();
        let owner = Owner::new(store, None);
        let mut saving = Saving::new(Some(owner), SaveEvery::items(2), Instant::now());
        assert!(!saving.item_completed() && saving.is_due_next());
        assert!(saving.item_completed() && saving.is_due());
        saving.write(Write::Save(Change::completed(2).into()), &Span::none()).unwrap();
        let now = Instant::now();
        saving.saved(now, now);
        assert!(!saving.is_due());
        assert_eq!(saving.store().unwrap().checkpoint().completed().len(), 2);
        assert!(saving.let_go().is_some() && !saving.is_stored());
    }
}
