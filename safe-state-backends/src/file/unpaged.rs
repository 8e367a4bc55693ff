//! Where there are no pages.

use std::fs::File;
use std::path::Path;

use super::{FileBackend, file_of};
use crate::Error;
use crate::dir::{Dir, Id};

pub(super) fn load(backend: &FileBackend, dir: &Dir, job: &str) -> Result<Option<Vec<u8>>, Error> {
    backend.read_in(dir, &file_of(job))
}

pub(super) fn numbers(_: &File) -> Option<(u64, u64)> {
    None
}

pub(super) fn remove(_: &Dir, _: &str) {}

pub(super) fn remove_ours(_: &Dir, _: &str, _: Id) {}

/// There is none.
pub fn extend_by_page(_: &Path, _: &mut Vec<u8>) -> bool {
    false
}
