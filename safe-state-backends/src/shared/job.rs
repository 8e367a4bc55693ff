//! A handle to a job that many workers share: its leases, and its head.
//!
//! Workers read by a lease, so that no copy of the store that is behind answers: an older head would have a slice or a step done
//! twice, and an older slice would leave out values of variables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, process};

use super::head::Head;
use crate::format::FormatError;
use crate::lease::wait;
use crate::loading;
use crate::name::{RESERVED, check_job};
use crate::store::Opening;
use crate::timestamp::Timestamp;
use crate::{Backend, Checkpoint, Error, Lease, LeaseOptions, Store};

/// The time to wait for others that write the head. Each takes a moment.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST_PAUSE: Duration = Duration::from_millis(40);
/// The number of times that a worker begins to change the head, if it loses the head's lease each time.
const LOST_AT_MOST: u32 = 8;
/// The number of names by whose leases workers read. A worker takes the one that its process id chooses.
const READERS: u32 = 64;

/// A job that many workers share, in its backend.
#[derive(Clone)]
pub struct SharedJob {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) job: String,
    options: LeaseOptions,
    /// The time when the head that is meant began; `None` means any head.
    began: Option<Timestamp>,
}

impl fmt::Debug for SharedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedJob").field("job", &self.job).finish_non_exhaustive()
    }
}

impl SharedJob {
    /// Creates a handle to the job `job` in the backend. Its leases are taken with `options`, but never waited for.
    ///
    /// # Errors
    ///
    /// No job can have this name.
    pub fn new(backend: Arc<dyn Backend>, job: &str, options: LeaseOptions) -> Result<Self, Error> {
        check_job(job)?;
        Ok(SharedJob { backend, job: job.to_owned(), options: options.wait(None), began: None })
    }

    /// Restricts the handle to the job that began with `head`: a job that begins anew after it was cleared is another.
    #[must_use]
    pub fn of(self, head: &Checkpoint) -> Self {
        SharedJob { began: Some(head.started_at), ..self }
    }

    /// Returns the job's name.
    pub fn name(&self) -> &str {
        &self.job
    }

    /// Returns the backend that stores the job.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Returns the head; `None` if the job has not begun, or was cleared. Takes no lease, so a replica of the store may return an
    /// older head.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn head(&self) -> Result<Option<Head>, Error> {
        Ok(self.meant(loading::load(&*self.backend, &self.job)?))
    }

    /// Returns the current head, read by the lease of a slice.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the lease is no longer held.
    pub fn head_by(&self, slice: &mut Opening) -> Result<Option<Head>, Error> {
        Ok(self.meant(slice.found_under(&self.job)?))
    }

    /// Returns the current head, read by the lease of a step.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the lease is no longer held.
    pub fn head_by_step(&self, step: &mut dyn Lease) -> Result<Option<Head>, Error> {
        Ok(self.meant(loading::load_current(step, &*self.backend, &self.job)?))
    }

    /// Returns the current head, read by its own lease.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn head_now(&self) -> Result<Option<Head>, Error> {
        self.change(|head| Ok((None, head)))
    }

    /// Returns the checkpoints of finished slices as of now, for those that have one. They are read by a lease of a name for
    /// reading, so that a worker that reads keeps nobody from a slice, and few workers wait for one another.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn finished_slices(
        &self,
        loop_id: u16,
        slices: &[u32],
    ) -> Result<BTreeMap<u32, Checkpoint>, Error> {
        let mut found = BTreeMap::new();
        if slices.is_empty() {
            return Ok(found);
        }
        let name = format!("{RESERVED}shared/read/{}/{}", process::id() % READERS, self.job);
        let mut reading = self.while_held(&name, PATIENCE)?;
        for slice in slices {
            if let Some(stored) = reading.found_under(&self.slice_name(loop_id, *slice))? {
                found.insert(*slice, stored);
            }
        }
        Ok(found)
    }

    /// Returns what is stored under the job's name as a head, if it is the head that is meant.
    fn meant(&self, stored: Option<Checkpoint>) -> Option<Head> {
        let is_meant = |head: &Head| {
            self.began.is_none_or(|began| began == head.started_at && !head.is_being_cleared())
        };
        stored.map(Head::from).filter(is_meant)
    }

    /// Changes the head under its lease. `change` takes the stored head and returns the new one, or `None` to leave it. It is
    /// called again if the lease was lost before the new head was written.
    ///
    /// # Errors
    ///
    /// The error of `change`; or the backend cannot be read or written.
    pub fn change<T, E: From<Error>>(
        &self,
        change: impl FnMut(Option<Head>) -> Result<(Option<Head>, T), E>,
    ) -> Result<T, E> {
        self.change_within(PATIENCE, change)
    }

    /// Changes the head under its lease, and waits for that lease no longer than `patience`.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another worker has the head for longer; the error of `change`; or the backend cannot be read or
    /// written.
    pub fn change_within<T, E: From<Error>>(
        &self,
        patience: Duration,
        mut change: impl FnMut(Option<Head>) -> Result<(Option<Head>, T), E>,
    ) -> Result<T, E> {
        let mut changed = self.changed(patience, &mut change)?;
        for _ in 1..LOST_AT_MOST {
            if changed.is_ok() {
                break;
            }
            changed = self.changed(patience, &mut change)?;
        }
        Ok(changed?)
    }

    /// Tries once to change the head. The inner error is that the head's lease was lost.
    fn changed<T, E: From<Error>>(
        &self,
        patience: Duration,
        change: &mut impl FnMut(Option<Head>) -> Result<(Option<Head>, T), E>,
    ) -> Result<Result<T, Error>, E> {
        let lost = |error| match error {
            lost @ Error::LeaseLost { .. } => Ok(lost),
            other => Err(E::from(other)),
        };
        let opening = match self.while_held(&self.job, patience) {
            Ok(opening) => opening,
            Err(error) => return lost(error).map(Err),
        };
        let (head, given) = change(self.meant(opening.found().cloned()))?;
        match head.map(|head| opening.begin_shared(head.into())) {
            Some(Err(error)) => lost(error).map(Err),
            _ => Ok(Ok(given)),
        }
    }

    /// Takes the lease on a slice, and loads its checkpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another worker has the slice; or the backend cannot be read.
    pub fn claim(&self, loop_id: u16, slice: u32) -> Result<Opening, Error> {
        let name = self.slice_name(loop_id, slice);
        Store::open_named(&self.backend, &name, self.options)
    }

    /// Returns the name under which a slice under way is stored.
    pub fn slice_name(&self, loop_id: u16, slice: u32) -> String {
        name_of_slice(&self.job, loop_id, slice)
    }

    /// Takes the lease on a step, held by the worker that does the step.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another worker has the step; or the backend cannot be read.
    pub fn claim_step(&self, step: &str) -> Result<Box<dyn Lease>, Error> {
        let name = format!("{RESERVED}shared/step/{step:?}/{}", self.job);
        Arc::clone(&self.backend).lease(&name, self.options)
    }

    /// Takes the lease on a slice, so that no worker has it. The error names the job instead of the slice.
    pub(super) fn of_nobody(&self, loop_id: u16, slice: u32) -> Result<Opening, Error> {
        self.claim(loop_id, slice).map_err(|error| match error {
            Error::Held { holder, .. } => Error::Held { job: self.job.clone(), holder },
            other => other,
        })
    }

    /// Makes the error of a head that can't be written.
    pub fn unwritable(&self, reason: FormatError) -> Error {
        Error::unwritable(&*self.backend, &self.job, reason)
    }

    pub(super) fn while_held(&self, name: &str, patience: Duration) -> Result<Opening, Error> {
        wait::while_held(patience, LONGEST_PAUSE, || {
            Store::open_named(&self.backend, name, self.options)
        })
    }
}

/// Returns the name under which a slice of a job is stored while it is under way.
pub(super) fn name_of_slice(job: &str, loop_id: u16, slice: u32) -> String {
    format!("{RESERVED}shared/{loop_id}/{slice}/{job}")
}
