//! The backend in memory, for tests and for jobs that resume within one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::name::{REQUEST, is_reserved};
use crate::{Appended, Backend, Error, Holder, Lease, LeaseOptions, Listing};

/// A backend that keeps checkpoints in this process's memory. They survive an error or a panic, but not the end of the process.
///
/// ```
/// use std::sync::Arc;
/// use safe_state_backends::{Backend, MemoryBackend};
///
/// let backend = Arc::new(MemoryBackend::default());
/// backend.save("job", b"bytes")?;
/// assert_eq!(backend.load("job")?.as_deref(), Some(&b"bytes"[..]));
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryBackend {
    entries: Mutex<BTreeMap<String, Entry>>,
}

#[derive(Debug, Default)]
struct Entry {
    checkpoint: Option<Vec<u8>>,
    holder: Option<Holder>,
}

impl MemoryBackend {
    /// Locks the map. A panic under the lock does not spoil it, as an entry is whole at every instant.
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for MemoryBackend {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.entries().get(job).and_then(|entry| entry.checkpoint.clone()))
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.entries().entry(job.to_owned()).or_default().checkpoint = Some(checkpoint.to_vec());
        Ok(())
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        if let Some(entry) = self.entries().get_mut(job) {
            entry.checkpoint = None;
        }
        Ok(())
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.entries().get(job).is_some_and(|entry| entry.checkpoint.is_some()))
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        match self.entries().get_mut(job).and_then(|entry| entry.checkpoint.as_mut()) {
            Some(checkpoint) => {
                checkpoint.extend_from_slice(record);
                Ok(Appended::Yes)
            }
            None => Ok(Appended::No),
        }
    }

    fn lease(self: Arc<Self>, job: &str, _: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        if job.is_empty() {
            return Err(Error::EmptyName);
        }
        let mut entries = self.entries();
        let entry = entries.entry(job.to_owned()).or_default();
        if let Some(holder) = &entry.holder {
            return Err(Error::Held {
                job: job.to_owned(),
                holder: Some(Box::new(holder.clone())),
            });
        }
        entry.holder = Some(Holder::this_process());
        drop(entries);
        Ok(Box::new(MemoryLease { backend: self, job: job.to_owned(), has_saved: false }))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        Ok(self.listing()?.jobs)
    }

    fn listing(&self) -> Result<Listing, Error> {
        let entries = self.entries();
        let stored = entries.iter().filter(|(_, entry)| entry.checkpoint.is_some());
        let names: Vec<&String> = stored.map(|(name, _)| name).collect();
        let jobs = names.iter().filter(|name| !is_reserved(name)).map(|job| (*job).clone());
        let asked = names.iter().filter_map(|name| name.strip_prefix(REQUEST));
        Ok(Listing { jobs: jobs.collect(), asked: asked.map(str::to_owned).collect() })
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        Ok(self.entries().get(job).and_then(|entry| entry.holder.clone()))
    }

    fn store_name(&self) -> Option<String> {
        Some("memory".to_owned())
    }
}

struct MemoryLease {
    backend: Arc<MemoryBackend>,
    job: String,
    has_saved: bool,
}

impl Lease for MemoryLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.has_saved = true;
        self.backend.save(&self.job, checkpoint)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        if self.has_saved { self.backend.append(&self.job, record) } else { Ok(Appended::No) }
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.backend.delete(&self.job)
    }
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        let mut entries = self.backend.entries();
        match entries.get_mut(&self.job) {
            Some(entry) if entry.checkpoint.is_some() => entry.holder = None,
            _ => drop(entries.remove(&self.job)),
        }
    }
}
