//! Reads of a shared job by a lease, so that no copy of the store that is behind answers: an older head would have a slice
//! or a step done twice, and an older slice would leave out values of variables.

use std::collections::BTreeMap;
use std::process;

use super::{PATIENCE, SharedJob};
use crate::name::RESERVED;
use crate::store::Opening;
use crate::{Checkpoint, Error, Lease};

/// The number of names by whose leases workers read. A worker takes the one that its process id chooses.
const READERS: u32 = 64;

impl SharedJob {
    /// Returns the current head, read by the lease of a slice.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the lease is no longer held.
    pub fn head_by(&self, slice: &mut Opening) -> Result<Option<Checkpoint>, Error> {
        Ok(slice.found_under(&self.job)?.filter(|head| self.is_of(head)))
    }

    /// Returns the current head, read by the lease of a step.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the lease is no longer held.
    pub fn head_by_step(&self, step: &mut dyn Lease) -> Result<Option<Checkpoint>, Error> {
        let head = Checkpoint::load_current(step, &*self.backend, &self.job)?;
        Ok(head.filter(|head| self.is_of(head)))
    }

    /// Returns the current head, read by its own lease.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn head_now(&self) -> Result<Option<Checkpoint>, Error> {
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
}
