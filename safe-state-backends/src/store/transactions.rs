//! Saves that transactions of the program's own make.

use super::{Outstanding, Store};
use crate::checkpoint::apply::apply;
use crate::checkpoint::check::check;
use crate::format::{self, FormatError, Record};
use crate::{Dialect, Ended, Error, Statements};

impl Store {
    /// Returns the statements in `dialect` that save a change, for a transaction of the program's own; `None` if the backend
    /// can't save by statements. The state in memory changes when [`ended`](Self::ended) receives that the transaction was
    /// committed. Nothing else may be saved before that.
    ///
    /// # Errors
    ///
    /// The change is more than a checkpoint holds, or the lease is no longer held.
    pub fn statements(
        &mut self,
        change: impl Into<Record>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        let mut record = change.into();
        self.make_ready(&mut record)?;
        check(&self.checkpoint, &record)
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
        apply(&mut whole, record).map_err(|what| self.unwritable(FormatError::TooMany(what)))?;
        let snapshot = format::encode(&whole).map_err(|source| self.unwritable(source))?;
        let given = self.journal.save_statements(dialect, before, &snapshot.into())?;
        match given {
            Some(_) => self.outstanding = Some(Outstanding::Whole(Box::new(whole))),
            None => self.journal.keep(before),
        }
        Ok(given)
    }

    /// Drops the statements that were given last. None of them may have been run, nor be run later.
    pub fn forget_statements(&mut self) {
        if self.outstanding.is_some() {
            // The only error is that of the lease, which returns it again at the next write.
            let _ = self.ended(Ended::RolledBack);
        }
    }

    /// Receives how the transaction ended, as [`Lease::ended`](crate::Lease::ended) does. Returns whether the change is saved.
    ///
    /// # Errors
    ///
    /// The same errors as [`Lease::ended`](crate::Lease::ended).
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
