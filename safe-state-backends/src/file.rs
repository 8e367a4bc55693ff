//! The file backend, which is the default.

#[cfg(test)]
mod crash;
mod fs;
mod lease;
mod log;
mod overview;
#[cfg(target_os = "linux")]
mod page_dir;
#[cfg(target_os = "linux")]
mod paged;
#[cfg(not(target_os = "linux"))]
#[path = "file/unpaged.rs"]
mod paged;
mod state_dir;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;

use crate::dir;
use crate::lease::lock;
use crate::{Backend, Durability, Error, Holder, Lease, LeaseOptions, Listing};
use lease::FileLease;
use log::{Log, LogFile};
use overview::Overview;
#[cfg(target_os = "linux")]
pub use page_dir::{extend_by_page, with_pages_in};
use paged::Beside;
#[cfg(not(target_os = "linux"))]
pub use paged::{extend_by_page, with_pages_in};
pub use state_dir::FileBackend;
use state_dir::{file_of, lock_of};

impl FileBackend {
    fn take_lease(&self, job: &str, options: LeaseOptions) -> Result<FileLease, Error> {
        let lock = self.lock(job)?;
        let dir = self.state_dir.clone();
        let (durability, limit) = (options.durability, self.limit);
        let file = LogFile { dir, name: file_of(job), durability, limit };
        let log = Log::new(Arc::clone(lock.dir()), file);
        let (backend, page, job) = (self.clone(), Beside::of(job), job.to_owned());
        Ok(FileLease { log, lock, backend, job, page, beside: Vec::new() })
    }
}

impl Backend for FileBackend {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let existing = self.existing().map_err(Error::io("read", self.path_of(job)))?;
        existing.map_or(Ok(None), |dir| Ok(paged::read(self, &dir, job)?.checkpoint))
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.take_lease(job, LeaseOptions::new(Durability::Power))?.save(checkpoint)
    }

    /// Removes the checkpoint and its page. Fails with [`Error::Held`] while the job runs.
    fn delete(&self, job: &str) -> Result<(), Error> {
        if !self.exists(job)? {
            return Ok(());
        }
        self.take_lease(job, LeaseOptions::new(Durability::Power))?.delete()
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        let exists =
            self.existing().and_then(|dir| dir.map_or(Ok(false), |dir| dir.has(&file_of(job))));
        exists.map_err(Error::io("look for", self.path_of(job)))
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Ok(Box::new(self.take_lease(job, options)?))
    }

    /// Lists the jobs. A name that was too long for a file name is read from the checkpoint.
    fn list(&self) -> Result<Vec<String>, Error> {
        Ok(self.listing()?.jobs)
    }

    fn listing(&self) -> Result<Listing, Error> {
        self.listing_of(&self.names()?)
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        Ok(Overview::of(self)?.map(|it| Box::new(it) as Box<dyn Backend>))
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        lock::holder(&self.state_dir.join(lock_of(job)))
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        Some(self.path_of(job))
    }

    fn page_place(&self) -> Option<String> {
        Some(format!("file:{}", dir::absolute(&self.state_dir).display()))
    }
}
