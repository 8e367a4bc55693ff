//! What is stored of a job that many workers share, as of now: a copy of the store that gives what is older would have a slice
//! or a step done twice, or leave out what variables were at its end.

use std::collections::BTreeMap;

use super::{PATIENCE, SharedJob};
use crate::store::Opening;
use crate::{Checkpoint, Error, Lease};

impl SharedJob {
    /// The head as of now, by the lease of a slice.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the lease is held no more.
    pub fn head_by(&self, slice: &mut Opening) -> Result<Option<Checkpoint>, Error> {
        Ok(slice.found_under(&self.job)?.filter(|head| self.is_of(head)))
    }

    /// The head as of now, by the lease of a step.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the lease is held no more.
    pub fn head_by_step(&self, step: &mut dyn Lease) -> Result<Option<Checkpoint>, Error> {
        let head = Checkpoint::load_current(step, &*self.backend, &self.job)?;
        Ok(head.filter(|head| self.is_of(head)))
    }

    /// The head as of now, by its own lease.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn head_now(&self) -> Result<Option<Checkpoint>, Error> {
        self.change(|head| Ok((None, head)))
    }

    /// What is stored of slices that are finished, as of now: of those of which something is. It is read by the lease of one of
    /// them, which nobody has for long.
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
        let Some((first, _)) = slices.split_first() else { return Ok(found) };
        let free = slices.iter().find_map(|slice| match self.claim(loop_id, *slice) {
            Err(Error::Held { .. }) => None,
            claimed => Some(claimed),
        });
        let mut free = match free {
            Some(claimed) => claimed?,
            None => self.while_held(&self.slice_name(loop_id, *first), PATIENCE)?,
        };
        for slice in slices {
            if let Some(stored) = free.found_under(&self.slice_name(loop_id, *slice))? {
                found.insert(*slice, stored);
            }
        }
        Ok(found)
    }
}
