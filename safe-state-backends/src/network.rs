//! Backends on a network: what they share.
//!
//! Such a backend says how it connects ([`Connect`]) and what each operation is in its server's
//! language ([`Session`]). [`NetworkBackend`] makes a [`Backend`] of that: leases that expire and
//! are renewed, fences, retries, and time limits.
//!
//! - **Threads.** A lease has a thread of its own, which renews it. A driver that has a runtime, and
//!   would panic within another, is called on that thread if the caller is within one; what is asked
//!   without a lease is asked on a thread that ends with the answer. So a backend works the same from
//!   a plain function and within any async runtime.
//! - **The lease** is a row, or the like, with an epoch, which grows with each acquisition, and an
//!   end, on the server's clock. It is renewed each third of its time, and each save does.
//!   It can be taken over once it has ended; or at once, if its holder is a process of the same
//!   machine that is known to have ended.
//! - **The fence.** Every operation under a lease says its epoch, and is refused with
//!   [`Error::LeaseLost`] if the lease has another by then. So a run that was paused or cut off
//!   for longer than its lease lasted never overwrites the one that took over; and goes on if
//!   none did.
//!   A new connection of the same run takes its lease up again under a new epoch, so that what the
//!   last one left on its way to the server is refused as well.
//! - **Trouble** that may pass, a broken connection or a server that restarts, is met with new
//!   tries, after pauses that grow, for a limited time. An append whose outcome is not known is
//!   not tried again, and the first on a new connection is not made: the whole is saved instead.

mod acquire;
#[cfg(any(feature = "postgres-tls", feature = "mysql-tls"))]
pub(crate) mod authorities;
#[cfg(test)]
mod fake;
mod keeper;
mod overview;
#[cfg(any(feature = "redis-tls", feature = "object-store-url"))]
pub(crate) mod provider;
mod retry;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "object-store"))]
pub(crate) mod runtime;
mod session;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod ssl;
#[cfg(test)]
mod tests;
mod transactions;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::size::{SizeLimit, too_large};
use crate::{Backend, Error, Holder, Lease, LeaseOptions, name};
use keeper::LeaseHandle;
use overview::Overview;

pub use session::{
    AcquireRequest, Acquired, Connect, LeaseToken, Listed, Session, Timeouts, Trouble,
};

/// How long what is asked before a run has begun is tried: nothing is lost yet, and a wrong
/// address should be told soon.
const OPENING: Duration = Duration::from_secs(3);

/// As many names cost less to look for one by one than a list of all.
const FEW: usize = 8;

/// The backend on the server that `C` connects to.
pub struct NetworkBackend<C> {
    connect: Arc<C>,
    limits: Limits,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    lease: Duration,
    retry: Duration,
    timeouts: Timeouts,
    size: SizeLimit,
}

impl Limits {
    /// A connection, which loads no checkpoint that is too large.
    fn connect<C: Connect>(&self, connect: &C) -> Result<C::Session, Trouble> {
        let largest = self.largest()?;
        let mut session = connect.connect(self.timeouts)?;
        session.limit_size(largest);
        Ok(session)
    }

    fn largest(&self) -> Result<u64, Trouble> {
        self.size.bytes().map_err(Trouble::permanent)
    }

    /// Fails if so many bytes are too many for a checkpoint.
    fn check(&self, bytes: usize) -> Result<(), Trouble> {
        let (bytes, largest) = (bytes as u64, self.largest()?);
        if bytes > largest { Err(Trouble::permanent(too_large(bytes, largest))) } else { Ok(()) }
    }

    /// What was loaded, by a session that may know of no limit.
    fn checked(&self, loaded: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Trouble> {
        self.check(loaded.as_ref().map_or(0, Vec::len))?;
        Ok(loaded)
    }
}

impl<C: Connect> NetworkBackend<C> {
    /// The backend on that server. It is connected to when a job needs it.
    pub fn on(connect: C) -> Self {
        let limits = Limits {
            lease: Duration::from_secs(30),
            retry: Duration::from_secs(30),
            timeouts: Timeouts::default(),
            size: SizeLimit::default(),
        };
        NetworkBackend { connect: Arc::new(connect), limits }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn connect(&self) -> &C {
        &self.connect
    }

    #[cfg(any(feature = "redis", feature = "postgres", feature = "mysql"))]
    pub(crate) fn connect_mut(&mut self) -> &mut C
    where
        C: Clone,
    {
        Arc::make_mut(&mut self.connect)
    }

    /// How long a lease lasts that is not renewed; 30 seconds by default. So long after a run was
    /// killed another can begin, if the two are not on one machine; and so long a run may be cut
    /// off or paused without losing its job to another.
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.limits.lease = time;
        self
    }

    /// How long a save is tried again that fails for a reason that may pass; 30 seconds by default.
    /// The last try begins within this time, and may take as long as the timeouts say.
    pub fn retry_time(mut self, time: Duration) -> Self {
        self.limits.retry = time;
        self
    }

    /// How long one try may take; by default, 10 seconds to connect and 30 for a statement.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.limits.timeouts = timeouts;
        self
    }

    /// How many bytes a checkpoint may have; by default what `$SAFE_STATE_MAX_CHECKPOINT` says, else 1 GiB. A
    /// larger one is neither loaded nor saved.
    pub fn max_checkpoint(mut self, bytes: u64) -> Self {
        self.limits.size = SizeLimit::of(bytes);
        self
    }

    /// Asks the server something, on a thread that ends with the answer.
    fn ask<T: Send>(
        &self,
        action: &'static str,
        job: &str,
        question: impl Fn(&mut C::Session) -> Result<T, Trouble> + Send,
    ) -> Result<T, Error> {
        let trouble = Trouble::at(action, job, &*self.connect);
        let limit = OPENING.min(self.limits.retry);
        let ask = move || {
            let once = || question(&mut self.limits.connect(&*self.connect)?);
            retry::until(limit, job, once)
        };
        let answer = thread::scope(|scope| {
            let asking =
                thread::Builder::new().spawn_scoped(scope, ask).map_err(Trouble::permanent)?;
            asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        answer.map_err(trouble)
    }

    fn load_key(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.ask("loading", key, |session| self.limits.checked(session.load(key)?))
    }

    fn lease_of(&self, job: &str, options: LeaseOptions) -> Result<LeaseHandle<C>, Error> {
        if job.is_empty() {
            return Err(Error::EmptyName);
        }
        LeaseHandle::lease(&self.connect, self.limits, job, options)
    }
}

impl<C: Connect> Backend for NetworkBackend<C> {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = name::encode(job);
        self.ask("loading", job, |session| self.limits.checked(session.load(&key)?))
    }

    /// Fails with [`Error::Held`] while the job runs.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.lease_of(job, LeaseOptions::default())?.save(checkpoint)
    }

    /// Fails with [`Error::Held`] while the job runs.
    fn delete(&self, job: &str) -> Result<(), Error> {
        if self.exists(job)? {
            self.lease_of(job, LeaseOptions::default())?.delete()?;
        }
        Ok(())
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        let key = name::encode(job);
        self.ask("looking", job, |session| session.exists(&key))
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Ok(Box::new(self.lease_of(job, options)?))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        let keys = self.ask("listing", "*", Session::list)?;
        let mut jobs = Vec::new();
        for key in keys {
            let load = || self.load_key(&key);
            jobs.extend(name::job(&key, load)?);
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        let listed = self.ask("listing", "*", Session::overview)?;
        Ok(listed.map(|listed| Box::new(Overview::of(self.clone(), listed)) as _))
    }

    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        if names.len() < FEW {
            return Ok(None);
        }
        let keys = self.ask("listing", "*", Session::list)?;
        let keys: BTreeSet<String> = keys.into_iter().collect();
        let stored = names.iter().filter(|name| keys.contains(&name::encode(name)));
        Ok(Some(stored.cloned().collect()))
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let key = name::encode(job);
        let line = self.ask("looking", job, |session| session.held_by(&key))?;
        let holder = line.as_deref().and_then(Holder::from_line);
        Ok(holder.filter(|holder| !holder.has_ended()))
    }

    fn page_place(&self) -> Option<String> {
        Some(self.connect.page_place())
    }
}

impl<C> Clone for NetworkBackend<C> {
    fn clone(&self) -> Self {
        NetworkBackend { connect: Arc::clone(&self.connect), limits: self.limits }
    }
}

impl<C: Connect> fmt::Debug for NetworkBackend<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkBackend")
            .field("place", &self.connect.place())
            .field("limits", &self.limits)
            .finish()
    }
}
