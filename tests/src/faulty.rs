//! Provides a backend that can be told to fail.

use std::collections::BTreeSet;
use std::sync::Mutex;

use safe_state::MemoryBackend;
use safe_state::backend::{Backend, Error};

/// A backend that keeps checkpoints in memory, until it is told to break.
#[derive(Debug, Default)]
pub struct Faulty {
    inner: MemoryBackend,
    broken: Mutex<BTreeSet<&'static str>>,
}

impl Faulty {
    /// Makes only the operations with these names fail from now on.
    ///
    /// # Panics
    ///
    /// If another thread has panicked in an operation of this backend.
    pub fn break_only(&self, operations: &[&'static str]) {
        *self.broken.lock().unwrap() = operations.iter().copied().collect();
    }

    fn check(&self, action: &'static str, job: &str) -> Result<(), Error> {
        if self.broken.lock().unwrap().contains(action) {
            let source = "the disk is on fire".into();
            return Err(Error::Backend { action, job: job.to_owned(), source });
        }
        Ok(())
    }
}

impl Backend for Faulty {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.check("loading", job)?;
        self.inner.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.check("saving", job)?;
        self.inner.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.check("deleting", job)?;
        self.inner.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.inner.exists(job)
    }
}
