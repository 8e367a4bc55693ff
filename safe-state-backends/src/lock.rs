//! A lock on a file, by which a run holds a job of this machine. The file lies beside the
//! checkpoint, and is not the checkpoint itself, which may be replaced.

#[cfg(unix)]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use crate::{Error, Holder};

/// An exclusive lock, held until dropped, or until the process dies.
#[derive(Debug)]
pub struct Lock {
    /// Closing it releases the lock.
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes it for a job, in the file at `path`, which is made and removed for that.
    ///
    /// # Errors
    ///
    /// Another has it, or the file can't be opened.
    pub fn take(job: &str, path: PathBuf) -> Result<Lock, Error> {
        loop {
            let mut file = open(&path).map_err(Error::io("open the lock", &path))?;
            // Method syntax would pick whatever std adds under this name.
            match fs2::FileExt::try_lock_exclusive(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let holder = holder_in(&path).map(Box::new);
                    return Err(Error::Held { job: job.to_owned(), holder });
                }
                Err(error) => return Err(Error::io("lock", path)(error)),
            }
            // Else the holder before removed the file between our opening and locking it.
            if names(&path, &file).map_err(Error::io("look at the lock", &path))? {
                announce(&mut file).map_err(Error::io("write the lock", &path))?;
                return Ok(Lock { file, path });
            }
        }
    }

    /// Whether it is still the one that others would try to take.
    pub(super) fn stands(&self) -> Result<bool, Error> {
        names(&self.path, &self.file).map_err(Error::io("look at the lock", &self.path))
    }
}

impl Drop for Lock {
    #[cfg(unix)]
    fn drop(&mut self) {
        // Removed while still locked, so that nobody can have taken this file over; and not if
        // someone has removed it before, and it is another run's by now. If it can't be removed
        // it stays, unlocked, and the next run uses it again.
        if names(&self.path, &self.file).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// An open file can't be removed here; it stays, and the next run uses it again.
    #[cfg(not(unix))]
    fn drop(&mut self) {
        let _ = (&self.file, &self.path);
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path)
}

/// Whether `path` still names `file`.
#[cfg(unix)]
pub(crate) fn names(path: &Path, file: &File) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
pub(crate) fn names(_: &Path, _: &File) -> io::Result<bool> {
    Ok(true)
}

/// Who holds the lock, by what the file says: to try it, were it free for a moment, would turn a run
/// away that begins in that moment.
pub(crate) fn holder(path: &Path) -> Result<Option<Holder>, Error> {
    let line = match line_in(path) {
        Ok(line) => line,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read the lock", path)(error)),
    };
    let Some(holder) = line.as_deref().and_then(Holder::from_line) else { return Ok(None) };
    match holder.seems_to_run() {
        Some(true) => Ok(Some(holder)),
        Some(false) => Ok(None),
        None => Err(Error::Unsupported("tell who runs a job, on this system")),
    }
}

/// Its line, if it is whole.
fn line_in(path: &Path) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    // Whoever wrote the file, a line of ours is shorter than that.
    File::open(path)?.take(4096).read_to_end(&mut line)?;
    let line = String::from_utf8(line).ok();
    Ok(line.and_then(|line| Some(line.strip_suffix('\n')?.to_owned())))
}

/// Says in the lock file who holds it, for those it turns away.
fn announce(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(format!("{}\n", Holder::this_process().to_line()).as_bytes())
}

/// Who says to hold the lock; `None` if it has not said so yet.
fn holder_in(path: &Path) -> Option<Holder> {
    // A holder announces itself some microseconds after it has locked the file, which until then
    // may name one that was killed.
    for _ in 0..20 {
        thread::sleep(Duration::from_millis(1));
        if let Some(holder) = line_in(path).ok()?.as_deref().and_then(Holder::from_line) {
            return Some(holder);
        }
    }
    None
}
