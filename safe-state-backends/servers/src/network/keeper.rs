//! The holding of a lease. The run's commands are carried out on its own thread or on the lease's thread, which renews the
//! lease while the run asks nothing.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::access::Access;
use super::acquire::acquire;
use super::holder::LeaseHolder;
use super::{Connect, Session, Trouble};
use safe_state_backends::{
    Appended, Backend, Dialect, Ended, Error, Lease, LeaseOptions, Save, Statements,
};

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

impl<C: Connect> LeaseHandle<C> {
    pub(super) fn lease(
        access: &Access<C>,
        job: &str,
        options: LeaseOptions,
    ) -> Result<Self, Error> {
        let (commands, inbox) = channel();
        let (outbox, outcomes) = channel();
        let (tell, told) = channel();
        let (access, name) = (access.clone(), job.to_owned());
        let keep = move || match acquire(access, name, options) {
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
            return carry_out(&mut lock(&self.keeper), command);
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
        let holder = &mut lock(&self.keeper);
        let connect = Arc::clone(&holder.access.connect);
        let given = holder.give(save, |token, number, bytes| {
            let given = connect.statements(token, number, bytes)?;
            Ok(given.filter(|given| given.dialect == dialect))
        });
        given.map_err(Trouble::at("saving", &holder.job, &*holder.access.connect))
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
        let renewal = lock(keeper).renewal.due;
        match inbox.recv_timeout(renewal.saturating_duration_since(Instant::now())) {
            Ok(command) => {
                let outcome = carry_out(&mut lock(keeper), &command);
                // If the run is gone, the next `recv` notices it.
                let _ = outbox.send(outcome);
            }
            Err(RecvTimeoutError::Timeout) => lock(keeper).renew_if_due(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn carry_out<C: Connect, B: AsRef<[u8]>>(
    holder: &mut LeaseHolder<C>,
    command: &Command<B>,
) -> Result<Appended, Error> {
    let (action, outcome) = match command {
        Command::Save(checkpoint) => ("saving", holder.save(checkpoint.as_ref())),
        Command::Append(record) => ("saving", holder.append(record.as_ref())),
        Command::Delete => ("deleting", holder.delete()),
        Command::Settle(ended) => ("looking", holder.settle(*ended)),
    };
    outcome.map_err(Trouble::at(action, &holder.job, &*holder.access.connect))
}
