//! How what is stored under a name reaches its backend: a snapshot, and the records that follow it
//! while there is room for them.

use crate::format::{FormatError, Framed, Tail};
use crate::{Appended, Durability, Error, Lease};

/// How many microseconds of saves may go by before one looks whether what it adds to is still there:
/// looking costs about as much as adding.
const LOOK_EVERY: u64 = 1_000;

/// What is stored under a lease.
pub(crate) struct Journal {
    lease: Box<dyn Lease>,
    durability: Durability,
    /// `None` when only a snapshot may follow: what an append that failed left is not known.
    tail: Option<Tail>,
    framed: Vec<u8>,
    /// The microseconds since a save last looked.
    unlooked: u64,
}

impl Journal {
    pub(crate) fn new(lease: Box<dyn Lease>, durability: Durability) -> Self {
        Journal { lease, durability, tail: None, framed: Vec::new(), unlooked: 0 }
    }

    /// Frames `record` for the end of the tail, and gives the tail with it if it fits there.
    pub(crate) fn frame(&mut self, record: &impl Framed) -> Result<Option<Tail>, FormatError> {
        let Some(tail) = self.tail.take() else { return Ok(None) };
        self.framed.clear();
        tail.frame(record, &mut self.framed)?;
        Ok(tail.with(&self.framed))
    }

    /// Appends what was framed last, that long after the save before; or says that a snapshot has to
    /// be saved instead.
    pub(crate) fn append(&mut self, longer: Option<Tail>, micros: u64) -> Result<Appended, Error> {
        let Some(longer) = longer.filter(|_| self.is_in_place(micros)) else {
            return Ok(Appended::No);
        };
        let appended = self.lease.append(&self.framed)?;
        self.tail = (appended == Appended::Yes).then_some(longer);
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
    pub(crate) fn save(&mut self, snapshot: &[u8]) -> Result<(), Error> {
        self.tail = None;
        self.lease.save(snapshot)?;
        self.tail = Tail::after(snapshot, self.durability);
        Ok(())
    }

    /// Removes it.
    pub(crate) fn delete(&mut self) -> Result<(), Error> {
        self.tail = None;
        self.lease.delete()
    }
}
