//! The backend under test.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Appended, Backend, Error, Lease, LeaseOptions};

type Open = dyn Fn() -> Arc<dyn Backend> + Send + Sync;
type Lapse = dyn Fn(&str) + Send + Sync;

/// A backend under test, with the capabilities that it claims.
pub struct Subject {
    pub(super) open: Box<Open>,
    pub(super) has_leases: bool,
    pub(super) has_list: bool,
    pub(super) lapse: Option<Box<Lapse>>,
    pub(super) follows_within: Duration,
}

impl Subject {
    /// Creates a subject from a function that opens the backend. Each call has to return another handle to the same store, as
    /// another process would have one. The store must be empty.
    pub fn new(open: impl Fn() -> Arc<dyn Backend> + Send + Sync + 'static) -> Self {
        Subject {
            open: Box::new(open),
            has_leases: true,
            has_list: true,
            lapse: None,
            follows_within: Duration::from_secs(1),
        }
    }

    /// Declares that the backend does not exclude a second run of a job.
    pub fn without_leases(mut self) -> Self {
        self.has_leases = false;
        self
    }

    /// Declares that the backend does not list its jobs.
    pub fn without_list(mut self) -> Self {
        self.has_list = false;
        self
    }

    /// Declares that the leases are fenced. `lapse` ends the lease of a job that another run holds: it sets the expiry back,
    /// removes the lock, or waits.
    pub fn lapse(mut self, lapse: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.lapse = Some(Box::new(lapse));
        self
    }

    /// Sets the time after which the job of a killed process is free; one second by default.
    pub fn follows_within(mut self, time: Duration) -> Self {
        self.follows_within = time;
        self
    }

    pub(super) fn open(&self) -> Arc<dyn Backend> {
        (self.open)()
    }

    pub(super) fn try_lease(&self, job: &str) -> Result<Box<dyn Lease>, Error> {
        self.open().lease(job, LeaseOptions::default())
    }

    pub(super) fn lease(&self, job: &str) -> Box<dyn Lease> {
        self.try_lease(job).unwrap_or_else(|error| panic!("no lease on {job:?}: {error}"))
    }

    pub(super) fn load(&self, job: &str) -> Option<Vec<u8>> {
        load(&*self.open(), job)
    }
}

/// Loads a checkpoint without the zeros that may follow it. No checkpoint of these tests ends in a zero.
pub(super) fn load(backend: &dyn Backend, job: &str) -> Option<Vec<u8>> {
    let mut stored = backend.load(job).unwrap()?;
    let zeros = stored.iter().rev().take_while(|byte| **byte == 0).count();
    stored.truncate(stored.len() - zeros);
    Some(stored)
}

/// Saves a record as a run does: the whole checkpoint, if the backend can't append.
pub(super) fn save_more(lease: &mut dyn Lease, whole: &[u8], record: &[u8]) {
    if lease.append(record).unwrap() == Appended::No {
        lease.save(&[whole, record].concat()).unwrap();
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}
