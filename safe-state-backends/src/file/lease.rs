//! The lease of a job whose checkpoint is in a file.

use std::sync::Arc;

use super::log::Log;
use super::paged::{self, Beside};
use super::state_dir::{FileBackend, file_of};
use crate::dir::Dir;
use crate::lease::lock::Lock;
use crate::{Appended, Backend, Error, Lease};
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page};

/// A lease on a job in a file. Fields drop in order: the file is closed before the lock is released.
pub(super) struct FileLease {
    pub(super) log: Log<Arc<Dir>>,
    pub(super) lock: Lock,
    pub(super) backend: FileBackend,
    pub(super) job: String,
    pub(super) page: Beside,
    /// Other data that the job needs, by the names under which it is stored.
    pub(super) beside: Vec<(String, Vec<u8>)>,
}

impl Lease for FileLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.save_pieces(&[checkpoint])
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.append_pieces(&[record])
    }

    fn save_pieces(&mut self, checkpoint: &[&[u8]]) -> Result<(), Error> {
        self.page.says_more();
        // If the directory was removed, the state in memory is all there is. It goes into a new directory, unless another run
        // has taken the lease there.
        if !self.lock.stands()? {
            self.begin_anew()?;
        }
        let FileLease { log, lock, job, page, .. } = self;
        log.save(checkpoint, || lock.check(job))?;
        page.is_replaced(|| Some(&**lock.dir()));
        Ok(())
    }

    fn append_pieces(&mut self, record: &[&[u8]]) -> Result<Appended, Error> {
        self.page.says_more();
        let appended = self.log.append(record)?;
        if appended == Appended::Yes {
            self.page.is_saved();
        }
        Ok(appended)
    }

    fn is_in_place(&mut self) -> bool {
        self.lock.stands().unwrap_or(true) && self.log.is_in_place()
    }

    fn delete(&mut self) -> Result<(), Error> {
        let FileLease { log, lock, job, page, .. } = self;
        log.delete(|| lock.check(job))?;
        page.remove(lock.dir());
        Ok(())
    }

    fn load(&mut self, _: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let read = paged::read(&self.backend, self.lock.dir(), job)?;
        Ok(read.told(job))
    }

    fn paged_file(&self) -> Option<(u64, u64)> {
        self.log.file().and_then(paged::numbers)
    }

    #[cfg(target_os = "linux")]
    fn page(&mut self, base: Base) -> Result<Option<Page>, Error> {
        self.lock.check(&self.job)?;
        self.page.make(self.lock.dir(), base)
    }

    fn is_paged(&mut self) {
        self.page.says_more();
    }

    fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.beside.retain(|(kept, _)| kept != name);
        self.beside.push((name.to_owned(), bytes.to_owned()));
    }

    /// Loads from the directory that is open already.
    fn load_other(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.backend.read_in(self.lock.dir(), &file_of(name))
    }
}

/// Removes a page that holds no more than the file, unless another run has the lease by now, and a page of its own.
impl Drop for FileLease {
    fn drop(&mut self) {
        if self.page.is_done_with() && self.lock.check(&self.job).is_ok() {
            self.page.remove_ours(self.lock.dir());
        }
    }
}

impl FileLease {
    /// Makes the directory again, on the same file system as before: nobody would look for the job elsewhere, such as beneath a
    /// mount point.
    fn begin_anew(&mut self) -> Result<(), Error> {
        let path = self.backend.state_dir();
        let is_mounted = self.lock.dir().is_mounted();
        if !is_mounted.map_err(Error::io("look at", path))? {
            return Err(Error::Unmounted { path: path.to_owned() });
        }
        // A new page is made beside the new file.
        self.page.remove(self.lock.dir());
        self.lock = self.backend.lock(&self.job)?;
        self.log.move_to(Arc::clone(self.lock.dir()));
        for (name, bytes) in &self.beside {
            if !self.backend.exists(name)? {
                self.backend.save(name, bytes)?;
            }
        }
        Ok(())
    }
}
