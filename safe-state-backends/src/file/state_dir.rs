//! The state directory: how it is opened, and how its files are found and read.

use std::ffi::OsStr;
use std::fs::{DirEntry, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::trust;
use crate::dir::{self, Dir, For};
use crate::lease::lock::Lock;
use crate::size::SizeLimit;
use crate::{Error, Listing, name};

/// A backend that keeps each job's checkpoint in a file of its own, `STATE_DIR/JOB.safestate`.
///
/// A snapshot goes to a temporary file, which is synced and renamed over the old one; then the directory is synced. Records are
/// appended into space allocated beforehand, with one `fdatasync` each. So at every instant the file holds a state that was
/// saved, also after a power cut, on file systems where a rename is atomic (ext4, XFS, Btrfs, APFS and others).
///
/// The lease is an [`flock(2)`](https://man7.org/linux/man-pages/man2/flock.2.html) on `STATE_DIR/JOB.lock`, which the
/// operating system releases when the process dies in any way. It reaches as far as the file system's locks do: a table in
/// `docs/guide/backends.md` says which file systems' locks reach other machines and other mounts. Where they do not, the line
/// in the lock file shows other holders: a run is not taken over if it was left by another machine, or is under way through
/// another mount. A holder that was cut off from NFS may lose its lease to another run. It looks into the lock file before it
/// replaces or removes a checkpoint, and ends if another run has the lease. (Another run may still take the lease between that
/// look and the rename.)
///
/// If the state directory is removed while a job runs, a save makes it again, with all that is complete: the first save that
/// comes a millisecond or more after the one before it. (An update of the page is not a save.) If the directory's file system
/// is unmounted, the run ends with [`Error::Unmounted`] instead.
///
/// A file is opened by its name in the directory, through no link, and only if it is a regular file that belongs to this user
/// or to the directory's owner. A run refuses a directory that belongs to another user (and not to root), unless it is
/// [`trusted`](Self::trusted); reading from it is allowed. A file larger than [`max_checkpoint`](Self::max_checkpoint) is not
/// read.
///
/// Job names map to file names one to one: letters, digits, `-`, `_` and inner dots stand for themselves, and other bytes are
/// percent-encoded. A name too long for a file name is cut and ends in a hash. Only their owner can read the files (mode 0600,
/// directory 0700).
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
    pub(super) state_dir: PathBuf,
    is_trusted: bool,
    pub(super) limit: SizeLimit,
}

impl FileBackend {
    /// Creates a backend with its files in `state_dir`, which is created when the first job runs.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        let (is_trusted, limit) = (false, SizeLimit::default());
        FileBackend { state_dir: state_dir.into(), is_trusted, limit }
    }

    /// Accepts the directory and its files whoever owns them. Whoever can write there can change what jobs take for complete,
    /// and which files they reopen. The variable `$SAFE_STATE_TRUST` does the same from outside: a list of directories, written
    /// like `$PATH`.
    pub fn trusted(mut self) -> Self {
        self.is_trusted = true;
        self
    }

    /// Sets the largest size of a checkpoint's file in bytes, the room for records included. The default is
    /// `$SAFE_STATE_MAX_CHECKPOINT`, else 1 GiB. A larger file is neither read nor written.
    pub fn max_checkpoint(mut self, bytes: u64) -> Self {
        self.limit = SizeLimit::of(bytes);
        self
    }

    /// Returns the directory of the files.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub(super) fn path_of(&self, job: &str) -> PathBuf {
        self.state_dir.join(file_of(job))
    }

    /// Opens the directory, if it exists.
    pub(super) fn existing(&self) -> io::Result<Option<Dir>> {
        match Dir::open(&self.state_dir) {
            Ok(dir) => Ok(Some(dir)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, Error> {
        let existing = self.existing().map_err(Error::io("read", self.state_dir.join(name)))?;
        existing.map_or(Ok(None), |dir| self.read_in(&dir, name))
    }

    pub(super) fn read_in(&self, dir: &Dir, name: &Path) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.file_in(dir, name)?.map(|(_, bytes)| bytes))
    }

    /// Reads the file `name`, if it exists. Returns the open file and its bytes.
    pub(super) fn file_in(&self, dir: &Dir, name: &Path) -> Result<Option<(File, Vec<u8>)>, Error> {
        self.enough_in(dir, name, None)
    }

    /// Reads the file `name`, if it exists, or only its beginning if `is_enough` returns `true` for that.
    pub(super) fn enough_in(
        &self,
        dir: &Dir,
        name: &Path,
        is_enough: Option<fn(&[u8]) -> bool>,
    ) -> Result<Option<(File, Vec<u8>)>, Error> {
        let limit = self.limit.bytes()?;
        let read = || {
            let Some((file, bytes)) = dir.read_enough(name, limit, is_enough)? else {
                return Ok(None);
            };
            match dir.other_owner_of(&file)?.filter(|_| !self.is_trusted()) {
                Some(owner) => Err(not_ours(owner)),
                None => Ok(Some((file, bytes))),
            }
        };
        read().map_err(Error::io("read", self.state_dir.join(name)))
    }

    pub(super) fn lock(&self, job: &str) -> Result<Lock, Error> {
        if job.is_empty() {
            return Err(Error::EmptyName);
        }
        Lock::take_in(Arc::new(self.own_dir()?), lock_of(job), job)
    }

    /// Opens the directory, and creates it if it is missing. Refuses a directory whose files can't be trusted.
    pub(super) fn own_dir(&self) -> Result<Dir, Error> {
        let path = &self.state_dir;
        let is_new = !path.exists();
        let made = dir::create(path).and_then(|()| Dir::open(path));
        if is_new && path.file_name() == Some(OsStr::new(DEFAULT_DIR)) {
            // Without the file, git offers the checkpoints for a commit, which does no other harm.
            if let Ok(dir) = &made {
                let _ = leave_out_of_git(dir);
            }
        }
        let dir = made.map_err(Error::io("create the state directory", path))?;
        self.check_owner(&dir)?;
        Ok(dir)
    }

    /// Refuses a directory of another user, who could change the files in it.
    pub(super) fn check_owner(&self, dir: &Dir) -> Result<(), Error> {
        let path = &self.state_dir;
        let owner = dir.other_owner().map_err(Error::io("look at", path))?;
        match owner.filter(|_| !self.is_trusted()) {
            Some(owner) => Err(Error::NotOurs { path: path.clone(), owner }),
            None => Ok(()),
        }
    }

    fn is_trusted(&self) -> bool {
        self.is_trusted || trust::is_named(&self.state_dir)
    }
}

pub(super) fn file_of(job: &str) -> PathBuf {
    file_named(&name::encode(job))
}

/// Returns the name of the file with this stem.
fn file_named(stem: &str) -> PathBuf {
    (stem.to_owned() + name::CHECKPOINT).into()
}

pub(super) fn lock_of(job: &str) -> PathBuf {
    (name::encode(job) + name::LOCK).into()
}

fn not_ours(owner: u32) -> io::Error {
    let text = format!(
        "it belongs to another user (uid {owner}), and not to whom its directory belongs to; \
         move it away, or trust the directory: `FileBackend::trusted`, or its path in `$SAFE_STATE_TRUST`"
    );
    io::Error::new(ErrorKind::PermissionDenied, text)
}

/// The directory for jobs that name no other place. It usually lies beside a program's sources.
const DEFAULT_DIR: &str = ".safe_state";

/// Writes a `.gitignore` by which git ignores the directory's files.
fn leave_out_of_git(dir: &Dir) -> io::Result<()> {
    dir.make(Path::new(".gitignore"), For::Default)?.write_all(b"*\n")
}

impl FileBackend {
    /// Returns the names of all files in the directory; no name if it does not exist.
    pub(super) fn names(&self) -> Result<Vec<PathBuf>, Error> {
        let unreadable = || Error::io("list", &self.state_dir);
        let entries = match std::fs::read_dir(&self.state_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable()(error)),
        };
        let name = |entry: io::Result<DirEntry>| Ok(PathBuf::from(entry?.file_name()));
        entries.map(name).collect::<io::Result<_>>().map_err(unreadable())
    }

    /// Returns the jobs whose checkpoints and requests are in the files `names`. A name that was cut is left out if the file with
    /// the whole name can't be read.
    pub(super) fn listing_of<'a>(
        &self,
        names: impl IntoIterator<Item = &'a PathBuf>,
    ) -> Result<Listing, Error> {
        let stem = |name: &'a PathBuf| name.to_str()?.strip_suffix(name::CHECKPOINT);
        let load = |stem: &str| Ok(self.read(&file_named(stem)).unwrap_or_default());
        Listing::of(names.into_iter().filter_map(stem), load)
    }
}
