//! A directory with files of ours. Each file is opened by its name within the directory, through no link, and only if it is a
//! regular file. Anything that another user has put in its place is an error, and is neither written to nor waited for.

mod id;
#[cfg(unix)]
mod owner;
#[cfg(not(unix))]
#[path = "dir/portable.rs"]
mod system;
#[cfg(unix)]
#[path = "dir/unix.rs"]
mod system;
#[cfg(all(test, unix))]
mod tests;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

pub(crate) use id::Id;
use system::Handle;
pub use system::is_shared;
#[cfg(target_os = "linux")]
pub(crate) use system::keeps_its_blocks;
#[cfg(unix)]
pub(crate) use system::locks_stay_here;

/// An open directory. It stays the same one, whatever becomes of its path.
#[derive(Debug)]
pub(crate) struct Dir {
    handle: Handle,
    path: PathBuf,
}

/// The way in which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Read,
    /// To read and write; created if it does not exist.
    Use,
    /// Created; an error if the name exists.
    New,
}

/// The users who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Owner,
    /// The users whom the process's umask allows to read its files.
    Default,
}

/// The length of a file's beginning, which may be enough, in bytes.
const BEGINNING: u64 = 8 * 1024;

impl Dir {
    pub(crate) fn open(path: &Path) -> io::Result<Dir> {
        Ok(Dir { handle: Handle::open(path)?, path: path.to_owned() })
    }

    /// Opens the directory that a path lies in. Returns it with the path's name in it.
    pub(crate) fn of(path: &Path) -> io::Result<(Dir, PathBuf)> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
        Ok((Dir::open(parent_of(path))?, name.into()))
    }

    /// Returns the path by which the directory was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a whole file of at most `limit` bytes; `None` if it does not exist.
    #[cfg(any(test, target_os = "linux"))]
    pub(crate) fn read(&self, name: &Path, limit: u64) -> io::Result<Option<(File, Vec<u8>)>> {
        self.read_enough(name, limit, None)
    }

    /// Reads a file of at most `limit` bytes; `None` if it does not exist. Reads only the beginning of a large file if
    /// `is_enough` returns `true` for that.
    pub(crate) fn read_enough(
        &self,
        name: &Path,
        limit: u64,
        is_enough: Option<fn(&[u8]) -> bool>,
    ) -> io::Result<Option<(File, Vec<u8>)>> {
        let file = match self.handle.open_file(name, How::Read, For::Owner) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = read_enough_within(&file, limit, is_enough)?;
        Ok(Some((file, bytes)))
    }

    /// Opens an existing file to read it.
    pub(crate) fn file(&self, name: &Path) -> io::Result<File> {
        self.handle.open_file(name, How::Read, For::Owner)
    }

    /// Opens a file to read and write it, and creates it if it does not exist. After the caller has locked it, and before it
    /// writes, it has to ask [`is_another_s`](Self::is_another_s).
    pub(crate) fn make(&self, name: &Path, readers: For) -> io::Result<File> {
        self.handle.open_file(name, How::Use, readers)
    }

    /// Returns whether a locked file has a second name, by which it may belong to somebody else. If so, removes `name` from it,
    /// so that the caller can create a new file.
    pub(crate) fn is_another_s(&self, name: &Path, file: &File) -> io::Result<bool> {
        let is = system::has_other_names(file)?;
        if is {
            self.remove(name)?;
        }
        Ok(is)
    }

    /// Creates a file. An existing one is replaced, not opened.
    pub(crate) fn replace(&self, name: &Path) -> io::Result<File> {
        match self.handle.open_file(name, How::New, For::Owner) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.remove(name)?;
                self.handle.open_file(name, How::New, For::Owner)
            }
            made => made,
        }
    }

    /// Removes a file or a link. Does nothing if it does not exist.
    pub(crate) fn remove(&self, name: &Path) -> io::Result<()> {
        match self.handle.remove(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.handle.rename(from, to)
    }

    /// Makes the names in the directory durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.handle.sync()
    }

    /// Returns whether the name exists.
    pub(crate) fn has(&self, name: &Path) -> io::Result<bool> {
        Ok(self.handle.id_of(name)?.is_some())
    }

    /// Returns whether `name` stands for `file`.
    pub(crate) fn names(&self, name: &Path, file: &File) -> io::Result<bool> {
        Ok(self.handle.id_of(name)? == Some(Id::of(&file.metadata()?)))
    }

    /// Removes the file `name` if it is the one with this id.
    #[cfg(target_os = "linux")]
    pub(crate) fn remove_if(&self, name: &Path, id: Id) -> io::Result<()> {
        if self.handle.id_of(name)? == Some(id) { self.remove(name) } else { Ok(()) }
    }

    /// Returns the user, other than this one, who owns the directory, or the link that leads to it. Root may do anything
    /// anyway, so a directory of root's counts as nobody else's.
    pub(crate) fn other_owner(&self) -> io::Result<Option<u32>> {
        self.handle.other_owner(&self.path)
    }

    /// Returns the owner of a file in the directory, if it is neither this user, root nor the directory's owner.
    pub(crate) fn other_owner_of(&self, file: &File) -> io::Result<Option<u32>> {
        self.handle.other_owner_of(file)
    }

    /// Returns whether a file in the directory belongs to this user.
    pub(crate) fn is_ours(&self, file: &File) -> io::Result<bool> {
        self.handle.is_ours(file)
    }

    /// Returns whether the directory's path still leads to its file system. If the path does not exist, the nearest existing
    /// directory above it counts.
    pub(crate) fn is_mounted(&self) -> io::Result<bool> {
        self.handle.is_mounted_with(&nearest(&self.path)?)
    }
}

/// Creates a directory for its owner alone, and those above it, durably.
pub(crate) fn create(dir: &Path) -> io::Result<()> {
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // The error is the same, whether this path or one above it is a file.
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(error.kind().into());
        }
        Ok(_) => return Err(ErrorKind::NotADirectory.into()),
        Err(error) => return Err(error),
    }
    let parent = parent_of(dir);
    create(parent)?;
    match system::dir_builder().create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // Another run created it meanwhile; or it is a link that leads nowhere.
            if dir.is_dir() { Ok(()) } else { Err(ErrorKind::NotADirectory.into()) }
        }
        Err(error) => Err(error),
        Ok(()) => Dir::open(parent)?.sync(),
    }
}

/// Returns the directory that a path lies in; `.` for a bare name.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

/// Returns the path without links; if it does not exist, the absolute path.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let found = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    found.unwrap_or_else(|_| path.to_owned())
}

/// Opens the directory itself, or the nearest existing one above it.
fn nearest(path: &Path) -> io::Result<Handle> {
    let mut at = path;
    loop {
        match Handle::open(at) {
            Err(error) if error.kind() == ErrorKind::NotFound && parent_of(at) != at => {
                at = parent_of(at);
            }
            opened => return opened,
        }
    }
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read_within(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    read_enough_within(file, limit, None)
}

fn read_enough_within(
    file: &File,
    limit: u64,
    is_enough: Option<fn(&[u8]) -> bool>,
) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    if len <= limit {
        if let Some(is_enough) = is_enough.filter(|_| len > BEGINNING) {
            bytes.reserve_exact(usize::try_from(BEGINNING).unwrap_or(0));
            file.take(BEGINNING).read_to_end(&mut bytes)?;
            if is_enough(&bytes) {
                return Ok(bytes);
            }
        }
        let read = bytes.len();
        bytes.reserve_exact(usize::try_from(len).unwrap_or(0).saturating_sub(read));
        file.take(limit.saturating_add(1) - read as u64).read_to_end(&mut bytes)?;
    }
    let found = len.max(bytes.len() as u64);
    if found > limit { Err(crate::size::too_large(found, limit)) } else { Ok(bytes) }
}

/// Returns the error about something that is in the place of a file of ours.
fn no_file(is_dir: bool, what: &str) -> io::Error {
    let kind = if is_dir { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
    let text =
        format!("it is {what}, and none is opened in the place of a regular file; move it away");
    io::Error::new(kind, text)
}
