//! The operations on files that the protocol of [`Log`](super::log::Log) is made of, so that a
//! test can stand in for the disk and try every way a power cut may leave it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};

pub(crate) trait Fs: Send {
    type File: Send;

    /// The whole file; `None` if there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// A new file for its owner alone. One that is there already is replaced, not opened.
    fn create(&self, path: &Path) -> io::Result<Self::File>;
    /// Makes the file `len` bytes long, of zeros, with room on the disk for them.
    fn allocate(&self, file: &Self::File, len: u64) -> io::Result<()>;
    fn write_at(&self, file: &Self::File, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes the file's content durable, and what is needed to read it back.
    fn sync_data(&self, file: &Self::File) -> io::Result<()>;
    /// Whether the file has a name.
    fn is_linked(&self, file: &Self::File) -> io::Result<bool>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; doing nothing if there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Creates a directory for its owner alone, and those above it, durably.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
}

/// The real one.
pub(crate) struct Disk;

impl Fs for Disk {
    type File = File;

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        match options.open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.remove(path)?;
                options.open(path)
            }
            opened => opened,
        }
    }

    fn allocate(&self, file: &File, len: u64) -> io::Result<()> {
        // Method syntax would pick whatever std adds under these names.
        match fs2::FileExt::allocate(file, len) {
            Ok(()) => Ok(()),
            // fs2 loses the reason (a full disk reads as "success"), and some file systems
            // can't allocate: writing the zeros does it too, or says why not.
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

    #[cfg(unix)]
    fn is_linked(&self, file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.nlink() > 0)
    }

    /// An open file can't be removed here.
    #[cfg(not(unix))]
    fn is_linked(&self, _: &File) -> io::Result<bool> {
        Ok(true)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        loop {
            match fs::rename(from, to) {
                // Unlike for reads and writes, std does not retry it; FUSE and NFS interrupt it.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                renamed => return renamed,
            }
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    #[cfg(unix)]
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    /// A directory can't be opened as a file here; the file system orders its own names.
    #[cfg(not(unix))]
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        match fs::metadata(dir) {
            Ok(found) if found.is_dir() => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // In the same words, whether it or one above it is a file.
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(error.kind().into());
            }
            Ok(_) => return Err(ErrorKind::NotADirectory.into()),
            Err(error) => return Err(error),
        }
        let parent = parent_of(dir);
        self.create_dir(parent)?;
        match dir_builder().create(dir) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Made by another run meanwhile; or a link that leads nowhere.
                if dir.is_dir() { Ok(()) } else { Err(ErrorKind::NotADirectory.into()) }
            }
            Err(error) => Err(error),
            Ok(()) => self.sync_dir(parent),
        }
    }
}

/// Nobody else may look into what it makes, where the system has such rights.
#[cfg(unix)]
fn dir_builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn dir_builder() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

fn write_zeros(mut file: &File, len: u64) -> io::Result<()> {
    file.set_len(0)?;
    let zeros = io::Read::take(io::repeat(0), len);
    let mut zeros = io::BufReader::new(zeros);
    io::copy(&mut zeros, &mut file)?;
    file.flush()
}

/// The directory a path lies in; `.` for a bare name.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}
