//! Signs of a change to a job, which cost only a look at the metadata of a few files.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::Backend;
use crate::name::{CHECKPOINT, LOCK, PAGE};
use crate::requests::asking::name_of;

/// The age from which a change is settled. It exceeds the resolution of file times on all file systems but FAT.
const STEP: Duration = Duration::from_millis(50);

/// The metadata of the files that hold a job's state. No file is opened for it.
///
/// If two values are equal, no file was written in between. A [page](Signs::has_page) is the exception: it is written through
/// memory, which the metadata do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    checkpoint: Option<Sign>,
    page: Option<Sign>,
    lock: Option<Sign>,
    request: Option<Sign>,
}

/// The metadata of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sign {
    len: u64,
    changed: Option<SystemTime>,
    number: u64,
}

impl Signs {
    /// Reads the signs of a job; `None` if the backend keeps no files.
    ///
    /// ```
    /// use safe_state_backends::{Backend, FileBackend, Signs};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let backend = FileBackend::new(dir.path());
    /// let before = Signs::of(&backend, "mail");
    /// backend.save("mail", b"checkpoint")?;
    /// assert_ne!(Signs::of(&backend, "mail"), before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(backend: &dyn Backend, job: &str) -> Option<Signs> {
        let checkpoint = backend.path(job)?;
        let request = backend.path(&name_of(job))?;
        let beside = |suffix| with_suffix(&checkpoint, suffix);
        Some(Signs {
            page: beside(PAGE).as_deref().and_then(Sign::of),
            lock: beside(LOCK).as_deref().and_then(Sign::of),
            request: Sign::of(&request),
            checkpoint: Sign::of(&checkpoint),
        })
    }

    /// Returns whether the job has a page, to which a run may write without changing the signs.
    pub fn has_page(&self) -> bool {
        self.page.is_some()
    }

    /// Returns whether the last write is so old that another write would have another time. File systems count time in steps of
    /// some milliseconds.
    pub fn are_settled(&self) -> bool {
        let now = SystemTime::now();
        let files = [self.checkpoint, self.page, self.lock, self.request];
        let mut changed = files.into_iter().flatten().filter_map(|it| it.changed);
        changed.all(|at| now.duration_since(at).is_ok_and(|since| since >= STEP))
    }

    /// Returns the modification time of the directory of all jobs, which changes when files come, go or are replaced. `None` if
    /// the backend keeps no files, or the directory can't be read.
    pub fn of_place(backend: &dyn Backend) -> Option<SystemTime> {
        let path = backend.path("job")?;
        path.parent()?.metadata().and_then(|it| it.modified()).ok()
    }
}

impl Sign {
    fn of(path: &Path) -> Option<Sign> {
        // Links are not followed.
        let found = path.symlink_metadata().ok()?;
        Some(Sign { len: found.len(), changed: found.modified().ok(), number: number(&found) })
    }
}

#[cfg(unix)]
fn number(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}

fn with_suffix(checkpoint: &Path, suffix: &str) -> Option<PathBuf> {
    let stem = checkpoint.file_name()?.to_str()?.strip_suffix(CHECKPOINT)?;
    Some(checkpoint.with_file_name(format!("{stem}{suffix}")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{FileBackend, LeaseOptions, MemoryBackend, Request};

    #[test]
    fn whatever_is_written_shows() {
        let dir = tempfile::tempdir().unwrap();
        let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(dir.path()));
        let signs = || Signs::of(&*backend, "tenant/7").unwrap();
        let mut seen = vec![signs()];
        let mut note = || {
            let now = signs();
            assert!(!seen.contains(&now), "{now:?}");
            seen.push(now);
        };
        let mut lease = Arc::clone(&backend).lease("tenant/7", LeaseOptions::default()).unwrap();
        note();
        lease.save(b"checkpoint").unwrap();
        note();
        Request::Pause.save(&backend, "tenant/7").unwrap();
        note();
        drop(lease);
        note();
    }

    #[test]
    fn a_backend_without_files_has_no_signs() {
        assert_eq!(Signs::of(&MemoryBackend::default(), "job"), None);
        assert_eq!(Signs::of_place(&MemoryBackend::default()), None);
    }
}
