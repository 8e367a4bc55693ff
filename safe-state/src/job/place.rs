//! The place of a job's checkpoint: what the job or the environment names, else the working directory, or a test's
//! memory.

use std::sync::Arc;

use safe_state_backends::{Backend, FileBackend};
use safe_state_base::Place;
use safe_state_base::place::DEFAULT_STATE_DIR;

use super::defaults::defaults;
use super::test_memory;
use crate::Error;

/// The settings of a job that decide where its checkpoint is.
#[derive(Clone, Default)]
pub(super) struct JobPlace {
    pub(super) named: Place,
    /// Whether the crate of the job's function is compiled for its own tests.
    pub(super) is_of_test: bool,
}

/// The backend of a job's checkpoint, and what decided on it.
pub(super) enum Stored {
    /// A place that the job, a trial, the defaults or the environment names.
    Named(Arc<dyn Backend>),
    /// Memory, because a test calls the job and names no place.
    OfTest(Arc<dyn Backend>),
    /// The working directory, because nothing names a place.
    Default(Arc<dyn Backend>),
}

impl JobPlace {
    /// Returns the backend with its pages in the folder that the job, the defaults or the environment names, if any
    /// does.
    pub(super) fn with_pages(&self, backend: Arc<dyn Backend>) -> Arc<dyn Backend> {
        let page_dir = self.named.page_dir.clone().or_else(|| defaults().page_dir);
        Place { page_dir, ..Place::default() }.with_pages(backend)
    }

    pub(super) fn stored(&self, job: &str) -> Result<Stored, Error> {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Ok(Stored::Named(backend));
        }
        let is_named = self.named.backend.is_some() || self.named.dir.is_some();
        if let Some(place) = defaults().place().filter(|_| !is_named) {
            return place.clone().map(Stored::Named).map_err(Error::NoBackend);
        }
        Ok(match self.named.named(job)? {
            Some(backend) => Stored::Named(backend),
            None if self.is_of_test || test_memory::is_test() => {
                Stored::OfTest(test_memory::memory())
            }
            None => Stored::Default(Arc::new(FileBackend::new(DEFAULT_STATE_DIR))),
        })
    }

    /// Returns the backend if the checkpoint is in memory that is known to this thread alone.
    pub(super) fn of_thread(&self, job: &str) -> Result<Option<Arc<dyn Backend>>, Error> {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Ok(Some(backend));
        }
        Ok(match self.stored(job)? {
            Stored::OfTest(backend) => Some(backend),
            Stored::Named(_) | Stored::Default(_) => None,
        })
    }
}

impl Stored {
    pub(super) fn backend(self) -> Arc<dyn Backend> {
        match self {
            Stored::Named(backend) | Stored::OfTest(backend) | Stored::Default(backend) => backend,
        }
    }
}
