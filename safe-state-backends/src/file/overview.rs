//! A listing of all jobs' files, which spares a search for files that do not exist when many jobs are read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::paged;
use super::state_dir::{FileBackend, file_of, lock_of};
use crate::dir::Dir;
use crate::format;
use crate::lease::lock;
use crate::{Backend, Error, Holder, Listing};

/// A directory whose file names were read once. The files' contents and the holders of locks are read when asked for.
pub(super) struct Overview {
    backend: FileBackend,
    dir: Dir,
    names: HashSet<PathBuf>,
    listing: Listing,
}

impl Overview {
    /// Reads the names in the state directory. Returns `None` if the directory does not exist.
    pub(super) fn of(backend: &FileBackend) -> Result<Option<Self>, Error> {
        let path = &backend.state_dir;
        let Some(dir) = backend.existing().map_err(Error::io("list", path))? else {
            return Ok(None);
        };
        let names: HashSet<PathBuf> = backend.names()?.into_iter().collect();
        let listing = backend.listing_of(&names)?;
        Ok(Some(Overview { backend: backend.clone(), dir, names, listing }))
    }

    fn has(&self, name: &Path) -> bool {
        self.names.contains(name)
    }
}

impl Backend for Overview {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let file = file_of(job);
        if !self.has(&file) {
            return Ok(None);
        }
        if self.has(&paged::page_of(job)) {
            return Ok(paged::read(&self.backend, &self.dir, job)?.checkpoint);
        }
        // The rest of a file is room for records. Damage behind so many zeros is not shown; the next run finds it.
        let found = self.backend.enough_in(&self.dir, &file, Some(format::ends_within))?;
        Ok(found.map(|(_, bytes)| bytes))
    }

    fn save(&self, _: &str, _: &[u8]) -> Result<(), Error> {
        Err(Error::Unsupported("save what it was"))
    }

    fn delete(&self, _: &str) -> Result<(), Error> {
        Err(Error::Unsupported("delete what it was"))
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.has(&file_of(job)))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        Ok(self.listing.jobs.clone())
    }

    fn listing(&self) -> Result<Listing, Error> {
        Ok(self.listing.clone())
    }

    /// Looks for the lock now: a job that has begun after the listing has a lock that was not listed.
    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let name = lock_of(job);
        lock::holder_in(&self.dir, &name, &self.backend.state_dir.join(&name))
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        self.backend.path(job)
    }

    fn page_place(&self) -> Option<String> {
        self.backend.page_place()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::format::Change;
    use crate::{Checkpoint, Durability, LeaseOptions, Request, RunEnd, Store};

    #[test]
    fn an_overview_tells_what_the_backend_tells() {
        let dir = tempfile::tempdir().unwrap();
        let backend = FileBackend::new(dir.path().join("jobs"));
        assert!(backend.overview().unwrap().is_none());
        let bytes = |job: &str| Checkpoint::new(job, None).encode().unwrap();
        let hashed = "x".repeat(300);
        for job in ["asked", "tenant/7", &hashed] {
            backend.save(job, &bytes(job)).unwrap();
        }
        let of_run = Arc::new(backend.clone());
        let shared: Arc<dyn Backend> = of_run.clone();
        for job in ["asked", "later", &"y".repeat(300)] {
            Request::Pause.save_with_reason(&shared, job, Some("night")).unwrap();
        }
        let mut run = Arc::clone(&of_run).lease("running", LeaseOptions::default()).unwrap();
        run.save(&bytes("running")).unwrap();
        let overview = backend.overview().unwrap().unwrap();
        assert_eq!(overview.listing().unwrap(), backend.listing().unwrap());
        assert_eq!(overview.list().unwrap().len(), 4);
        assert_eq!(overview.listing().unwrap().not_begun().count(), 2);
        for job in ["asked", "tenant/7", &hashed, "running", "none"] {
            assert_eq!(overview.load(job).unwrap(), backend.load(job).unwrap(), "{job}");
            assert_eq!(overview.exists(job).unwrap(), backend.exists(job).unwrap(), "{job}");
            assert_eq!(overview.holder(job).unwrap(), backend.holder(job).unwrap(), "{job}");
            assert_eq!(overview.path(job), backend.path(job));
            let asked = |from: &dyn Backend| Request::load_with_reason(from, job).unwrap();
            assert_eq!(asked(&*overview), asked(&backend), "{job}");
        }
        assert!(overview.holder("running").unwrap().is_some());
        // A job that begins after the listing is shown as under way.
        let mut later = Arc::clone(&of_run).lease("tenant/7", LeaseOptions::default()).unwrap();
        assert!(overview.holder("tenant/7").unwrap().is_some());
        later.save(&bytes("tenant/7")).unwrap();
        drop(later);
        // The records of a file with much room are read, wherever they end.
        for count in [0, 10, 200, 1000] {
            let options = LeaseOptions::new(Durability::Process);
            let opening = Store::open(Arc::clone(&shared), "tenant/7", options).unwrap();
            let mut store = opening.begin(Checkpoint::new("tenant/7", None)).unwrap();
            let end = Some(RunEnd::Stopped);
            (0..count).for_each(|_| store.save(Change { end, ..Change::completed(1) }).unwrap());
            let read = |from: &dyn Backend| from.load("tenant/7").unwrap().unwrap();
            let (short, whole) = (read(&*overview), read(&backend));
            assert_eq!(Checkpoint::decode(&short), Checkpoint::decode(&whole), "{count}");
            assert_eq!(short.len() < whole.len(), count < 200, "{count}: {}", short.len());
        }
        overview.save("asked", b"").unwrap_err();
        overview.delete("asked").unwrap_err();
    }
}
