//! Pages in a folder of this machine, for jobs whose checkpoints are elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::paged::{self, Beside, Read, page_in, read_both};
use super::state_dir::FileBackend;
use crate::dir::{self, Dir};
use crate::format;
use crate::{
    Appended, Backend, Checkpoint, Dialect, Ended, Error, Holder, Lease, LeaseOptions, Listing,
    Save, Statements, name, page,
};
use safe_state_page::{Base, Page};

/// Returns `backend` with its jobs' pages in the folder `dir` of this machine. A page counts only beside the very state that it
/// was written beside, in that backend, during the same boot.
pub fn with_pages_in(backend: Arc<dyn Backend>, dir: impl Into<PathBuf>) -> Arc<dyn Backend> {
    Arc::new(PageDir { within: backend, folder: FileBackend::new(dir) })
}

/// Extends the checkpoint that was read from the file at `path` by its page: the one beside the file, or the one in `folder`.
/// Returns whether a page counted.
pub fn extend_by_page(path: &Path, folder: Option<&Path>, checkpoint: &mut Vec<u8>) -> bool {
    paged::extend(path, checkpoint) || folder.is_some_and(|it| extend_in(it, path, checkpoint))
}

fn extend_in(folder: &Path, path: &Path, checkpoint: &mut Vec<u8>) -> bool {
    let Ok(Checkpoint { job, .. }) = format::decode(checkpoint) else { return false };
    let within = Arc::new(FileBackend::new(dir::parent_of(path)));
    let pages = PageDir { within, folder: FileBackend::new(folder) };
    let (Some(dir), Some(place)) = (pages.existing(), pages.place(&job)) else { return false };
    let page = page_in(&pages.folder, &dir, &place.name);
    page.is_some_and(|page| page::extend(checkpoint, place.id, &page))
}

struct PageDir {
    within: Arc<dyn Backend>,
    folder: FileBackend,
}

/// The place of a job's page, for a job of one backend.
struct PagePlace {
    name: PathBuf,
    /// The two halves of a hash of the backend's name, by which a page knows the backend.
    id: (u64, u64),
}

impl PageDir {
    /// Returns the place of the page of `job`; `None` if the backend has no name that tells it from others.
    fn place(&self, job: &str) -> Option<PagePlace> {
        let hash = name::hash(self.within.page_place()?.as_bytes());
        let suffix = format!(".{hash:032x}{}", name::PAGE);
        let stem = name::encode_within(job, name::FILE_NAME_LIMIT - suffix.len());
        let [upper, lower] = [hash >> 64, hash & u128::from(u64::MAX)];
        let half = |half: u128| u64::try_from(half).unwrap_or_default();
        Some(PagePlace { name: (stem + &suffix).into(), id: (half(upper), half(lower)) })
    }

    /// Loads the checkpoint of the job, extended by its page.
    fn read(
        &self,
        job: &str,
        dir: Option<&Dir>,
        mut load: impl FnMut() -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Read, Error> {
        let (Some(dir), Some(place)) = (dir, self.place(job)) else {
            return Ok(Read { checkpoint: load()?, ..Read::default() });
        };
        let checkpoint = || Ok(load()?.map(|stored| (stored, Some(place.id))));
        read_both(checkpoint, || page_in(&self.folder, dir, &place.name))
    }

    fn remove_page(&self, job: &str) {
        if let (Some(dir), Some(place)) = (self.existing(), self.place(job)) {
            Beside::exposed(place.name).remove(&dir);
        }
    }

    /// Opens the folder, if it exists, whoever owns it.
    fn existing(&self) -> Option<Dir> {
        let existing = self.folder.existing();
        let existing = existing.inspect_err(|error| {
            let folder = self.folder.state_dir().display();
            tracing::warn!(target: "safe_state", %folder, %error, "pages can't be read; the last saves count");
        });
        existing.ok().flatten()
    }

    /// Opens the folder, if it exists and its owner is one that a run may trust.
    fn trusted(&self) -> Option<Dir> {
        let dir = self.existing()?;
        let is_ours = self.folder.check_owner(&dir);
        let is_ours = is_ours.inspect_err(|error| {
            tracing::warn!(target: "safe_state", %error, "no page counts; the last save does");
        });
        is_ours.is_ok().then_some(dir)
    }
}

impl Backend for PageDir {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let dir = self.existing();
        Ok(self.read(job, dir.as_ref(), || self.within.load(job))?.checkpoint)
    }

    /// Saves the checkpoint and removes the page: the saved bytes may be the very state that the page lies beside.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.within.save(job, checkpoint)?;
        self.remove_page(job);
        Ok(())
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.within.delete(job)?;
        self.remove_page(job);
        Ok(())
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.within.exists(job)
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        self.within.append(job, record)
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        let lease = Arc::clone(&self.within).lease(job, options)?;
        let place = self.place(job);
        let page = place.map(|place| (Beside::exposed(place.name), place.id));
        Ok(Box::new(PagedLease { lease, backend: self, page }))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        self.within.list()
    }

    fn listing(&self) -> Result<Listing, Error> {
        self.within.listing()
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        let Some(within) = self.within.overview()? else { return Ok(None) };
        Ok(Some(Box::new(PageDir { within: within.into(), folder: self.folder.clone() })))
    }

    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        self.within.stored_under(names)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        self.within.holder(job)
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        self.within.path(job)
    }

    fn store_name(&self) -> Option<String> {
        self.within.store_name()
    }

    fn page_place(&self) -> Option<String> {
        self.within.page_place()
    }
}

struct PagedLease {
    lease: Box<dyn Lease>,
    backend: Arc<PageDir>,
    page: Option<(Beside, (u64, u64))>,
}

impl PagedLease {
    fn says_more(&mut self) {
        if let Some((page, _)) = &mut self.page {
            page.says_more();
        }
    }

    fn is_saved(&mut self) {
        if let Some((page, _)) = &mut self.page {
            page.is_saved();
        }
    }

    /// Notes that a snapshot was saved.
    fn is_replaced(&mut self) {
        let PagedLease { backend, page, .. } = self;
        if let Some((page, _)) = page {
            page.is_replaced(|| backend.existing());
        }
    }
}

impl Lease for PagedLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.says_more();
        self.lease.save(checkpoint)?;
        self.is_replaced();
        Ok(())
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.append_pieces(&[record])
    }

    fn save_pieces(&mut self, checkpoint: &[&[u8]]) -> Result<(), Error> {
        self.says_more();
        self.lease.save_pieces(checkpoint)?;
        self.is_replaced();
        Ok(())
    }

    fn append_pieces(&mut self, record: &[&[u8]]) -> Result<Appended, Error> {
        self.says_more();
        let appended = match record {
            [record] => self.lease.append(record),
            pieces => self.lease.append_pieces(pieces),
        }?;
        if appended == Appended::Yes {
            self.is_saved();
        }
        Ok(appended)
    }

    fn is_in_place(&mut self) -> bool {
        self.lease.is_in_place()
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.lease.delete()?;
        if let (Some((page, _)), Some(dir)) = (&mut self.page, self.backend.existing()) {
            page.remove(&dir);
        }
        Ok(())
    }

    fn load(&mut self, _: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let PagedLease { lease, backend, .. } = self;
        let dir = backend.trusted();
        let read = backend.read(job, dir.as_ref(), || lease.load(&*backend.within, job))?;
        Ok(read.told(job))
    }

    fn load_other(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.lease.load_other(&*self.backend.within, name)
    }

    fn load_current(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let PagedLease { lease, backend, .. } = self;
        let dir = backend.existing();
        let load = || lease.load_current(&*backend.within, name);
        Ok(backend.read(name, dir.as_ref(), load)?.checkpoint)
    }

    fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.lease.keep_beside(name, bytes);
    }

    /// Returns an id for any backend. For a backend without a name, creating the page is then an error.
    fn paged_file(&self) -> Option<(u64, u64)> {
        Some(self.page.as_ref().map_or((0, 0), |(_, id)| *id))
    }

    fn page(&mut self, base: Base) -> Result<Option<Page>, Error> {
        let Some((page, _)) = &mut self.page else {
            return Err(Error::Unsupported(
                "keep a page: nothing tells its jobs from those of other backends",
            ));
        };
        page.make(&self.backend.folder.own_dir()?, base)
    }

    fn is_paged(&mut self) {
        self.says_more();
    }

    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        self.says_more();
        self.lease.statements(save, dialect)
    }

    fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let is_saved = self.lease.ended(ended)?;
        if is_saved {
            self.is_saved();
        }
        Ok(is_saved)
    }
}

/// Removes a page that holds no more than the checkpoint.
impl Drop for PagedLease {
    fn drop(&mut self) {
        if let Some((page, _)) = self.page.as_ref().filter(|(page, _)| page.is_done_with())
            && let Some(dir) = self.backend.existing()
        {
            page.remove_ours(&dir);
        }
    }
}

#[cfg(test)]
mod tests;
