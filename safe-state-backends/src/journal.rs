//! The log under a name in a backend: a snapshot, and the records that follow it while there is room for them.

#[cfg(target_os = "linux")]
use crate::format::Record;
use crate::format::pieces::Pieces;
use crate::format::{FormatError, Framed, Tail};
use crate::loading;
#[cfg(target_os = "linux")]
use crate::page;
use crate::{
    Appended, Backend, Checkpoint, Dialect, Durability, Ended, Error, Lease, Save, Statements,
};
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page, RECORD_ROOM, VALUE_ROOM};

/// The microseconds between saves after which a save checks that its target is still there. A check costs about as much as an
/// append.
const LOOK_EVERY: u64 = 1_000;

/// The largest buffer, in bytes, that is kept for framing the next record.
const KEPT_ROOM: usize = 1 << 20;

/// The log of a lease: writes snapshots and records through it.
pub(crate) struct Journal {
    lease: Box<dyn Lease>,
    durability: Durability,
    /// The end of the log. `None` when only a snapshot may follow, because what a failed append left is unknown.
    tail: Option<Tail>,
    paged: Paged,
    framed: Pieces,
    /// The tail before and after the save that a transaction of the program's own is to make.
    outstanding: Option<(Option<Tail>, Option<Tail>)>,
    /// The microseconds since the last check that the stored log is in place.
    unlooked: u64,
}

/// Records that are in a page and are appended with the next one. They end at the journal's tail.
#[derive(Default)]
struct Paged {
    records: Vec<u8>,
    /// The end of what is appended, where these records begin; `None` if there are no records.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there are no pages"))]
    behind: Option<Tail>,
}

impl Paged {
    fn clear(&mut self) {
        self.records.clear();
        self.behind = None;
    }
}

impl Journal {
    pub(crate) fn new(lease: Box<dyn Lease>, durability: Durability) -> Self {
        let (paged, framed) = (Paged::default(), Pieces::default());
        Journal { lease, durability, tail: None, paged, framed, outstanding: None, unlooked: 0 }
    }

    /// Frames `record` for the end of the log. Returns the tail behind it, or `None` if it has no room there.
    pub(crate) fn frame(&mut self, record: &impl Framed) -> Result<Option<Tail>, FormatError> {
        let Some(tail) = self.tail.take() else { return Ok(None) };
        self.framed.clear();
        let least = record.least_len();
        // A large record that has no room is not copied for nothing.
        if !tail.may_hold(least) {
            return Ok(None);
        }
        tail.frame(record, &mut self.framed)?;
        Ok(tail.with(&self.framed))
    }

    /// Appends the record framed last, whose tail is `longer`, `micros` microseconds after the previous save. Returns
    /// [`Appended::No`] if a snapshot has to be saved instead.
    pub(crate) fn append(&mut self, longer: Option<Tail>, micros: u64) -> Result<Appended, Error> {
        let Some(longer) = longer.filter(|_| self.is_in_place(micros)) else {
            return Ok(Appended::No);
        };
        let appended = if self.framed.has_large() || !self.paged.records.is_empty() {
            let paged = std::iter::once(self.paged.records.as_slice());
            let pieces: Vec<&[u8]> = paged.chain(self.framed.from(0)).collect();
            self.lease.append_pieces(&pieces)
        } else {
            self.lease.append(self.framed.small())
        };
        if self.framed.has_large() || self.framed.small_mut().capacity() > KEPT_ROOM {
            self.framed = Pieces::default();
        }
        let appended = appended?;
        if appended == Appended::Yes {
            self.tail = Some(longer);
            self.paged.clear();
        }
        Ok(appended)
    }

    /// Returns whether what was saved last is still in place. Checks only when enough microseconds passed since the last check.
    fn is_in_place(&mut self, micros: u64) -> bool {
        self.unlooked = self.unlooked.saturating_add(micros);
        if self.unlooked < LOOK_EVERY {
            return true;
        }
        self.unlooked = 0;
        self.lease.is_in_place()
    }

    /// Saves a snapshot, which replaces the log.
    pub(crate) fn save(&mut self, snapshot: &Pieces) -> Result<(), Error> {
        self.tail = None;
        if snapshot.has_large() {
            let pieces: Vec<&[u8]> = snapshot.from(0).collect();
            self.lease.save_pieces(&pieces)?;
        } else {
            self.lease.save(snapshot.small())?;
        }
        self.tail = Tail::after(snapshot, self.durability);
        self.paged.clear();
        Ok(())
    }

    /// Returns whether the backend has everything that was saved, so that it can be read back.
    pub(crate) fn has_all(&self) -> bool {
        self.tail.is_some() && self.paged.records.is_empty()
    }

    /// Loads the stored checkpoint through the lease.
    pub(crate) fn load(
        &mut self,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        loading::load_held(&mut *self.lease, backend, job)
    }

    /// Returns the end of the log, which [`keep`](Self::keep) can restore.
    pub(crate) fn tail(&self) -> Option<Tail> {
        self.tail
    }

    /// Restores the tail, as what was framed last was not written. With `None`, the next save is a snapshot.
    pub(crate) fn keep(&mut self, tail: Option<Tail>) {
        self.tail = tail;
    }

    /// Returns the statements that append the record framed last, behind `before`; `None` if the whole checkpoint has to be saved
    /// instead.
    pub(crate) fn append_statements(
        &mut self,
        dialect: Dialect,
        before: Option<Tail>,
        longer: Option<Tail>,
    ) -> Result<Option<Statements>, Error> {
        // Records in the page are saved with a snapshot alone.
        let Some(longer) = longer.filter(|_| self.paged.records.is_empty()) else {
            return Ok(None);
        };
        let given = self.lease.statements(Save::Record(&self.framed.joined()), dialect)?;
        self.outstanding = given.as_ref().map(|_| (before, Some(longer)));
        Ok(given)
    }

    /// Returns the statements that save a whole checkpoint; `None` if the lease can't save by statements.
    pub(crate) fn save_statements(
        &mut self,
        dialect: Dialect,
        before: Option<Tail>,
        snapshot: &Pieces,
    ) -> Result<Option<Statements>, Error> {
        let given = self.lease.statements(Save::Whole(&snapshot.joined()), dialect)?;
        let after = || Tail::after(snapshot, self.durability);
        self.outstanding = given.as_ref().map(|_| (before, after()));
        Ok(given)
    }

    /// Receives how the transaction ended that had the statements given last. Returns whether the save was made.
    pub(crate) fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let is_saved = self.lease.ended(ended)?;
        let Some((before, after)) = self.outstanding.take() else { return Ok(false) };
        if is_saved {
            self.paged.clear();
        }
        self.tail = match (ended, is_saved) {
            (Ended::Committed, _) => after,
            (Ended::RolledBack, _) => before,
            // The lease has a new epoch, so the save has to be a snapshot.
            (Ended::Unknown, _) => None,
        };
        Ok(is_saved)
    }

    /// Calls [`Lease::keep_beside`].
    pub(crate) fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.lease.keep_beside(name, bytes);
    }

    /// Loads what `backend` holds under the name `name`, which is not the job's.
    pub(crate) fn load_other(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.lease.load_other(backend, name)
    }

    /// Loads the checkpoint that `backend` has under another name, but never from a copy that lags behind.
    pub(crate) fn load_current(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        loading::load_current(&mut *self.lease, backend, name)
    }

    /// Removes what is stored.
    pub(crate) fn delete(&mut self) -> Result<(), Error> {
        self.tail = None;
        self.lease.delete()
    }
}

/// The journal's part for a page beside the log.
#[cfg(target_os = "linux")]
impl Journal {
    /// Creates a page beside the stored log; `None` where it can't have one.
    pub(crate) fn page(&mut self) -> Result<Option<Page>, Error> {
        let Some(base) = self.base() else { return Ok(None) };
        self.lease.page(base)
    }

    /// Returns the end of what is appended, without the records that are in the page alone; `None` if it is unknown.
    pub(crate) fn appended(&self) -> Option<Tail> {
        self.tail.and(self.paged.behind.or(self.tail))
    }

    /// Returns the file and the end of the log that a page counts on from.
    pub(crate) fn base(&self) -> Option<Base> {
        Some(page::base_of(self.lease.paged_file()?, &self.appended()?))
    }

    /// Tells the lease that the page holds more progress than the log.
    pub(crate) fn is_paged(&mut self) {
        self.lease.is_paged();
    }

    /// Returns whether a page has room for a record with all values that a slot of it can hold, and as much besides.
    pub(crate) fn page_has_room(&self) -> bool {
        self.tail.is_some() && self.paged.records.len() + 2 * VALUE_ROOM <= RECORD_ROOM
    }

    /// Frames `record` behind those that are in the page. Returns the tail behind it, or `None` if a page has no room for it.
    pub(crate) fn frame_paged(&mut self, record: &Record) -> Result<Option<Tail>, FormatError> {
        let Some(tail) = self.tail.filter(|_| !record.is_large()) else { return Ok(None) };
        self.framed.clear();
        tail.frame(record, &mut self.framed)?;
        let len = self.paged.records.len() + self.framed.len();
        Ok((len <= RECORD_ROOM).then(|| tail.beyond(&self.framed)))
    }

    /// Notes that the page gets the record framed last, and that the log then ends at `longer`. Returns the framed bytes.
    pub(crate) fn paged(&mut self, longer: Tail) -> &[u8] {
        self.paged.behind = self.paged.behind.or(self.tail);
        self.tail = Some(longer);
        self.paged.records.extend_from_slice(self.framed.small());
        self.lease.is_paged();
        self.framed.small()
    }
}
