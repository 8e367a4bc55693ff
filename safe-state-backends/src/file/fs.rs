//! The file operations that the protocol of [`Log`](super::log::Log) consists of. A test implements them in place of the disk,
//! and tries every state that a power cut may leave.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

#[cfg(unix)]
use std::os::unix::fs::FileExt;

use crate::dir::Dir;

/// A directory, whose files are known by their names.
pub(crate) trait Fs: Send {
    type File: Send;

    /// Creates a file that only its owner can use. An existing file is replaced, not opened.
    fn create(&self, name: &Path) -> io::Result<Self::File>;
    /// Makes the file `len` bytes long, filled with zeros, with space on the disk for them.
    fn allocate(&self, file: &Self::File, len: u64) -> io::Result<()>;
    fn write_at(&self, file: &Self::File, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes the file's content durable, with the metadata needed to read it back.
    fn sync_data(&self, file: &Self::File) -> io::Result<()>;
    /// Returns whether `name` stands for `file`.
    fn names(&self, name: &Path, file: &Self::File) -> io::Result<bool>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file. Does nothing if it does not exist.
    fn remove(&self, name: &Path) -> io::Result<()>;
    /// Makes the names in the directory durable.
    fn sync_dir(&self) -> io::Result<()>;
}

/// The real file system.
impl Fs for Arc<Dir> {
    type File = File;

    fn create(&self, name: &Path) -> io::Result<File> {
        self.replace(name)
    }

    fn allocate(&self, file: &File, len: u64) -> io::Result<()> {
        // Method syntax would pick a method of the same name if std adds one.
        match fs2::FileExt::allocate(file, len) {
            Ok(()) => Ok(()),
            // fs2 loses the reason (a full disk reads as "success"), and some file systems can't allocate. Writing zeros
            // allocates as well, or fails with the reason.
            Err(_) => write_zeros(file, len),
        }
    }

    #[cfg(unix)]
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    #[cfg(not(unix))]
    fn write_at(&self, mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom};
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Compares the file's identity. The number of its links would not do: the file may have been moved away, and
    /// fuse-overlayfs counts one link for a file that has none.
    fn names(&self, name: &Path, file: &File) -> io::Result<bool> {
        Dir::names(self, name, file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Dir::rename(self, from, to)
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        Dir::remove(self, name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.sync()
    }
}

fn write_zeros(mut file: &File, len: u64) -> io::Result<()> {
    file.set_len(0)?;
    let zeros = io::Read::take(io::repeat(0), len);
    let mut zeros = io::BufReader::new(zeros);
    io::copy(&mut zeros, &mut file)?;
    file.flush()
}
