//! The thread that holds a lease: it owns the connection, does what the run asks, and renews the
//! lease when the run asks nothing.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::retry;
use super::{Acquired, Bid, Claim, Connect, Limits, OPENING, Session, Trouble};
use crate::{Appended, Error, Holder, Lease, LeaseOptions, name};

/// A lease, as the run has it. Dropping it gives the lease back, and waits for that.
pub(super) struct Kept {
    orders: Option<Sender<Order>>,
    outcomes: Receiver<Result<Appended, Error>>,
    keeper: Option<JoinHandle<()>>,
}

/// What a run asks of its keeper, and gets one outcome each for.
enum Order {
    Save(Vec<u8>),
    Append(Vec<u8>),
    Delete,
}

struct Keeper<C: Connect> {
    connect: Arc<C>,
    limits: Limits,
    job: String,
    claim: Claim,
    /// None after trouble, until the next use.
    session: Option<C::Session>,
    /// How many records this lease has put behind the checkpoint it saved; `None` if it has saved
    /// none, or can't tell.
    records: Option<u64>,
    renewal: Instant,
    /// Whether another run has taken over: nothing is left to renew or to give back.
    is_lost: bool,
}

impl Kept {
    pub(super) fn lease<C: Connect>(
        connect: &Arc<C>,
        limits: Limits,
        job: &str,
        options: LeaseOptions,
    ) -> Result<Kept, Error> {
        let (orders, inbox) = channel();
        let (outbox, outcomes) = channel();
        let (connect, name) = (Arc::clone(connect), job.to_owned());
        let keep = move || match Keeper::acquire(connect, limits, name, options) {
            Ok(mut keeper) => {
                // The run that is gone already needs no answer, and no lease.
                let _ = outbox.send(Ok(Appended::No));
                keeper.serve(&inbox, &outbox);
                keeper.release();
            }
            Err(error) => drop(outbox.send(Err(error))),
        };
        let keeper = thread::Builder::new().name("safe-state lease".to_owned()).spawn(keep);
        let keeper = keeper.map_err(|source| Error::Backend {
            action: "starting the lease's thread",
            job: job.to_owned(),
            source: source.into(),
        })?;
        let mut kept = Kept { orders: Some(orders), outcomes, keeper: Some(keeper) };
        kept.outcome().map(|_| kept)
    }

    fn ask(&mut self, order: Order) -> Result<Appended, Error> {
        if let Some(orders) = &self.orders {
            // A keeper that is gone is noticed when it gives no outcome.
            let _ = orders.send(order);
        }
        self.outcome()
    }

    fn outcome(&mut self) -> Result<Appended, Error> {
        self.outcomes.recv().unwrap_or_else(|_| self.resume_panic())
    }

    /// The keeper ends before the run does by a panic alone, which is the driver's.
    fn resume_panic(&mut self) -> ! {
        match self.keeper.take().map(JoinHandle::join) {
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            _ => unreachable!("the lease's thread has ended"),
        }
    }
}

impl Lease for Kept {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.ask(Order::Save(checkpoint.to_vec())).map(drop)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.ask(Order::Append(record.to_vec()))
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.ask(Order::Delete).map(drop)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(keeper) = self.keeper.take() {
            // A panic in it while the lease was given back concerns nobody.
            let _ = keeper.join();
        }
    }
}

impl<C: Connect> Keeper<C> {
    fn acquire(
        connect: Arc<C>,
        limits: Limits,
        job: String,
        options: LeaseOptions,
    ) -> Result<Self, Error> {
        let trouble = Trouble::at("taking the lease", &job, &*connect);
        let (key, holder) = (name::encode(&job), Holder::this_process().to_line());
        let mut over = None;
        let mut asked = Instant::now();
        let mut once = || {
            let mut session = connect.connect(limits.timeouts)?;
            asked = Instant::now();
            let bid = Bid { key: &key, holder: &holder, time: limits.lease, over };
            let acquired = match session.acquire(&bid)? {
                Acquired::No { epoch, holder: other } if is_free(&other, &holder) => {
                    over = Some(epoch);
                    session.acquire(&Bid { over, ..bid })?
                }
                acquired => acquired,
            };
            Ok((session, acquired))
        };
        let acquired = retry::until(OPENING.min(limits.retry), &job, &mut once);
        let (session, epoch) = match acquired.map_err(trouble)? {
            (session, Acquired::Yes { epoch }) => (session, epoch),
            (_, Acquired::No { holder, .. }) => {
                return Err(Error::Held { job, holder: Holder::from_line(&holder).map(Box::new) });
            }
        };
        let (time, durability) = (limits.lease, options.durability);
        let claim = Claim { key, holder, epoch, time, until: asked + time, durability };
        let renewal = Instant::now() + limits.lease / 3;
        let session = Some(session);
        Ok(Keeper { connect, limits, job, claim, session, records: None, renewal, is_lost: false })
    }

    fn serve(&mut self, inbox: &Receiver<Order>, outbox: &Sender<Result<Appended, Error>>) {
        loop {
            let idle = self.renewal.saturating_duration_since(Instant::now());
            match inbox.recv_timeout(idle) {
                Ok(order) => {
                    let outcome = self.carry_out(&order);
                    // A run that is gone is noticed by the next `recv`.
                    let _ = outbox.send(outcome);
                }
                Err(RecvTimeoutError::Timeout) => self.renew(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn carry_out(&mut self, order: &Order) -> Result<Appended, Error> {
        let (action, outcome) = match order {
            Order::Save(checkpoint) => ("saving", self.save(checkpoint)),
            Order::Append(record) => ("saving", self.append(record)),
            Order::Delete => ("deleting", self.delete()),
        };
        outcome.map_err(Trouble::at(action, &self.job, &*self.connect))
    }

    fn save(&mut self, checkpoint: &[u8]) -> Result<Appended, Trouble> {
        self.records = None;
        self.retried(|session, claim| session.save(claim, checkpoint))?;
        self.records = Some(0);
        Ok(Appended::Yes)
    }

    /// Tried once: after trouble, nobody knows whether the record is there. Nor is it known whether a
    /// server that comes back has all that it had.
    fn append(&mut self, record: &[u8]) -> Result<Appended, Trouble> {
        let Some(number) = self.records.take().filter(|_| self.session.is_some()) else {
            return Ok(Appended::No);
        };
        let appended = match self.once(&mut |session, claim| session.append(claim, number, record))
        {
            Err(Trouble::Passing(_)) => return Ok(Appended::No),
            appended => appended?,
        };
        self.records = (appended == Appended::Yes).then_some(number + 1);
        Ok(appended)
    }

    fn delete(&mut self) -> Result<Appended, Trouble> {
        self.records = None;
        self.retried(C::Session::delete).map(|()| Appended::Yes)
    }

    /// Once for each third of the lease's time, also if that fails: should the lease end meanwhile,
    /// the next save tells whether another run has it.
    fn renew(&mut self) {
        if self.is_lost {
            self.renewal = Instant::now() + self.limits.lease;
            return;
        }
        let renewed = self.once(&mut |session, claim| session.renew(claim));
        self.renewal = Instant::now() + self.limits.lease / 3;
        if let Err(trouble) = renewed {
            tracing::warn!(target: "safe_state", job = self.job, %trouble, "the lease was not renewed");
        }
    }

    fn retried<T>(
        &mut self,
        mut work: impl FnMut(&mut C::Session, &Claim) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let (limit, job) = (self.limits.retry, self.job.clone());
        retry::until(limit, &job, || self.once(&mut work))
    }

    fn once<T>(
        &mut self,
        work: &mut impl FnMut(&mut C::Session, &Claim) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let done = self.connected().and_then(|mut session| {
            // The server counts from some instant after this one.
            let asked = Instant::now();
            let done = work(&mut session, &self.claim)?;
            Ok((session, asked, done))
        });
        self.is_lost |= matches!(done, Err(Trouble::Lost(_)));
        // What an operation that failed has left of a connection is not known.
        let (session, asked, done) = done?;
        self.session = Some(session);
        self.claim.until = asked + self.claim.time;
        self.renewal = Instant::now() + self.limits.lease / 3;
        Ok(done)
    }

    fn connected(&mut self) -> Result<C::Session, Trouble> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        let mut session = self.connect.connect(self.limits.timeouts)?;
        self.claim.epoch = session.resume(&self.claim)?;
        Ok(session)
    }

    fn release(mut self) {
        if self.is_lost {
            return;
        }
        let released = self.once(&mut |session, claim| session.release(claim));
        if let Err(trouble) = released {
            // It ends by itself.
            tracing::debug!(target: "safe_state", job = self.job, %trouble, "the lease was not given back");
        }
    }
}

/// Whether the lease of `other` can be taken: it has ended, or it is ours, taken by a try whose
/// answer was lost.
fn is_free(other: &str, ours: &str) -> bool {
    other == ours || Holder::from_line(other).is_some_and(|other| other.has_ended())
}
