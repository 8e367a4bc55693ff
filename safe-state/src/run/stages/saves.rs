//! Saves what the stages have, or writes it into the page.

use std::time::Instant;

use safe_state_backends::Error as BackendError;
use safe_state_backends::format::{Change, Record};

use super::Stages;
use crate::Error;
use crate::effects::commit::Commit;
use crate::error::StopReason;
use crate::progress::Unpaged;
use crate::save::rewriting::PagedValues;
use crate::save::{Advanced, Write};

/// The part of a save that did not go into the page.
enum Left {
    Nothing,
    /// A record that was taken from the progress, and that the page did not take.
    Record(Box<Record>),
    /// Everything: nothing was taken from the progress.
    All,
}

impl Stages {
    /// Saves what is complete and the carried values, or writes them into the page.
    pub(in crate::run) fn save(&mut self) -> Result<(), Error> {
        let Some((write, began)) = self.next()? else { return Ok(()) };
        let written = self.write(write);
        self.saved(began, written)
    }

    /// Saves without blocking: see [`save`](Self::save).
    pub(in crate::run) async fn save_async(&mut self) -> Result<(), Error> {
        let Some((write, began)) = self.next()? else { return Ok(()) };
        let written = self.write_async(write).await;
        self.saved(began, written)
    }

    /// Writes the progress into the page, where that is enough. Otherwise returns what to save, and since when.
    fn next(&mut self) -> Result<Option<(Write, Instant)>, Error> {
        let is_for_page = self.saving.takes_next();
        self.saving.take_next(false, false);
        let left = if is_for_page { self.record_in_page()? } else { Left::All };
        let write = |record: Box<Record>| (Write::Save(*record), Instant::now());
        match left {
            Left::Nothing => Ok(None),
            Left::Record(record) => Ok(Some(write(record))),
            Left::All => {
                let began = Instant::now();
                self.next_write(began).map(|write| Some((write, began)))
            }
        }
    }

    /// Returns what came of a use of the page. Reports the error, if the page has one, and then returns `none`.
    pub(in crate::run) fn of_page<T>(&mut self, page: Result<T, BackendError>, none: T) -> T {
        page.unwrap_or_else(|error| {
            self.observer.events().no_page(&error);
            none
        })
    }

    /// Writes the progress into the page. Returns what is left to be saved.
    fn record_in_page(&mut self) -> Result<Left, Error> {
        if self.control.saves_for_request() {
            return Ok(Left::All);
        }
        self.check_doubt()?;
        let is_ready = self.saving.page_writer().ready();
        if !self.of_page(is_ready, false) {
            return Ok(Left::All);
        }
        let record = self.next_record();
        let left = self.saving.page_writer().record(record)?;
        Ok(left.map_or(Left::Nothing, Left::Record))
    }

    /// Takes what has changed since the last save or record, and the number of items that completed with it.
    fn next_record(&mut self) -> (Record, u64) {
        if let Some(advance) = self.progress.advance() {
            let count = advance.count;
            return (Record::Advance(advance), count);
        }
        let (change, count) = self.progress.change();
        (change.into(), count)
    }

    /// Begins to write the values that `put` puts in into the page with each item, if a loop changes nothing else. Returns what
    /// the page says by then: that the item in flight inside `depth` loops is complete.
    pub(in crate::run) fn begin_rewriting(
        &mut self,
        depth: usize,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> Option<Advanced> {
        let is_alone = !self.control.borrows()
            && !self.is_in_slice()
            && matches!(self.commit, Commit::None)
            && !self.saving.times_items();
        let unsaved = self.progress.unsaved_with_item(depth);
        let Unpaged::Items(items) = unsaved else { return None };
        if !is_alone {
            return None;
        }
        let begun = self.saving.page_writer().begin_rewriting(&self.progress, items, put);
        self.of_page(begun, None)
    }

    /// Writes the values that `put` puts in into the page, in a loop that knows its items by key or by cursor. Returns what the
    /// page says by then: that the item in flight inside `depth` loops is complete. `None` if the page has what it had.
    #[inline]
    pub(in crate::run) fn rewrite_known(
        &mut self,
        depth: usize,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> Option<Advanced> {
        match self.progress.unsaved_with_item(depth) {
            Unpaged::Items(items) => self.saving.page_writer().rewrite_known(items, put),
            Unpaged::Beside | Unpaged::Record => None,
        }
    }

    /// Takes the values that the page alone has into the store, as a record in the page.
    #[cold]
    pub(in crate::run) fn take_in_rewritten(&mut self) {
        let changes = self.saving.page_writer().take_rewritten();
        self.progress.take_rewritten(changes);
        let record = self.next_record();
        let written = match self.saving.page_writer().record(record) {
            Ok(None) => Ok(()),
            // The page has no room, or can't be written any more.
            Ok(Some(record)) => self.saving.write(Write::Save(*record), &self.observer.save_span()),
            Err(error) => Err(error),
        };
        // The store has the values all the same, and the next save writes them or fails.
        if let Err(error) = written {
            self.observer.events().not_saved(&error.into());
        }
    }

    fn next_write(&mut self, now: Instant) -> Result<Write, Error> {
        if self.control.is_replayed() {
            return Err(self.stop(StopReason::Replay));
        }
        Ok(Write::Save(self.record(now)))
    }

    pub(in crate::run) fn write(&mut self, write: Write) -> Result<(), Error> {
        self.check_doubt()?;
        Ok(self.saving.write(write, &self.observer.save_span())?)
    }

    pub(in crate::run) async fn write_async(&mut self, write: Write) -> Result<(), Error> {
        self.check_doubt()?;
        let span = self.observer.save_span();
        Ok(self.saving.write_async(write, span).await?)
    }

    fn saved(&mut self, began: Instant, written: Result<(), Error>) -> Result<(), Error> {
        let now = Instant::now();
        self.observer.events().waited_for_save(now - began);
        if self.saving.saved(began, now) {
            self.observer.events().slow_saving();
        }
        written.inspect(|()| self.report_saved())
    }

    /// Notes that a transaction of the program's own has saved the progress.
    pub(in crate::run) fn saved_in_transaction(&mut self) {
        self.saving.saved_elsewhere();
        self.report_saved();
    }

    fn report_saved(&mut self) {
        if let Some(store) = self.saving.store() {
            self.observer.saved(store.checkpoint());
        }
    }

    /// Takes what has to be saved now, in its shortest form.
    pub(in crate::run) fn record(&mut self, now: Instant) -> Record {
        let timings = self.saving.take_measured(now, false);
        if timings.is_none()
            && let Some(advance) = self.progress.advance()
        {
            self.worked(advance.count, now);
            return Record::Advance(advance);
        }
        let change = self.progress.change();
        Change { timings, ..self.with_median(change, now) }.into()
    }

    /// Completes the last change of the run, with which `count` items completed.
    pub(in crate::run) fn change(&mut self, change: (Change, u64), now: Instant) -> Change {
        let timings = self.saving.take_measured(now, true);
        Change { timings, ..self.with_median(change, now) }
    }

    fn with_median(&mut self, (change, count): (Change, u64), now: Instant) -> Change {
        self.worked(count, now);
        let median = if self.progress.median_is_due() { self.saving.median() } else { None };
        Change { item_nanos: median, ..change }
    }

    /// Counts items that completed since the last save, and the time they took.
    fn worked(&mut self, items: u64, now: Instant) {
        let (items, time) = self.saving.worked(items, now);
        if items > 0 {
            self.observer.events().worked(items, time);
        }
    }
}
