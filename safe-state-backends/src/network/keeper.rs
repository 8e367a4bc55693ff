//! The holding of a lease. The run's commands are carried out on its own thread or on the lease's thread, which renews the
//! lease while the run asks nothing.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::retry;
use super::transactions::Transactions;
use super::{Connect, LeaseToken, Limits, OPENING, Session, Trouble};
use crate::{
    Appended, Backend, Dialect, Ended, Error, Lease, LeaseOptions, Save, Statements, name,
};

/// The longest time, in which a connection that was cut reports it.
const CUT: Duration = Duration::from_secs(1);

/// A lease, as the run holds it. Dropping it gives the lease back, and waits for that.
pub(super) struct LeaseHandle<C: Connect> {
    keeper: Arc<Mutex<LeaseHolder<C>>>,
    /// The channel to the lease's thread, for commands that can't be carried out on the caller's thread.
    commands: Option<Sender<Command<Vec<u8>>>>,
    outcomes: Receiver<Result<Appended, Error>>,
    thread: Option<JoinHandle<()>>,
}

/// A command of a run to its lease.
enum Command<B> {
    Save(B),
    Append(B),
    Delete,
    /// Finds out whether a transaction of the program's own has made its save.
    Settle(Ended),
}

pub(super) struct LeaseHolder<C: Connect> {
    pub(super) connect: Arc<C>,
    pub(super) limits: Limits,
    pub(super) job: String,
    pub(super) token: LeaseToken,
    /// The connection; `None` after trouble, until the next use.
    pub(super) session: Option<C::Session>,
    /// The number of records that this lease has added behind its checkpoint; `None` if it has saved no checkpoint, or the
    /// number is unknown.
    pub(super) records: Option<u64>,
    pub(super) transactions: Transactions,
    pub(super) renewal: Instant,
    /// Whether another run has taken over, so that nothing is left to renew or to give back.
    pub(super) is_lost: bool,
    /// The stored bytes, if this lease has saved any.
    pub(super) size: usize,
    /// The file by which other processes of this machine know whether this process has ended.
    #[cfg(unix)]
    pub(super) _presence: Option<Arc<crate::lease::presence::Presence>>,
}

impl<C: Connect> LeaseHandle<C> {
    pub(super) fn lease(
        connect: &Arc<C>,
        limits: Limits,
        job: &str,
        options: LeaseOptions,
    ) -> Result<Self, Error> {
        let (commands, inbox) = channel();
        let (outbox, outcomes) = channel();
        let (tell, told) = channel();
        let (connect, name) = (Arc::clone(connect), job.to_owned());
        let keep = move || match LeaseHolder::acquire(connect, limits, name, options) {
            Ok(keeper) => {
                let keeper = Arc::new(Mutex::new(keeper));
                // If the caller is gone already, it needs no answer, and the lease ends.
                let _ = tell.send(Ok(Arc::clone(&keeper)));
                serve(&keeper, &inbox, &outbox);
                lock(&keeper).close();
            }
            Err(error) => drop(tell.send(Err(error))),
        };
        let thread = thread::Builder::new().name("safe-state lease".to_owned()).spawn(keep);
        let thread = thread.map_err(|source| Error::Backend {
            action: "starting the lease's thread",
            job: job.to_owned(),
            source: source.into(),
        })?;
        let keeper = match told.recv() {
            Ok(keeper) => keeper?,
            Err(_) => resume_panic(Some(thread.join())),
        };
        Ok(LeaseHandle { keeper, commands: Some(commands), outcomes, thread: Some(thread) })
    }

    /// Carries out a command: on the caller's thread if the driver can be called there, as another thread would cost as much
    /// time as the server does.
    fn ask(&mut self, command: &Command<&[u8]>) -> Result<Appended, Error> {
        if C::Session::may_run_here() {
            return lock(&self.keeper).carry_out(command);
        }
        if let Some(commands) = &self.commands {
            // If the thread is gone, it gives no outcome, which is noticed below.
            let _ = commands.send(command.owned());
        }
        let outcome = self.outcomes.recv();
        outcome.unwrap_or_else(|_| resume_panic(self.thread.take().map(JoinHandle::join)))
    }
}

/// Calls `ask`, on a thread of its own if the driver can't be called on this one.
fn where_it_may_run<C: Connect, T: Send>(ask: impl FnOnce() -> T + Send) -> T {
    if C::Session::may_run_here() {
        return ask();
    }
    let asking = thread::scope(|scope| scope.spawn(ask).join());
    asking.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Resumes the panic of the lease's thread. The thread ends before the run only by a panic of the driver.
fn resume_panic(ended: Option<thread::Result<()>>) -> ! {
    match ended {
        Some(Err(panic)) => std::panic::resume_unwind(panic),
        _ => unreachable!("the lease's thread has ended"),
    }
}

/// Locks the lease. After a panic of the driver, the connection counts as one on which an operation has failed.
fn lock<C: Connect>(keeper: &Mutex<LeaseHolder<C>>) -> MutexGuard<'_, LeaseHolder<C>> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Command<&[u8]> {
    fn owned(&self) -> Command<Vec<u8>> {
        match self {
            Command::Save(checkpoint) => Command::Save(checkpoint.to_vec()),
            Command::Append(record) => Command::Append(record.to_vec()),
            Command::Delete => Command::Delete,
            Command::Settle(ended) => Command::Settle(*ended),
        }
    }
}

impl<C: Connect> Lease for LeaseHandle<C> {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.ask(&Command::Save(checkpoint)).map(drop)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.ask(&Command::Append(record))
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.ask(&Command::Delete).map(drop)
    }

    fn load(&mut self, _: &dyn Backend, _: &str) -> Result<Option<Vec<u8>>, Error> {
        where_it_may_run::<C, _>(|| lock(&self.keeper).load())
    }

    /// Loads once, without retries. Uses another connection if the lease has none, as nothing depends on which one.
    fn load_other(&mut self, backend: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let loaded = where_it_may_run::<C, _>(|| lock(&self.keeper).load_other(name));
        loaded.unwrap_or_else(|| backend.load(name))
    }

    fn load_current(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        where_it_may_run::<C, _>(|| lock(&self.keeper).load_current(name))
    }

    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        lock(&self.keeper).statements(save, dialect)
    }

    fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        match ended {
            Ended::Committed => Ok(lock(&self.keeper).committed()),
            _ => self.ask(&Command::Settle(ended)).map(|saved| saved == Appended::Yes),
        }
    }
}

impl<C: Connect> Drop for LeaseHandle<C> {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            // A panic while the lease was given back does not concern the run.
            let _ = thread.join();
        }
    }
}

/// Runs the lease's thread: carries out commands, and renews the lease when the run asks nothing.
fn serve<C: Connect>(
    keeper: &Mutex<LeaseHolder<C>>,
    inbox: &Receiver<Command<Vec<u8>>>,
    outbox: &Sender<Result<Appended, Error>>,
) {
    loop {
        let renewal = lock(keeper).renewal;
        match inbox.recv_timeout(renewal.saturating_duration_since(Instant::now())) {
            Ok(command) => {
                let outcome = lock(keeper).carry_out(&command);
                // If the run is gone, the next `recv` notices it.
                let _ = outbox.send(outcome);
            }
            Err(RecvTimeoutError::Timeout) => lock(keeper).renew_if_due(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl<C: Connect> LeaseHolder<C> {
    fn carry_out<B: AsRef<[u8]>>(&mut self, command: &Command<B>) -> Result<Appended, Error> {
        let (action, outcome) = match command {
            Command::Save(checkpoint) => ("saving", self.save(checkpoint.as_ref())),
            Command::Append(record) => ("saving", self.append(record.as_ref())),
            Command::Delete => ("deleting", self.delete()),
            Command::Settle(ended) => ("looking", self.settle(*ended)),
        };
        outcome.map_err(Trouble::at(action, &self.job, &*self.connect))
    }

    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        let connect = Arc::clone(&self.connect);
        let given = self.give(save, |token, number, bytes| {
            let given = connect.statements(token, number, bytes)?;
            Ok(given.filter(|given| given.dialect == dialect))
        });
        given.map_err(Trouble::at("saving", &self.job, &*self.connect))
    }

    fn save(&mut self, checkpoint: &[u8]) -> Result<Appended, Trouble> {
        self.limits.check(checkpoint.len())?;
        self.records = None;
        self.retried(|session, token| session.save(token, checkpoint))?;
        self.size = checkpoint.len();
        self.transactions.are_saved(&self.token);
        self.records = Some(0);
        Ok(Appended::Yes)
    }

    /// Appends a record in one attempt: after trouble, nobody knows whether the record is stored, or whether a server that
    /// comes back still has all that it had.
    fn append(&mut self, record: &[u8]) -> Result<Appended, Trouble> {
        let has_room = self.session.is_some() && self.has_room(record);
        let Some(number) = self.records.take().filter(|_| has_room) else {
            return Ok(Appended::No);
        };
        let appended = match self.once(&mut |session, token| session.append(token, number, record))
        {
            Err(Trouble::Transient(_)) => return Ok(Appended::No),
            appended => appended?,
        };
        self.transactions.are_saved(&self.token);
        self.size += record.len();
        self.records = (appended == Appended::Yes).then_some(number + 1);
        Ok(appended)
    }

    /// Returns whether the stored checkpoint can still be loaded with `record` behind it.
    pub(super) fn has_room(&self, record: &[u8]) -> bool {
        self.limits.check(self.size + record.len()).is_ok()
    }

    fn delete(&mut self) -> Result<Appended, Trouble> {
        self.records = None;
        self.retried(C::Session::delete).map(|()| Appended::Yes)
    }

    fn load(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.loaded(C::Session::load_held)
    }

    fn load_current(&mut self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = name::encode(name);
        self.loaded(|session, token| session.load_current(token, &key))
    }

    /// On the lease's own connection; on a new one it takes itself up before.
    fn loaded(
        &mut self,
        mut load: impl FnMut(&mut C::Session, &LeaseToken) -> Result<Option<Vec<u8>>, Trouble>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let (limit, job) = (OPENING.min(self.limits.retry), self.job.clone());
        let loaded = retry::until(limit, &job, || self.once(&mut load));
        let loaded = loaded.and_then(|loaded| self.limits.checked(loaded));
        loaded.map_err(Trouble::at("loading", &self.job, &*self.connect))
    }

    /// Loads another name; returns `None` if there is no connection.
    fn load_other(&mut self, name: &str) -> Option<Result<Option<Vec<u8>>, Error>> {
        let mut session = self.session.take()?;
        let loaded = session.load(&name::encode(name));
        // The state of a connection after a failed operation is unknown, so it is not used again.
        self.session = loaded.is_ok().then_some(session);
        Some(loaded.map_err(Trouble::at("looking", name, &*self.connect)))
    }

    /// Renews the lease if no save has for a third of its time.
    fn renew_if_due(&mut self) {
        if Instant::now() < self.renewal {
            return;
        }
        if self.session.is_none() && self.transactions.is_outstanding() {
            // A new connection would give the lease a new epoch, under which a transaction under way would fail.
            self.renewal = Instant::now() + self.limits.lease / 3;
        } else {
            self.renew();
        }
    }

    /// Renews the lease, once for each third of its time, even if that fails: if the lease ends meanwhile, the next save finds
    /// out whether another run has it.
    fn renew(&mut self) {
        if self.is_lost {
            self.renewal = Instant::now() + self.limits.lease;
            return;
        }
        let renewed = self.once(&mut |session, token| session.renew(token));
        self.renewal = Instant::now() + self.limits.lease / 3;
        if let Err(trouble) = renewed {
            tracing::warn!(target: "safe_state", job = self.job, %trouble, "the lease was not renewed");
        }
    }

    pub(super) fn retried<T>(
        &mut self,
        mut work: impl FnMut(&mut C::Session, &LeaseToken) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let (limit, job) = (self.limits.retry, self.job.clone());
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
        self.is_lost |= matches!(done, Err(Trouble::Lost(_)));
        // The state of a connection after a failed operation is unknown, so it is not used again.
        let (session, asked, done) = done?;
        self.session = Some(session);
        self.token.until = asked + self.token.time;
        self.renewal = Instant::now() + self.limits.lease / 3;
        Ok(done)
    }

    fn connected(&mut self) -> Result<C::Session, Trouble> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        self.records = None;
        let mut session = self.limits.connect(&*self.connect)?;
        self.token.epoch = session.resume(&self.token)?;
        self.transactions.are_kept_by(&mut session, &self.token)?;
        Ok(session)
    }

    /// Gives the lease back, and drops the connection here: some connections must not be dropped within a runtime, where the
    /// run may end.
    fn close(&mut self) {
        if !self.is_lost {
            self.release();
        }
        self.session = None;
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
