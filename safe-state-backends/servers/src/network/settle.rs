//! Gives out the statements of a save, and finds out how their transaction ended.

use super::holder::LeaseHolder;
use super::{Connect, LeaseToken, Session, Trouble};
use safe_state_backends::Outstanding;
use safe_state_backends::{Appended, Ended, Save, Statements};

impl<C: Connect> LeaseHolder<C> {
    /// Gives out the statements of a save.
    pub(super) fn give(
        &mut self,
        save: Save<'_>,
        statements: impl FnOnce(&LeaseToken, Option<u64>, &[u8]) -> Result<Option<Statements>, Trouble>,
    ) -> Result<Option<Statements>, Trouble> {
        let number = match save {
            Save::Whole(whole) => {
                self.access.limits.check(whole.len())?;
                None
            }
            // Like an append, the record follows what this connection has saved.
            Save::Record(record) if !self.has_room(record) => return Ok(None),
            Save::Record(_) => match self.saved.records.filter(|_| self.session.is_some()) {
                Some(number) => Some(number),
                None => return Ok(None),
            },
        };
        let given = statements(&self.token, number, save.bytes())?;
        let bytes = || save.bytes().to_vec();
        self.saved.transactions.outstanding =
            given.as_ref().map(|_| Outstanding { number, bytes: bytes() });
        Ok(given)
    }

    /// Notes that the transaction was committed. Returns whether one was under way.
    pub(super) fn committed(&mut self) -> bool {
        let Some(saved) = self.saved.transactions.outstanding.take() else { return false };
        self.saved.size = saved.number.map_or(0, |_| self.saved.size) + saved.bytes.len();
        self.saved.records = Some(saved.number.map_or(0, |number| number + 1));
        self.saved.transactions.committed = Some(saved);
        true
    }

    /// Finds out whether the transaction has made its save. After that, it can no longer make it. For a transaction that was
    /// rolled back, finds out whether the lease is lost.
    pub(super) fn settle(&mut self, ended: Ended) -> Result<Appended, Trouble> {
        let Some(Outstanding { number, bytes }) = self.saved.transactions.outstanding.take() else {
            return Ok(Appended::No);
        };
        if ended == Ended::RolledBack {
            return self.retried(C::Session::renew).map(|()| Appended::No);
        }
        self.saved.records = None;
        let (epoch, is_saved) = self.retried(|session, token| {
            let epoch = session.resume(token)?;
            let token = LeaseToken { epoch, ..token.clone() };
            Ok((epoch, session.holds(&token, number, &bytes)?))
        })?;
        self.token.epoch = epoch;
        if is_saved {
            self.saved.size = number.map_or(0, |_| self.saved.size) + bytes.len();
            self.saved.transactions.committed = Some(Outstanding { number, bytes });
        }
        Ok(if is_saved { Appended::Yes } else { Appended::No })
    }
}
