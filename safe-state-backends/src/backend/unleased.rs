//! What stands for a lease where there is none.

use std::sync::Arc;

use super::{Appended, Backend, Lease};
use crate::Error;

/// The lease of a backend that has none.
pub(super) struct Unleased<B: ?Sized> {
    pub(super) backend: Arc<B>,
    pub(super) job: String,
}

impl<B: Backend + ?Sized> Lease for Unleased<B> {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.backend.save(&self.job, checkpoint)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.backend.append(&self.job, record)
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.backend.delete(&self.job)
    }
}
