//! Where a job's checkpoint is: what the job or the environment names, else the working directory, or a test's memory.

use std::sync::Arc;

use safe_state_backends::{Backend, FileBackend};
use safe_state_base::place::DEFAULT_STATE_DIR;

use super::{Job, Unnamed, test_memory};
use crate::Error;

/// Where a checkpoint is.
pub(crate) enum Stored {
    /// Where the job, a trial or the environment says.
    Named(Arc<dyn Backend>),
    /// In memory: the job is called by a test, which names no place.
    OfTest(Arc<dyn Backend>),
    /// In the working directory, as nothing says where.
    Default(Arc<dyn Backend>),
}

impl Job {
    /// The job for another thread: the memory of a trial or a test is known to its own alone.
    pub(crate) fn for_another_thread(&self) -> Job {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            let mut job = self.clone();
            job.storage.place = safe_state_base::Place::default();
            return job.backend(backend);
        }
        match self.stored() {
            Ok(Stored::OfTest(backend)) => self.clone().backend(backend),
            _ => self.clone(),
        }
    }

    pub(crate) fn stored_in(&self) -> Result<Arc<dyn Backend>, Error> {
        self.stored().map(|stored| match stored {
            Stored::Named(backend) | Stored::OfTest(backend) | Stored::Default(backend) => backend,
        })
    }

    pub(crate) fn stored(&self) -> Result<Stored, Error> {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Ok(Stored::Named(backend));
        }
        let is_test = || self.storage.unnamed == Unnamed::Memory || test_memory::is_test();
        Ok(match self.storage.place.named(&self.name)? {
            Some(backend) => Stored::Named(backend),
            None if is_test() => Stored::OfTest(test_memory::memory()),
            None => Stored::Default(Arc::new(FileBackend::new(DEFAULT_STATE_DIR))),
        })
    }
}
