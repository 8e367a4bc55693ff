//! How what is stored under a name reaches its backend: a snapshot, and the records that follow it
//! while there is room for them.

#[cfg(target_os = "linux")]
use crate::format::Record;
use crate::format::pieces::Pieces;
use crate::format::{FormatError, Framed, Tail};
#[cfg(target_os = "linux")]
use crate::page;
use crate::{
    Appended, Backend, Checkpoint, Dialect, Durability, Ended, Error, Lease, Save, Statements,
};
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page, RECORD_ROOM};

/// How many microseconds of saves may go by before one looks whether what it adds to is still there:
/// looking costs about as much as adding.
const LOOK_EVERY: u64 = 1_000;

/// Room for a framed record that is kept for the next one.
const KEPT_ROOM: usize = 1 << 20;

/// What is stored under a lease.
pub(crate) struct Journal {
    lease: Box<dyn Lease>,
    durability: Durability,
    /// `None` when only a snapshot may follow: what an append that failed left is not known.
    tail: Option<Tail>,
    paged: Paged,
    framed: Pieces,
    /// The tail before and after the save that a transaction of the program's own is to make.
    outstanding: Option<(Option<Tail>, Option<Tail>)>,
    /// The microseconds since a save last looked.
    unlooked: u64,
}

/// Records that are in a page, and are appended with the next one: they end at the journal's tail.
#[derive(Default)]
struct Paged {
    records: Vec<u8>,
    /// Where what is appended ends; `None` if there are none.
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

    /// Frames `record` for the end of the tail, and gives the tail with it if it fits there.
    pub(crate) fn frame(&mut self, record: &impl Framed) -> Result<Option<Tail>, FormatError> {
        let Some(tail) = self.tail.take() else { return Ok(None) };
        self.framed.clear();
        let least = record.least_len();
        // What is large is not copied for nothing.
        if !tail.may_hold(least) {
            return Ok(None);
        }
        tail.frame(record, &mut self.framed)?;
        Ok(tail.with(&self.framed))
    }

    /// Appends what was framed last, that long after the save before; or says that a snapshot has to
    /// be saved instead.
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

    /// Whether what was saved last is there to be added to, that long after the save before.
    fn is_in_place(&mut self, micros: u64) -> bool {
        self.unlooked = self.unlooked.saturating_add(micros);
        if self.unlooked < LOOK_EVERY {
            return true;
        }
        self.unlooked = 0;
        self.lease.is_in_place()
    }

    /// Saves the whole.
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

    /// Whether what is stored is all that was saved, and can be read back.
    pub(crate) fn has_all(&self) -> bool {
        self.tail.is_some() && self.paged.records.is_empty()
    }

    /// What is stored.
    pub(crate) fn load(
        &mut self,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::load_held(&mut *self.lease, backend, job)
    }

    /// Where records go, to be put back by [`keep`](Self::keep).
    pub(crate) fn tail(&self) -> Option<Tail> {
        self.tail
    }

    /// Nothing has come of what was framed.
    pub(crate) fn keep(&mut self, tail: Option<Tail>) {
        self.tail = tail;
    }

    /// The statements that append what was framed last, behind `before`; none if the whole has to be
    /// saved instead.
    pub(crate) fn append_statements(
        &mut self,
        dialect: Dialect,
        before: Option<Tail>,
        longer: Option<Tail>,
    ) -> Result<Option<Statements>, Error> {
        // What is in the page is saved with the whole.
        let Some(longer) = longer.filter(|_| self.paged.records.is_empty()) else {
            return Ok(None);
        };
        let given = self.lease.statements(Save::Record(&self.framed.joined()), dialect)?;
        self.outstanding = given.as_ref().map(|_| (before, Some(longer)));
        Ok(given)
    }

    /// The statements that save the whole; none if a save is none.
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

    /// Takes in how the transaction ended that had the statements given last. Returns whether what they
    /// save is saved.
    pub(crate) fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let is_saved = self.lease.ended(ended)?;
        let Some((before, after)) = self.outstanding.take() else { return Ok(false) };
        if is_saved {
            self.paged.clear();
        }
        self.tail = match (ended, is_saved) {
            (Ended::Committed, _) => after,
            (Ended::RolledBack, _) => before,
            // The lease has a new epoch.
            (Ended::Unknown, _) => None,
        };
        Ok(is_saved)
    }

    /// As [`Lease::keep_beside`].
    pub(crate) fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.lease.keep_beside(name, bytes);
    }

    /// What `backend` holds under another name.
    pub(crate) fn load_other(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.lease.load_other(backend, name)
    }

    /// The checkpoint that `backend` holds under another name, as of now.
    pub(crate) fn load_current(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::load_current(&mut *self.lease, backend, name)
    }

    /// Removes it.
    pub(crate) fn delete(&mut self) -> Result<(), Error> {
        self.tail = None;
        self.lease.delete()
    }
}

/// The page.
#[cfg(target_os = "linux")]
impl Journal {
    /// A page beside what is appended; `None` where there can't be one.
    pub(crate) fn page(&mut self) -> Result<Option<Page>, Error> {
        let Some(base) = self.base() else { return Ok(None) };
        self.lease.page(base)
    }

    /// Where what is appended ends; `None` if that is not known.
    pub(crate) fn appended(&self) -> Option<Tail> {
        self.tail.and(self.paged.behind.or(self.tail))
    }

    /// What is appended, for a page to count beside.
    pub(crate) fn base(&self) -> Option<Base> {
        Some(page::base_of(self.lease.paged_file()?, &self.appended()?))
    }

    /// The page says more than what is appended.
    pub(crate) fn is_paged(&mut self) {
        self.lease.is_paged();
    }

    /// Frames `record` behind those that are in the page. Gives the tail with it, if there is room for it in a page.
    pub(crate) fn frame_paged(&mut self, record: &Record) -> Result<Option<Tail>, FormatError> {
        let Some(tail) = self.tail.filter(|_| !record.is_large()) else { return Ok(None) };
        self.framed.clear();
        tail.frame(record, &mut self.framed)?;
        let len = self.paged.records.len() + self.framed.len();
        Ok((len <= RECORD_ROOM).then(|| tail.beyond(&self.framed)))
    }

    /// Takes in that the page has what was framed last, up to that tail. Gives that.
    pub(crate) fn paged(&mut self, longer: Tail) -> &[u8] {
        self.paged.behind = self.paged.behind.or(self.tail);
        self.tail = Some(longer);
        self.paged.records.extend_from_slice(self.framed.small());
        self.lease.is_paged();
        self.framed.small()
    }
}
