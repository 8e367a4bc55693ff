//! A job's checkpoint while a run has it: the state in memory, and how it reaches the backend.

mod overwritten;
mod transactions;

use std::fmt;
use std::sync::Arc;

use crate::format::{self, Change, FormatError, Record};
use crate::journal::Journal;
use crate::limits::DIFFERING_LIMIT;
use crate::stored::place;
use crate::timestamp::Timestamp;
use crate::{Appended, Backend, Checkpoint, Error, Lease, LeaseOptions, Request, wait};
use overwritten::Overwritten;
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page};
use transactions::Outstanding;

/// The checkpoint of a job under a lease.
///
/// A save appends one record, whose size depends on what changed alone; when the records
/// outgrow the snapshot before them, it writes a new snapshot instead.
pub struct Store {
    backend: Arc<dyn Backend>,
    journal: Journal,
    checkpoint: Checkpoint,
    outstanding: Option<Outstanding>,
    /// How many changes since the last snapshot have last values that tell how they differ.
    differing: u32,
    overwritten: Overwritten,
}

/// A lease just taken, and what was found under it.
pub struct Opening {
    backend: Arc<dyn Backend>,
    journal: Journal,
    found: Option<Checkpoint>,
}

/// What became of a record that was to go into a page.
#[cfg(target_os = "linux")]
#[doc(hidden)]
#[derive(Debug)]
pub enum InPage<'s> {
    /// It is to be written there as this.
    Framed(&'s [u8]),
    /// There is none for it.
    NoRoom(Box<Record>),
}

impl Store {
    /// Takes the lease on `job`, waiting for it as long as the options say, and loads what is
    /// stored of it. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// The lease is held, or what is stored cannot be read.
    pub fn open(
        backend: Arc<dyn Backend>,
        job: &str,
        options: LeaseOptions,
    ) -> Result<Opening, Error> {
        let lease = wait::lease(&backend, job, options)?;
        Opening::of(backend, lease, job, options)
    }

    /// The same of what is stored under any name, without waiting.
    pub(crate) fn open_named(
        backend: &Arc<dyn Backend>,
        name: &str,
        options: LeaseOptions,
    ) -> Result<Opening, Error> {
        let lease = Arc::clone(backend).lease(name, options)?;
        Opening::of(Arc::clone(backend), lease, name, options)
    }

    /// The state, with all changes passed to [`save`](Self::save).
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Saves what changed.
    ///
    /// # Errors
    ///
    /// The backend cannot be written. The state in memory has changed nevertheless, and goes
    /// out whole with the next save that succeeds.
    pub fn save(&mut self, change: impl Into<Record>) -> Result<(), Error> {
        let mut record = change.into();
        let micros = self.make_ready(&mut record)?;
        let shorter = self.shortened(&record);
        let longer = if shorter.is_none() && record.is_large() {
            // The values before go first.
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

    /// Makes a record one that can be framed. Gives how long after the save before it is made.
    fn make_ready(&mut self, record: &mut Record) -> Result<u64, Error> {
        self.take_back(Some(record))?;
        let micros = Timestamp::now().micros_since(self.checkpoint.updated_at);
        record.set_micros(micros);
        if self.checkpoint.make_replaceable(record) {
            self.journal.keep(None);
        }
        self.checkpoint.shorten_places(record);
        Ok(micros)
    }

    /// The record with last values that tell how they differ, if it is shorter, and one more such change may be written.
    fn shortened(&mut self, record: &Record) -> Option<Record> {
        let shorter = (self.differing < DIFFERING_LIMIT)
            .then(|| {
                self.checkpoint.shortened_record(record, |name| self.overwritten.contains(name))
            })
            .flatten();
        self.differing += u32::from(shorter.is_some());
        shorter
    }

    /// Saves the whole state, with what changed last, and marked finished.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn finish(&mut self, change: Change) -> Result<(), Error> {
        let record = Record::Change(change);
        self.take_back(Some(&record))?;
        self.checkpoint.make_replaceable(&record);
        self.apply(record)?;
        self.checkpoint.finish();
        self.save_whole()
    }

    fn apply(&mut self, record: Record) -> Result<(), Error> {
        let applied = self.checkpoint.apply(record).inspect(|()| self.overwritten.is_taken_in());
        applied.map_err(|what| self.unwritable(FormatError::TooMany(what)))
    }

    /// Removes the checkpoint.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn delete(&mut self) -> Result<(), Error> {
        self.journal.delete()
    }

    /// What is asked of the runs of `job`, if anything is: of the one that this is the checkpoint of, or of the one that
    /// this is a slice of.
    ///
    /// # Errors
    ///
    /// As [`Request::load`].
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

    /// Where it is stored.
    #[doc(hidden)]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// As [`Lease::keep_beside`](crate::Lease::keep_beside).
    #[doc(hidden)]
    pub fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.journal.keep_beside(name, bytes);
    }

    /// A page beside what was saved last: in it, a run says how far it has come since, at the cost of a few stores, and
    /// its process may be killed at any instruction. `None` where the backend has none.
    ///
    /// # Errors
    ///
    /// It can't be made.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn page(&mut self) -> Result<Option<Page>, Error> {
        self.journal.page()
    }

    /// Takes in what changed, as [`save`](Self::save) does, for [`Page::append`] to write. It is saved with the next
    /// save. Where a page has no room for it, nothing is taken in.
    ///
    /// # Errors
    ///
    /// It is more than a checkpoint can hold.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn record_in_page(&mut self, mut record: Record) -> Result<InPage<'_>, Error> {
        self.take_back(Some(&record))?;
        if self.checkpoint.make_replaceable(&record) {
            self.journal.keep(None);
        }
        self.checkpoint.shorten_places(&mut record);
        let shorter = self.shortened(&record);
        let longer = self.journal.frame_paged(shorter.as_ref().unwrap_or(&record));
        let Some(longer) = longer.map_err(|source| self.unwritable(source))? else {
            return Ok(InPage::NoRoom(Box::new(record)));
        };
        self.apply(record)?;
        Ok(InPage::Framed(self.journal.paged(longer)))
    }

    /// Takes in that the page says more than what was saved last.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn is_paged(&mut self) {
        self.journal.is_paged();
    }

    /// Returns where what was saved last ends, behind which snapshot: it is another one after each save. `None` where
    /// that can't be told, as after an error.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn saved_up_to(&self) -> Option<(u32, u64)> {
        self.journal.appended().map(|tail| tail.place())
    }

    /// What was saved last, for [`Page::rebase`]; `None` where that can't be told, as after an error.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    pub fn base(&self) -> Option<Base> {
        self.journal.base()
    }

    /// Where the checkpoint is, for messages.
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
        let found = Checkpoint::load_held(&mut *lease, &*backend, name)?;
        Ok(Opening { backend, journal: Journal::new(lease, options.durability), found })
    }

    /// What is stored of the job.
    pub fn found(&self) -> Option<&Checkpoint> {
        self.found.as_ref()
    }

    /// What is stored under another name, as of now.
    pub(crate) fn found_under(&mut self, name: &str) -> Result<Option<Checkpoint>, Error> {
        self.journal.load_current(&*self.backend, name)
    }

    /// Begins a run from `checkpoint`, and saves that it has begun.
    ///
    /// # Errors
    ///
    /// The backend cannot be written, or the job is one that many workers share.
    pub fn begin(self, checkpoint: Checkpoint) -> Result<Store, Error> {
        let Opening { backend, journal, .. } = self;
        if checkpoint.is_shared() {
            return Err(Error::unreadable(&*backend, &checkpoint.job, FormatError::Shared));
        }
        Opening { backend, journal, found: None }.begin_shared(checkpoint)
    }

    /// The same of a job that many workers may share.
    pub(crate) fn begin_shared(self, checkpoint: Checkpoint) -> Result<Store, Error> {
        let Opening { backend, journal, .. } = self;
        let (outstanding, overwritten) = (None, Overwritten::default());
        let mut store =
            Store { backend, journal, checkpoint, outstanding, differing: 0, overwritten };
        store.save_whole()?;
        Ok(store)
    }

    /// Removes what is stored.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn delete(mut self) -> Result<(), Error> {
        self.journal.delete()
    }
}

impl Checkpoint {
    /// The checkpoint of `job` in `backend`; `None` if it has none. Takes no lease, and works
    /// while the job runs.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is not a checkpoint of this job.
    pub fn load(backend: &dyn Backend, job: &str) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::read(backend, job, backend.load(job)?)
    }

    /// The same, by the job's lease: as of now, whatever copies of the store are behind.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); or the lease is held no more.
    pub fn load_held(
        lease: &mut dyn Lease,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::read(backend, job, lease.load(backend, job)?)
    }

    /// The checkpoint of another job, by the lease of one: as of now as well.
    pub(crate) fn load_current(
        lease: &mut dyn Lease,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::read(backend, job, lease.load_current(backend, job)?)
    }

    fn read(
        backend: &dyn Backend,
        job: &str,
        stored: Option<Vec<u8>>,
    ) -> Result<Option<Checkpoint>, Error> {
        let Some(bytes) = stored else { return Ok(None) };
        let checkpoint =
            Checkpoint::decode(&bytes).map_err(|source| Error::unreadable(backend, job, source))?;
        if checkpoint.job == job {
            return Ok(Some(checkpoint));
        }
        Err(Error::other_job(backend, job, checkpoint.job))
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
