//! The holder of a lease on a server: its connection, and what is done under the lease.

use std::time::{Duration, Instant};

use super::access::Access;
use super::limits::OPENING;
use super::transactions::Transactions;
use super::{Connect, LeaseToken, Session, Trouble, retry};
use safe_state_backends::name;
use safe_state_backends::{Appended, Error};

/// The longest time in which a cut connection reports that it was cut.
const CUT: Duration = Duration::from_secs(1);

/// A lease, its connection, and what it has saved.
pub(super) struct LeaseHolder<C: Connect> {
    pub(super) access: Access<C>,
    pub(super) job: String,
    pub(super) token: LeaseToken,
    /// The connection; `None` after trouble, until the next use.
    pub(super) session: Option<C::Session>,
    pub(super) saved: Saved,
    pub(super) renewal: Renewal,
    /// The file by which other processes of this machine know whether this process has ended.
    #[cfg(unix)]
    pub(super) _presence: Option<safe_state_backends::Presence>,
}

/// The renewal of a lease.
pub(super) struct Renewal {
    /// The time when the lease is to be renewed.
    pub(super) due: Instant,
    /// Whether another run has taken over, so that nothing is left to renew or to give back.
    pub(super) is_lost: bool,
}

/// The data that a lease has saved.
#[derive(Default)]
pub(super) struct Saved {
    /// The number of records that this lease has added behind its checkpoint; `None` if it has saved no checkpoint, or the
    /// number is unknown.
    pub(super) records: Option<u64>,
    /// The stored bytes, if this lease has saved any.
    pub(super) size: usize,
    pub(super) transactions: Transactions,
}

impl<C: Connect> LeaseHolder<C> {
    pub(super) fn save(&mut self, checkpoint: &[u8]) -> Result<Appended, Trouble> {
        self.access.limits.check(checkpoint.len())?;
        self.saved.records = None;
        self.retried(|session, token| session.save(token, checkpoint))?;
        self.saved.size = checkpoint.len();
        self.saved.transactions.are_saved(&self.token);
        self.saved.records = Some(0);
        Ok(Appended::Yes)
    }

    /// Appends a record in one attempt: after trouble, nobody knows whether the record is stored, or whether a server that
    /// comes back still has all that it had.
    pub(super) fn append(&mut self, record: &[u8]) -> Result<Appended, Trouble> {
        let has_room = self.session.is_some() && self.has_room(record);
        let Some(number) = self.saved.records.take().filter(|_| has_room) else {
            return Ok(Appended::No);
        };
        let appended = match self.once(&mut |session, token| session.append(token, number, record))
        {
            Err(Trouble::Transient(_)) => return Ok(Appended::No),
            appended => appended?,
        };
        self.saved.transactions.are_saved(&self.token);
        self.saved.size += record.len();
        self.saved.records = (appended == Appended::Yes).then_some(number + 1);
        Ok(appended)
    }

    /// Returns whether the stored checkpoint can still be loaded with `record` behind it.
    pub(super) fn has_room(&self, record: &[u8]) -> bool {
        self.access.limits.check(self.saved.size + record.len()).is_ok()
    }

    pub(super) fn delete(&mut self) -> Result<Appended, Trouble> {
        self.saved.records = None;
        self.retried(C::Session::delete).map(|()| Appended::Yes)
    }

    pub(super) fn load(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.loaded(C::Session::load_held)
    }

    pub(super) fn load_current(&mut self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = name::encode(name);
        self.loaded(|session, token| session.load_current(token, &key))
    }

    /// Loads on the lease's own connection. On a new connection, the lease is taken up again before.
    fn loaded(
        &mut self,
        mut load: impl FnMut(&mut C::Session, &LeaseToken) -> Result<Option<Vec<u8>>, Trouble>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let (limit, job) = (OPENING.min(self.access.limits.retry), self.job.clone());
        let loaded = retry::until(limit, &job, || self.once(&mut load));
        let loaded = loaded.and_then(|loaded| self.access.limits.checked(loaded));
        loaded.map_err(Trouble::at("loading", &self.job, &*self.access.connect))
    }

    /// Loads another name; returns `None` if there is no connection.
    pub(super) fn load_other(&mut self, name: &str) -> Option<Result<Option<Vec<u8>>, Error>> {
        let mut session = self.session.take()?;
        let loaded = session.load(&name::encode(name));
        // The state of a connection after a failed operation is unknown, so it is not used again.
        self.session = loaded.is_ok().then_some(session);
        Some(loaded.map_err(Trouble::at("looking", name, &*self.access.connect)))
    }

    /// Renews the lease if no save has for a third of its time.
    pub(super) fn renew_if_due(&mut self) {
        if Instant::now() < self.renewal.due {
            return;
        }
        if self.session.is_none() && self.saved.transactions.is_outstanding() {
            // A new connection would give the lease a new epoch, under which a transaction under way would fail.
            self.renewal.due = Instant::now() + self.access.limits.lease / 3;
        } else {
            self.renew();
        }
    }

    /// Renews the lease, once for each third of its time, even if that fails: if the lease ends meanwhile, the next save finds
    /// out whether another run has it.
    fn renew(&mut self) {
        if self.renewal.is_lost {
            self.renewal.due = Instant::now() + self.access.limits.lease;
            return;
        }
        let renewed = self.once(&mut |session, token| session.renew(token));
        self.renewal.due = Instant::now() + self.access.limits.lease / 3;
        if let Err(trouble) = renewed {
            tracing::warn!(target: "safe_state", job = self.job, %trouble, "the lease was not renewed");
        }
    }

    pub(super) fn retried<T>(
        &mut self,
        mut work: impl FnMut(&mut C::Session, &LeaseToken) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let (limit, job) = (self.access.limits.retry, self.job.clone());
        retry::until(limit, &job, || self.once(&mut work))
    }

    fn once<T>(
        &mut self,
        work: &mut impl FnMut(&mut C::Session, &LeaseToken) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let done = self.connected().and_then(|mut session| {
            // The server counts the time from an instant after this one.
            let asked = Instant::now();
            let done = work(&mut session, &self.token)?;
            Ok((session, asked, done))
        });
        self.renewal.is_lost |= matches!(done, Err(Trouble::Lost(_)));
        // The state of a connection after a failed operation is unknown, so it is not used again.
        let (session, asked, done) = done?;
        self.session = Some(session);
        self.token.until = asked + self.token.time;
        self.renewal.due = Instant::now() + self.access.limits.lease / 3;
        Ok(done)
    }

    fn connected(&mut self) -> Result<C::Session, Trouble> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        self.saved.records = None;
        let mut session = self.access.connect()?;
        self.token.epoch = session.resume(&self.token)?;
        self.saved.transactions.are_kept_by(&mut session, &self.token)?;
        Ok(session)
    }

    /// Gives the lease back, and then the connection. Both happen here: some connections must not be dropped within a runtime,
    /// where the run may end.
    pub(super) fn close(&mut self) {
        if self.renewal.is_lost {
            self.session = None;
            return;
        }
        self.release();
        if let Some(session) = self.session.take() {
            self.access.idle.give_back(session);
        }
    }

    fn release(&mut self) {
        let (began, is_connected) = (Instant::now(), self.session.is_some());
        let mut release = |session: &mut C::Session, token: &LeaseToken| session.release(token);
        let mut released = self.once(&mut release);
        // A connection that was cut while there was nothing to save reports it at once, when it is used.
        let was_cut = is_connected && began.elapsed() < CUT;
        if was_cut && released.as_ref().is_err_and(Trouble::is_transient) {
            released = self.once(&mut release);
        }
        if let Err(trouble) = released {
            // The lease ends by itself.
            tracing::debug!(target: "safe_state", job = self.job, %trouble, "the lease was not given back");
        }
    }
}
