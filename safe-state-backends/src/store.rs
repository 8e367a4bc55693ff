//! A job's checkpoint while a run holds its lease: the state in memory, and its way to the backend.

mod overwritten;
mod transactions;

use std::fmt;
use std::sync::Arc;

use crate::checkpoint::apply::apply;
use crate::checkpoint::run;
use crate::error::stored::place;
use crate::format::{self, Change, FormatError, Framed, Record};
use crate::journal::Journal;
use crate::lease::wait;
use crate::limits::DIFFERING_LIMIT;
use crate::loading;
use crate::timestamp::Timestamp;
use crate::{Appended, Backend, CarriedChange, Checkpoint, Error, Lease, LeaseOptions, Request};
use overwritten::Overwritten;
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page};

/// The checkpoint of a job under a lease.
///
/// A save appends one record, whose size depends only on what changed. When the records outgrow the snapshot before them, a
/// save writes a new snapshot instead.
pub struct Store {
    backend: Arc<dyn Backend>,
    journal: Journal,
    checkpoint: Checkpoint,
    outstanding: Option<Outstanding>,
    /// The number of changes since the last snapshot that store a value as its difference from the value before it.
    differing: u32,
    overwritten: Overwritten,
}

/// The state after the transaction under way, if it is committed.
enum Outstanding {
    /// The present state with this record applied.
    Record(Box<Record>),
    Whole(Box<Checkpoint>),
}

/// A lease just taken, and the checkpoint found under it.
pub struct Opening {
    backend: Arc<dyn Backend>,
    journal: Journal,
    found: Option<Checkpoint>,
}

/// The outcome of framing a record for a page.
#[cfg(target_os = "linux")]
#[doc(hidden)]
#[derive(Debug)]
pub enum InPage<'s> {
    /// The record's bytes, to be written to the page.
    Framed(&'s [u8]),
    /// The page has no room; the record comes back and was not applied.
    NoRoom(Box<Record>),
}

impl Store {
    /// Takes the lease on `job`, waiting as long as the options say, and loads the stored checkpoint. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// The lease is held, or the stored checkpoint cannot be read.
    pub fn open(
        backend: Arc<dyn Backend>,
        job: &str,
        options: LeaseOptions,
    ) -> Result<Opening, Error> {
        let lease = wait::lease(&backend, job, options)?;
        Opening::of(backend, lease, job, options)
    }

    /// Takes the lease on any name, a job's or not, without waiting, and loads the checkpoint stored under it.
    pub(crate) fn open_named(
        backend: &Arc<dyn Backend>,
        name: &str,
        options: LeaseOptions,
    ) -> Result<Opening, Error> {
        let lease = Arc::clone(backend).lease(name, options)?;
        Opening::of(Arc::clone(backend), lease, name, options)
    }

    /// Returns the state in memory, with all changes passed to [`save`](Self::save).
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Saves a change, as a record or, when that has no room, as a snapshot of the whole state.
    ///
    /// # Errors
    ///
    /// The backend cannot be written. The state in memory has changed nevertheless, and the next save that succeeds stores it
    /// whole.
    pub fn save(&mut self, change: impl Into<Record>) -> Result<(), Error> {
        let mut record = change.into();
        let micros = self.make_ready(&mut record)?;
        let shorter = self.shortened(&record);
        let longer = if shorter.is_none() && record.is_large() {
            // The old values are freed before the new ones are framed, which saves memory.
            self.apply(record.clone())?;
            self.journal.frame(&record)
        } else {
            let longer = self.journal.frame(shorter.as_ref().unwrap_or(&record));
            if longer.is_ok() {
                self.apply(record)?;
            }
            longer
        };
        let longer = longer.map_err(|source| self.unwritable(source))?;
        match self.journal.append(longer, micros)? {
            Appended::Yes => Ok(()),
            Appended::No => self.save_whole(),
        }
    }

    /// Overwrites a large list of numbers in memory, where it has nothing in common with the stored one. Returns the change
    /// that has to be saved now; `None` if nothing was done. A save without this change loads the previous value from the
    /// backend.
    #[doc(hidden)]
    pub fn overwrite<T>(&mut self, name: &str, within: &[u64], value: &T) -> Option<CarriedChange> {
        if self.outstanding.is_some() || !self.journal.has_all() {
            return None;
        }
        self.overwritten.write(&mut self.checkpoint, name, within, value)
    }

    /// Makes sure that the value `name` in memory is the one that was saved last.
    ///
    /// # Errors
    ///
    /// The backend can't be read.
    #[doc(hidden)]
    pub fn settle(&mut self, name: &str) -> Result<(), Error> {
        if self.overwritten.contains(name) { self.take_back(None) } else { Ok(()) }
    }

    fn take_back(&mut self, record: Option<&Record>) -> Result<(), Error> {
        let Store { backend, journal, checkpoint, overwritten, .. } = self;
        overwritten.take_back((&**backend, journal), checkpoint, record)
    }

    /// Prepares a record for framing. Returns the microseconds since the last save.
    fn make_ready(&mut self, record: &mut Record) -> Result<u64, Error> {
        self.take_back(Some(record))?;
        let micros = Timestamp::now().micros_since(self.checkpoint.updated_at);
        record.set_micros(micros);
        if self.checkpoint.carried.make_replaceable(record) {
            self.journal.keep(None);
        }
        self.checkpoint.carried.shorten_places(record);
        Ok(micros)
    }

    /// Returns a shorter record that stores values as differences, if one exists and the limit on such records is not reached.
    fn shortened(&mut self, record: &Record) -> Option<Record> {
        let shorter = (self.differing < DIFFERING_LIMIT)
            .then(|| {
                let overwritten = |name: &str| self.overwritten.contains(name);
                self.checkpoint.carried.shortened_record(record, overwritten)
            })
            .flatten();
        self.differing += u32::from(shorter.is_some());
        shorter
    }

    /// Applies the last change, marks the job finished, and saves the whole state.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn finish(&mut self, change: Change) -> Result<(), Error> {
        let record = Record::Change(change);
        self.take_back(Some(&record))?;
        self.checkpoint.carried.make_replaceable(&record);
        self.apply(record)?;
        run::finish(&mut self.checkpoint);
        self.save_whole()
    }

    fn apply(&mut self, record: Record) -> Result<(), Error> {
        let applied = apply(&mut self.checkpoint, record);
        applied
            .inspect(|()| self.overwritten.is_taken_in())
            .map_err(|what| self.unwritable(FormatError::TooMany(what)))
    }

    /// Removes the checkpoint.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn delete(&mut self) -> Result<(), Error> {
        self.journal.delete()
    }

    /// Returns the request that was made of the job `job`, if any. `job` names this checkpoint's job, or the shared job that
    /// this checkpoint is a slice of.
    ///
    /// # Errors
    ///
    /// The same errors as [`Request::load`].
    pub fn requested(&mut self, job: &str) -> Result<Option<Request>, Error> {
        let Store { backend, journal, .. } = self;
        let load = |name: &str| journal.load_other(&**backend, name);
        Request::load_by(load, &**backend, job)
    }

    fn save_whole(&mut self) -> Result<(), Error> {
        let snapshot = format::snapshot_in_pieces(&self.checkpoint);
        let snapshot = snapshot.map_err(|source| self.unwritable(source))?;
        self.journal.save(&snapshot)?;
        self.differing = 0;
        Ok(())
    }

    /// Returns the backend that stores this checkpoint.
    #[doc(hidden)]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Calls [`Lease::keep_beside`](crate::Lease::keep_beside).
    #[doc(hidden)]
    pub fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.journal.keep_beside(name, bytes);
    }

    /// Creates a page beside what was saved last. A run counts its progress since that save in the page, at the cost of a few
    /// memory writes, and its process may be killed at any instruction. Returns `None` where the backend has no pages.
    ///
    /// # Errors
    ///
    /// The page cannot be created.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn page(&mut self) -> Result<Option<Page>, Error> {
        self.journal.page()
    }

    /// Applies a change, as [`save`](Self::save) does, and frames it for [`Page::append`] to write. The next save stores the
    /// change in the backend. If a page has no room for the record, nothing is applied.
    ///
    /// # Errors
    ///
    /// The change is more than a checkpoint can hold.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn record_in_page(&mut self, mut record: Record) -> Result<InPage<'_>, Error> {
        self.take_back(Some(&record))?;
        if self.checkpoint.carried.make_replaceable(&record) {
            self.journal.keep(None);
        }
        self.checkpoint.carried.shorten_places(&mut record);
        let shorter = self.shortened(&record);
        let longer = self.journal.frame_paged(shorter.as_ref().unwrap_or(&record));
        let Some(longer) = longer.map_err(|source| self.unwritable(source))? else {
            return Ok(InPage::NoRoom(Box::new(record)));
        };
        self.apply(record)?;
        Ok(InPage::Framed(self.journal.paged(longer)))
    }

    /// Returns whether a page has room for a record with all values that a slot of it can hold.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn page_has_room(&self) -> bool {
        self.journal.page_has_room()
    }

    /// Tells the lease that the page holds more progress than what was saved last.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn is_paged(&mut self) {
        self.journal.is_paged();
    }

    /// Returns the position where the last save ends, with the snapshot it follows. Each save changes it. `None` where the
    /// position is unknown, as after an error.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn saved_up_to(&self) -> Option<(u32, u64)> {
        self.journal.appended().map(|tail| tail.place())
    }

    /// Returns what was saved last, for [`Page::rebase`]; `None` where that is unknown, as after an error.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn base(&self) -> Option<Base> {
        self.journal.base()
    }

    /// Returns the place where the checkpoint is stored, for messages.
    pub fn place(&self) -> String {
        place(&*self.backend, &self.checkpoint.job)
    }

    fn unwritable(&self, source: FormatError) -> Error {
        Error::unwritable(&*self.backend, &self.checkpoint.job, source)
    }
}

impl Opening {
    fn of(
        backend: Arc<dyn Backend>,
        mut lease: Box<dyn Lease>,
        name: &str,
        options: LeaseOptions,
    ) -> Result<Opening, Error> {
        let found = loading::load_held(&mut *lease, &*backend, name)?;
        Ok(Opening { backend, journal: Journal::new(lease, options.durability), found })
    }

    /// Returns the stored checkpoint of the job, if there is one.
    pub fn found(&self) -> Option<&Checkpoint> {
        self.found.as_ref()
    }

    /// Returns the checkpoint under another name. It is read through this lease, and so never from a copy that lags behind.
    pub(crate) fn found_under(&mut self, name: &str) -> Result<Option<Checkpoint>, Error> {
        self.journal.load_current(&*self.backend, name)
    }

    /// Begins a run from `checkpoint`: saves it as a snapshot.
    ///
    /// # Errors
    ///
    /// The backend cannot be written, or many workers share the job.
    pub fn begin(self, checkpoint: Checkpoint) -> Result<Store, Error> {
        let Opening { backend, journal, .. } = self;
        if checkpoint.is_shared() {
            return Err(Error::unreadable(&*backend, &checkpoint.job, FormatError::Shared));
        }
        Opening { backend, journal, found: None }.begin_shared(checkpoint)
    }

    /// Begins a run from `checkpoint`, also for a job that many workers share: saves it as a snapshot.
    pub(crate) fn begin_shared(self, checkpoint: Checkpoint) -> Result<Store, Error> {
        let Opening { backend, journal, .. } = self;
        let (outstanding, overwritten) = (None, Overwritten::default());
        let mut store =
            Store { backend, journal, checkpoint, outstanding, differing: 0, overwritten };
        store.save_whole()?;
        Ok(store)
    }

    /// Removes the stored checkpoint, and gives the lease back.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn delete(mut self) -> Result<(), Error> {
        self.journal.delete()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("checkpoint", &self.checkpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("found", &self.found).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
