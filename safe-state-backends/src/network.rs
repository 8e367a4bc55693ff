//! The common part of backends on a network.
//!
//! A backend on a network implements how it connects ([`Connect`]) and the operations in its server's language ([`Session`]).
//! [`NetworkBackend`] makes a [`Backend`] of these: leases that expire and are renewed, fences, retries, and time limits.
//!
//! - **Threads.** A lease has a thread of its own, which renews it. Some drivers have a runtime, and would panic within another
//!   one. If the caller is within a runtime, their calls are made on the lease's thread, and calls without a lease on a thread
//!   that ends with the answer. So a backend works equally from a plain function and within any async runtime.
//! - **The lease** is a row, or similar, with an epoch, which grows with each acquisition, and an end, by the server's clock.
//!   The lease is renewed each third of its time, and by each save. Another run can take it over once it has ended; or at once,
//!   if its holder is a process of the same machine that is known to have ended.
//! - **The fence.** Every operation under a lease names its epoch, and is refused with [`Error::LeaseLost`] if the lease has
//!   another epoch by then. So a run that was paused or cut off for longer than its lease lasted never overwrites the run that
//!   took over; and goes on if no run did. A new connection of the same run takes its lease up again under a new epoch, so that
//!   requests which the last connection left on their way to the server are refused as well.
//! - **Trouble** that may pass, such as a broken connection or a server that restarts, leads to new attempts, after pauses that
//!   grow, for a limited time. An append whose outcome is unknown is not repeated, and the first one on a new connection is not
//!   made: the whole checkpoint is saved instead.

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
use crate::{Backend, Error, Holder, Lease, LeaseOptions, Listing, name};
use keeper::LeaseHandle;
use overview::Overview;

pub use session::{
    AcquireRequest, Acquired, Connect, LeaseToken, Listed, Session, Timeouts, Trouble,
};

/// The time for which requests before a run has begun are repeated: nothing is lost yet, and a wrong address should be reported
/// soon.
const OPENING: Duration = Duration::from_secs(3);

/// The number of names from which on a list of all entries costs less than a look for each name.
const FEW: usize = 8;

/// A backend on the server that `C` connects to.
pub struct NetworkBackend<C> {
    connect: Arc<C>,
    limits: Limits,
}

/// The limits on time and size.
#[derive(Clone, Copy, Debug)]
struct Limits {
    lease: Duration,
    retry: Duration,
    timeouts: Timeouts,
    size: SizeLimit,
}

impl Limits {
    /// Connects, and sets the limit on checkpoints that are loaded.
    fn connect<C: Connect>(&self, connect: &C) -> Result<C::Session, Trouble> {
        let largest = self.largest()?;
        let mut session = connect.connect(self.timeouts)?;
        session.limit_size(largest);
        Ok(session)
    }

    fn largest(&self) -> Result<u64, Trouble> {
        self.size.bytes().map_err(Trouble::permanent)
    }

    /// Checks that a checkpoint may have `bytes` bytes.
    fn check(&self, bytes: usize) -> Result<(), Trouble> {
        let (bytes, largest) = (bytes as u64, self.largest()?);
        if bytes > largest { Err(Trouble::permanent(too_large(bytes, largest))) } else { Ok(()) }
    }

    /// Checks the size of a loaded checkpoint, as not every session knows the limit.
    fn checked(&self, loaded: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Trouble> {
        self.check(loaded.as_ref().map_or(0, Vec::len))?;
        Ok(loaded)
    }
}

impl<C: Connect> NetworkBackend<C> {
    /// Creates a backend on the server. It connects when a job needs it.
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

    /// Sets how long a lease lasts without renewal; 30 seconds by default. After a run was killed, a run on another machine can
    /// begin only when this time is up. A run may be cut off or paused for this time without losing its job to another.
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.limits.lease = time;
        self
    }

    /// Sets how long a save is repeated that fails for a reason that may pass; 30 seconds by default. The last attempt begins
    /// within this time, and may take as long as the timeouts say.
    pub fn retry_time(mut self, time: Duration) -> Self {
        self.limits.retry = time;
        self
    }

    /// Sets how long one attempt may take; by default, 10 seconds to connect and 30 for a statement.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.limits.timeouts = timeouts;
        self
    }

    /// Sets the largest size of a checkpoint in bytes; by default `$SAFE_STATE_MAX_CHECKPOINT`, else 1 GiB. A larger one is
    /// neither loaded nor saved.
    pub fn max_checkpoint(mut self, bytes: u64) -> Self {
        self.limits.size = SizeLimit::of(bytes);
        self
    }

    /// Asks the server a question, on a thread that ends with the answer.
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

    /// Saves under a lease of its own. Fails with [`Error::Held`] while the job runs.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.lease_of(job, LeaseOptions::default())?.save(checkpoint)
    }

    /// Removes the checkpoint under a lease of its own. Fails with [`Error::Held`] while the job runs.
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
        Ok(self.listing()?.jobs)
    }

    fn listing(&self) -> Result<Listing, Error> {
        let keys = self.ask("listing", "*", Session::list)?;
        Listing::of(keys.iter().map(String::as_str), |key| self.load_key(key))
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        let listed = self.ask("listing", "*", Session::overview)?;
        Ok(listed.map(|listed| Box::new(Overview::of(self.clone(), listed)) as _))
    }

    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        if names.len() < FEW {
            return Ok(None);
        }
        // Who may not list can still look for each name.
        let Ok(keys) = self.ask("listing", "*", Session::list) else { return Ok(None) };
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

    fn store_name(&self) -> Option<String> {
        Some(self.connect.place())
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
