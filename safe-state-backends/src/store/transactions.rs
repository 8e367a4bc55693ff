//! Saves that transactions of the program's own make.

use super::Store;
use crate::format::{FormatError, Record};
use crate::{Checkpoint, Dialect, Ended, Error, Statements};

/// What is the state if the transaction is committed that has it outstanding.
pub(super) enum Outstanding {
    /// What it is now, and this.
    Record(Box<Record>),
    Whole(Box<Checkpoint>),
}

impl Store {
    /// The statements of that dialect that save what changed, for a transaction of the program's own;
    /// `None` where a save is none. The state in memory changes when [`ended`](Self::ended) says that it was committed, and
    /// nothing else may be saved before that.
    ///
    /// # Errors
    ///
    /// The change is more than a checkpoint holds, or the lease is held no more.
    pub fn statements(
        &mut self,
        change: impl Into<Record>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        let mut record = change.into();
        self.make_ready(&mut record)?;
        self.checkpoint
            .check(&record)
            .map_err(|what| self.unwritable(FormatError::TooMany(what)))?;
        let before = self.journal.tail();
        let shorter = self.shortened(&record);
        let longer = self
            .journal
            .frame(shorter.as_ref().unwrap_or(&record))
            .map_err(|source| self.unwritable(source))?;
        if let Some(given) = self.journal.append_statements(dialect, before, longer)? {
            self.outstanding = Some(Outstanding::Record(Box::new(record)));
            return Ok(Some(given));
        }
        let mut whole = self.checkpoint.clone();
        whole.apply(record).map_err(|what| self.unwritable(FormatError::TooMany(what)))?;
        let snapshot = whole.encode().map_err(|source| self.unwritable(source))?;
        let given = self.journal.save_statements(dialect, before, &snapshot.into())?;
        match given {
            Some(_) => self.outstanding = Some(Outstanding::Whole(Box::new(whole))),
            None => self.journal.keep(before),
        }
        Ok(given)
    }

    /// None of the statements that were given last has been run, nor will be.
    pub fn forget_statements(&mut self) {
        if self.outstanding.is_some() {
            // What that changes is known to the lease alone, which says so where it has to write.
            let _ = self.ended(Ended::RolledBack);
        }
    }

    /// Takes in how the transaction ended, as [`Lease::ended`](crate::Lease::ended) does. Returns whether
    /// what changed is saved.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let is_saved = self.journal.ended(ended)?;
        match self.outstanding.take().filter(|_| is_saved) {
            Some(Outstanding::Record(record)) => self.apply(*record)?,
            Some(Outstanding::Whole(whole)) => (self.checkpoint, self.differing) = (*whole, 0),
            None => {}
        }
        Ok(is_saved)
    }
}
