//! Checkpoints in files of which each is one process's alone, so that no lock is taken.

use std::io::Write;
use std::path::PathBuf;

use super::{FileBackend, file_of};
use crate::dir::{self, Dir};
use crate::{Backend, Error, name};

/// What the file is called that is about to take the place of another.
const TEMPORARY: &str = ".unlocked";

/// Keeps each job's checkpoint in a file, as [`FileBackend`] does, and takes no lock: for file systems whose locks reach no other
/// machine, where it is known otherwise that two processes never have the same job.
///
/// ```
/// use safe_state_backends::{Backend, UnlockedFiles};
///
/// let backend = UnlockedFiles::new("state");
/// assert!(!backend.exists("mail")?);
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnlockedFiles(FileBackend);

impl UnlockedFiles {
    /// Files in that directory, which is created when the first checkpoint is saved.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        UnlockedFiles(FileBackend::new(state_dir))
    }
}

impl Backend for UnlockedFiles {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.0.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        let save = || {
            dir::create(self.0.state_dir())?;
            let dir = Dir::open(self.0.state_dir())?;
            let temporary = PathBuf::from(name::encode(job) + TEMPORARY);
            let mut file = dir.replace(&temporary)?;
            file.write_all(checkpoint)?;
            file.sync_all()?;
            dir.rename(&temporary, &file_of(job))?;
            dir.sync()
        };
        save().map_err(Error::io("write", self.0.path_of(job)))
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        let delete = || match self.0.existing()? {
            Some(dir) => dir.remove(&file_of(job)).and_then(|()| dir.sync()),
            None => Ok(()),
        };
        delete().map_err(Error::io("remove", self.0.path_of(job)))
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.0.exists(job)
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        self.0.list()
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        self.0.path(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_there_for_both_kinds() {
        let dir = tempfile::tempdir().unwrap();
        let (unlocked, files) = (UnlockedFiles::new(dir.path()), FileBackend::new(dir.path()));
        unlocked.save("a/b", b"one").unwrap();
        unlocked.save("a/b", b"two").unwrap();
        assert_eq!(files.load("a/b").unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(unlocked.list().unwrap(), ["a/b"]);
        unlocked.delete("a/b").unwrap();
        unlocked.delete("a/b").unwrap();
        assert!(!files.exists("a/b").unwrap());
    }
}
