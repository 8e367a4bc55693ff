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

mod access;
mod acquire;
#[cfg(any(feature = "postgres-tls", feature = "mysql-tls"))]
pub(crate) mod authorities;
#[cfg(test)]
mod fake;
mod holder;
mod idle;
mod keeper;
mod limits;
mod overview;
#[cfg(any(feature = "redis-tls", feature = "object-store-url"))]
pub(crate) mod provider;
mod retry;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "object-store"))]
pub(crate) mod runtime;
mod server;
mod session;
mod settle;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod ssl;
#[cfg(test)]
mod tests;
mod transactions;

use std::collections::BTreeSet;
use std::sync::Arc;

use keeper::LeaseHandle;
use overview::Overview;
use safe_state_backends::name;
use safe_state_backends::{Backend, Error, Holder, Lease, LeaseOptions, Listing};

pub use server::NetworkBackend;
pub use session::{
    AcquireRequest, Acquired, Connect, LeaseToken, Listed, Session, Timeouts, Trouble,
};

/// The number of names from which on one list of all entries costs less than a request for each name.
const FEW: usize = 8;

impl<C: Connect> NetworkBackend<C> {
    fn lease_of(&self, job: &str, options: LeaseOptions) -> Result<LeaseHandle<C>, Error> {
        if job.is_empty() {
            return Err(Error::EmptyName);
        }
        LeaseHandle::lease(&self.access, job, options)
    }
}

impl<C: Connect> Backend for NetworkBackend<C> {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = name::encode(job);
        self.ask("loading", job, |session| self.access.limits.checked(session.load(&key)?))
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
        // A user who may not list the entries may still ask for each name.
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
        Some(self.access.connect.place())
    }

    fn page_place(&self) -> Option<String> {
        Some(self.access.connect.page_place())
    }
}
