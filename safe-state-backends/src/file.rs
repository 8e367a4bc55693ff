//! Checkpoints in files, the default backend.

#[cfg(test)]
mod crash;
pub(crate) mod fs;
mod log;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::lock::{self, Lock};
use crate::{Appended, Backend, Durability, Error, Holder, Lease, LeaseOptions, name};
use fs::{Disk, Fs};
use log::Log;

/// Keeps each job's checkpoint in a file of its own, `STATE_DIR/JOB.safestate`.
///
/// A snapshot goes to a temporary file, which is synced and renamed over the old one; then the
/// directory is synced. Records are appended into space allocated beforehand, with one
/// `fdatasync` each. So at every instant the file holds a state that was saved, also after a
/// power cut, on file systems where a rename is atomic (ext4, XFS, Btrfs, APFS and the like).
///
/// The lease is an [`flock(2)`](https://man7.org/linux/man-pages/man2/flock.2.html) on
/// `STATE_DIR/JOB.lock`, which the operating system releases when the process dies, however it
/// dies. On NFS it depends on the server; there, use another backend.
///
/// A state directory that is removed while a job runs is made again, within a millisecond of saves,
/// with all that is complete.
///
/// Job names map to file names one to one: letters, digits, `-`, `_` and inner dots stand for
/// themselves, other bytes are percent-encoded, and a name too long for a file name is cut and
/// ends in a hash. Files are readable by their owner alone (0600, directory 0700).
///
/// ```
/// use safe_state_backends::{Backend, FileBackend};
///
/// let backend = FileBackend::new("state");
/// let path = backend.path("tenant/7").unwrap();
/// assert_eq!(path, std::path::Path::new("state/tenant%2F7.safestate"));
/// ```
#[derive(Clone, Debug)]
pub struct FileBackend {
    state_dir: PathBuf,
}

impl FileBackend {
    /// Files in `state_dir`, which is created when the first job runs.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        FileBackend { state_dir: state_dir.into() }
    }

    /// The directory the files are in.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    fn path_of(&self, job: &str) -> PathBuf {
        self.state_dir.join(name::encode(job) + name::CHECKPOINT)
    }

    fn lock(&self, job: &str) -> Result<Lock, Error> {
        if job.is_empty() {
            return Err(Error::EmptyName);
        }
        Disk.create_dir(&self.state_dir)
            .map_err(Error::io("create the state directory", &self.state_dir))?;
        Lock::take(job, self.lock_of(job))
    }

    fn lock_of(&self, job: &str) -> PathBuf {
        self.state_dir.join(name::encode(job) + name::LOCK)
    }

    fn take_lease(&self, job: &str, options: LeaseOptions) -> Result<FileLease, Error> {
        let lock = self.lock(job)?;
        let log = Log::new(Disk, self.path_of(job), options.durability);
        Ok(FileLease { log, lock, backend: self.clone(), job: job.to_owned() })
    }
}

impl Backend for FileBackend {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path_of(job);
        Disk.read(&path).map_err(Error::io("read", path))
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.take_lease(job, LeaseOptions::new(Durability::Power))?.save(checkpoint)
    }

    /// Fails with [`Error::Held`] while the job runs.
    fn delete(&self, job: &str) -> Result<(), Error> {
        if !self.exists(job)? {
            return Ok(());
        }
        self.take_lease(job, LeaseOptions::new(Durability::Power))?.delete()
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        let path = self.path_of(job);
        path.try_exists().map_err(Error::io("look for", path))
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Ok(Box::new(self.take_lease(job, options)?))
    }

    /// A job whose name was too long for a file name is listed by the name in its checkpoint.
    fn list(&self) -> Result<Vec<String>, Error> {
        let unreadable = || Error::io("list", &self.state_dir);
        let entries = match std::fs::read_dir(&self.state_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable()(error)),
        };
        let mut jobs = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable())?.path();
            jobs.extend(job_in(&path)?);
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        lock::holder(&self.lock_of(job))
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        Some(self.path_of(job))
    }
}

/// The job whose checkpoint is in the file; `None` if it is another kind of file.
fn job_in(path: &Path) -> Result<Option<String>, Error> {
    let file_name = path.file_name().and_then(|name| name.to_str());
    let Some(stem) = file_name.and_then(|name| name.strip_suffix(name::CHECKPOINT)) else {
        return Ok(None);
    };
    name::job(stem, || Disk.read(path).map_err(Error::io("read", path)))
}

/// Fields drop in order: the file is closed before the lock is released.
struct FileLease {
    log: Log<Disk>,
    lock: Lock,
    backend: FileBackend,
    job: String,
}

impl Lease for FileLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        // The directory may have been removed. What is in memory is then all there is, and goes into
        // a new one; unless another run has taken the lease there.
        if !self.lock.stands()? {
            self.lock = self.backend.lock(&self.job)?;
        }
        self.log.save(checkpoint)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.log.append(record)
    }

    fn is_in_place(&mut self) -> bool {
        self.log.is_in_place()
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.log.delete()
    }
}
