//! Saves what a run has to save, when that is due.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use safe_state_backends::format::{Change, Record};
use safe_state_backends::{Error as BackendError, Store};
use tracing::Span;

use super::Advanced;
use super::owner::{Owner, Shared};
use super::pace::Pace;
use super::paging::Paging;
use super::schedule::{SaveEvery, Schedule};
use super::thread::Worker;

/// The owner of the store of a run, with how long items and saves take.
#[derive(Debug)]
pub(crate) struct Saving {
    /// None where there is nothing for the run to save: in a nested call, and once its end is on its way.
    owner: Option<Owner>,
    schedule: Schedule,
    pace: Pace,
    paging: Paging,
    in_page: InPage,
}

/// What is to go into the page, or has.
#[derive(Clone, Copy, Debug, Default)]
struct InPage {
    /// Whether the next save is to be a record in the page.
    takes_next: bool,
    /// Whether nothing is asked of the run meanwhile.
    is_all: bool,
    /// How many items completed with records there.
    completed: u64,
}

/// What is written to a store.
#[derive(Debug)]
pub(crate) enum Write {
    Save(Record),
    Finish(Change),
    Delete,
}

impl Write {
    pub(crate) fn within(self, span: &Span, store: &mut Store) -> Result<(), BackendError> {
        span.in_scope(|| match self {
            Write::Save(record) => store.save(record),
            Write::Finish(change) => store.finish(change),
            Write::Delete => store.delete(),
        })
    }
}

impl Saving {
    pub(crate) fn new(owner: Option<Owner>, every: SaveEvery, now: Instant) -> Self {
        let (schedule, pace) = (Schedule::new(every, now), Pace::new(now));
        Saving { owner, schedule, pace, paging: Paging::off(), in_page: InPage::default() }
    }

    /// Has a page say which items are complete before they are saved.
    pub(crate) fn paged(self) -> Self {
        Saving { paging: Paging::default(), ..self }
    }

    /// Returns whether what the run completes is stored, and not only counted.
    pub(crate) fn is_stored(&self) -> bool {
        self.owner.is_some()
    }

    /// Returns the store, to look at; it may not be held where something else asks for it. None in a nested call.
    pub(crate) fn store(&self) -> Option<MutexGuard<'_, Store>> {
        self.owner.as_ref().map(Owner::store)
    }

    /// Returns the way to the store for what saves beside the run.
    pub(crate) fn shared(&self) -> Option<Shared> {
        self.owner.as_ref().map(Owner::shared)
    }

    /// Works with the store, without blocking; none in a nested call.
    pub(crate) async fn with_store<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        match &mut self.owner {
            Some(owner) => Some(owner.work(work).await),
            None => None,
        }
    }

    /// Works with the store behind all that is under way, and waits for it.
    pub(crate) fn with_store_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        self.owner.as_ref().map(|owner| owner.work_blocking(work))
    }

    pub(crate) fn write(&mut self, write: Write, span: &Span) -> Result<(), BackendError> {
        self.store().map_or(Ok(()), |mut store| write.within(span, &mut store))
    }

    /// Writes without blocking.
    pub(crate) async fn write_async(
        &mut self,
        write: Write,
        span: Span,
    ) -> Result<(), BackendError> {
        self.with_store(move |store| write.within(&span, store)).await.unwrap_or(Ok(()))
    }

    /// Gives the store away, to be written to once more: from then on there is nothing that the run saves.
    pub(crate) fn let_go(&mut self) -> Option<Owner> {
        self.owner.take()
    }

    /// Returns the thread of an async run, for other work that blocks.
    pub(crate) fn thread(&self) -> Option<&Worker> {
        self.owner.as_ref().and_then(Owner::thread)
    }

    /// Lets that time go by without blocking. (It takes the whole, as that can be sent, and not be shared.)
    pub(crate) async fn sleep(&mut self, time: Duration) {
        if let Some(thread) = self.thread() {
            thread.sleep(time).await;
        }
    }
}

/// The page.
impl Saving {
    /// Returns whether there may be a page.
    #[inline]
    pub(crate) fn may_page(&self) -> bool {
        !self.paging.is_off()
    }

    /// Writes into the page how far a loop has come since the last save. Returns whether it is there.
    ///
    /// # Errors
    ///
    /// There can't be a page. From then on there is none.
    pub(crate) fn begin_page(&mut self, at: Advanced) -> Result<bool, BackendError> {
        let Saving { owner, paging, .. } = self;
        let Some(owner) = owner else { return Ok(false) };
        paging.begin(&mut owner.store(), at)
    }

    /// Writes into the page how far the loop has come. Returns whether it is there.
    #[inline]
    pub(crate) fn advance_page(&mut self, to: Advanced) -> bool {
        self.paging.advance(to)
    }

    /// Notes whether items are safe in a page, so that saves need not be as many.
    pub(crate) fn set_paged(&mut self, is_paged: bool) {
        self.schedule.set_paged(is_paged);
    }

    /// Has the next save go into the page, unless one is due; `is_all` says whether that is all there is to do.
    pub(crate) fn take_next(&mut self, takes_next: bool, is_all: bool) {
        (self.in_page.takes_next, self.in_page.is_all) = (takes_next, is_all);
    }

    /// Returns whether the next save is to go into the page.
    pub(crate) fn takes_next(&self) -> bool {
        self.in_page.takes_next && !self.is_due()
    }

    /// Returns whether that is all there is to do.
    pub(crate) fn takes_next_alone(&self) -> bool {
        self.takes_next() && self.in_page.is_all
    }

    /// Has the page say what comes behind the last save. Returns whether there is one.
    ///
    /// # Errors
    ///
    /// There can't be a page. From then on there is none.
    pub(crate) fn ready_page(&mut self) -> Result<bool, BackendError> {
        let Saving { owner: Some(owner), paging, .. } = self else { return Ok(false) };
        paging.ready(&mut owner.store())
    }

    /// Writes into a page that is ready what has changed, with which so many items completed. Returns what is to be
    /// saved now, as the page does not have it.
    ///
    /// # Errors
    ///
    /// It is more than a checkpoint can hold.
    pub(crate) fn record_in_page(
        &mut self,
        (record, completed): (Record, u64),
    ) -> Result<Option<Box<Record>>, BackendError> {
        self.in_page.completed += completed;
        let Saving { owner, paging, .. } = self;
        match owner {
            Some(owner) => paging.record(&mut owner.store(), record),
            None => Ok(Some(Box::new(record))),
        }
    }
}

/// When a save is due.
impl Saving {
    /// Counts a completed item. Returns whether a save is due.
    #[inline]
    pub(crate) fn item_completed(&mut self) -> bool {
        self.schedule.item_completed()
    }

    /// Has a save be due where none is, unless one was made a moment ago, as the process may end at any time. Returns
    /// whether it is.
    #[cold]
    pub(crate) fn hurries(&mut self) -> bool {
        self.schedule.hurries()
    }

    /// Counts completed items, fewer than may complete before the next look.
    pub(crate) fn items_completed(&mut self, count: u64) {
        self.schedule.items_completed(count);
    }

    /// Returns how many items may complete before the next look.
    pub(crate) fn budget(&self) -> u64 {
        self.schedule.budget()
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

    /// Counts items that completed since the last save, beside those whose records are in the page. Returns how many
    /// there are in all, and how long they took.
    pub(crate) fn worked(&mut self, items: u64, now: Instant) -> (u64, Duration) {
        let items = items + std::mem::take(&mut self.in_page.completed);
        let time = now - self.schedule.last_save();
        if items > 0 {
            self.pace.worked(items, time);
        }
        (items, time)
    }

    /// Returns the median time of an item in nanoseconds, if enough were measured.
    pub(crate) fn median(&self) -> Option<u64> {
        self.pace.median()
    }

    /// Counts a save that took from `began` till now. Returns, once in a run, that too much of it went into saving.
    pub(crate) fn saved(&mut self, began: Instant, now: Instant) -> bool {
        self.schedule.saved(now - began, now);
        self.pace.saved(began, now)
    }

    /// Counts a save by a transaction of the program's own: how long it took is not known.
    pub(crate) fn saved_elsewhere(&mut self) {
        self.schedule.saved(Duration::ZERO, Instant::now());
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
        saving.write(Write::Delete, &Span::none()).unwrap();
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
