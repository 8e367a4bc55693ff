//! Stand-ins for pages on systems that have none.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::state_dir::{FileBackend, file_of};
use crate::dir::Dir;
use crate::{Backend, Error, name};

/// The checkpoint of a job.
pub(super) struct Read {
    pub(super) checkpoint: Option<Vec<u8>>,
}

impl Read {
    pub(super) fn told(self, _: &str) -> Option<Vec<u8>> {
        self.checkpoint
    }
}

pub(super) fn read(backend: &FileBackend, dir: &Dir, job: &str) -> Result<Read, Error> {
    Ok(Read { checkpoint: backend.read_in(dir, &file_of(job))? })
}

pub(super) fn page_of(job: &str) -> PathBuf {
    (name::encode(job) + name::PAGE).into()
}

pub(super) fn numbers(_: &File) -> Option<(u64, u64)> {
    None
}

/// Returns `false`: this system has no pages.
pub fn extend_by_page(_: &Path, _: Option<&Path>, _: &mut Vec<u8>) -> bool {
    false
}

/// Returns the backend unchanged: this system has no pages.
pub fn with_pages_in(backend: Arc<dyn Backend>, _: impl Into<PathBuf>) -> Arc<dyn Backend> {
    backend
}

/// The page of a lease, which does not exist on this system.
pub(super) struct Beside;

#[expect(clippy::unused_self, reason = "elsewhere there is something")]
impl Beside {
    pub(super) fn of(_: &str) -> Self {
        Beside
    }

    pub(super) fn says_more(&mut self) {}

    pub(super) fn is_saved(&mut self) {}

    pub(super) fn is_replaced<D>(&mut self, _: impl FnOnce() -> Option<D>) {}

    pub(super) fn remove(&mut self, _: &Dir) {}

    pub(super) fn is_done_with(&self) -> bool {
        false
    }

    pub(super) fn remove_ours(&self, _: &Dir) {}
}
