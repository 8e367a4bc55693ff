//! A lock on a file, by which a run holds a job on this machine. The lock file lies beside the checkpoint. It is not the
//! checkpoint itself, because a save may replace that file.

mod reach;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::dir::{Dir, For, Id};
use crate::{Error, Holder};

/// The number of attempts, one `PAUSE` apart, for which an observer may hold a lock, or a new holder may not have written its
/// line yet.
const MOMENT: u32 = 20;
const PAUSE: Duration = Duration::from_millis(1);
/// The number of times that a file with a second name is removed from the lock's path. Somebody who puts such a file there again
/// and again does so on purpose.
const MOST_LINKS: u32 = 3;

/// An exclusive lock, held until it is dropped, or until the process dies.
#[derive(Debug)]
pub struct Lock {
    /// The locked file. Closing it releases the lock.
    file: File,
    dir: Arc<Dir>,
    name: PathBuf,
    /// The line in the file that names this holder.
    line: String,
}

impl Lock {
    /// Takes the lock for a job, in the file at `path`, which is created, and removed at the end.
    ///
    /// # Errors
    ///
    /// Another process has the lock, or the file can't be opened.
    pub fn take(job: &str, path: &Path) -> Result<Lock, Error> {
        let (dir, name) = Dir::of(path).map_err(Error::io("open the lock", path))?;
        Lock::take_in(Arc::new(dir), name, job)
    }

    /// Takes the lock for a job, in the file `name` of an open directory.
    pub(crate) fn take_in(dir: Arc<Dir>, name: PathBuf, job: &str) -> Result<Lock, Error> {
        let path = || dir.path().join(&name);
        let (mut refusals, mut links) = (0, 0);
        loop {
            let opened = dir.make(&name, For::Owner);
            let mut file = opened.map_err(|error| Error::io("open the lock", path())(error))?;
            // Method syntax would pick a method of the same name if std adds one.
            match fs2::FileExt::try_lock_exclusive(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // A process that finds out who holds the lock has it for a moment.
                    if refusals < MOMENT {
                        refusals += 1;
                        thread::sleep(PAUSE);
                        continue;
                    }
                    let holder = line_in(&file).ok().flatten();
                    let holder = holder.as_deref().and_then(Holder::from_line).map(Box::new);
                    return Err(Error::Held { job: job.to_owned(), holder });
                }
                Err(error) => return Err(Error::io("lock", path())(error)),
            }
            // If this fails, the previous holder removed the file between our opening and locking it.
            let is_named = dir.names(&name, &file);
            if is_named.map_err(|error| Error::io("look at the lock", path())(error))? {
                let is_another_s = dir.is_another_s(&name, &file);
                if is_another_s.map_err(|error| Error::io("look at the lock", path())(error))? {
                    links += 1;
                    if links > MOST_LINKS {
                        let error = ErrorKind::InvalidInput.into();
                        return Err(Error::io("make a lock of one name at", path())(error));
                    }
                    continue;
                }
                reach::check(&file, job, &path())?;
                let announced = announce(&mut file);
                let line = announced.map_err(|error| Error::io("write the lock", path())(error))?;
                return Ok(Lock { file, dir, name, line });
            }
        }
    }

    /// Returns whether the lock's path, in whichever directory is there now, still leads to the locked file.
    pub(crate) fn stands(&self) -> Result<bool, Error> {
        let path = self.dir.path().join(&self.name);
        let stands = fs::symlink_metadata(&path)
            .and_then(|found| Ok(Id::of(&found) == Id::of(&self.file.metadata()?)));
        match stands {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(false)
            }
            stands => stands.map_err(Error::io("look at the lock", path)),
        }
    }

    /// Checks that the lock is still held. A file system on a network takes a lock from a holder that was cut off for too long,
    /// and does not always say so; but the next holder writes its own line.
    ///
    /// # Errors
    ///
    /// Another process holds the lock, or that can't be determined.
    pub(crate) fn check(&self, job: &str) -> Result<(), Error> {
        let found = match self.found_line() {
            // The directory is gone, and whatever is tried there fails.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let path = self.dir.path().join(&self.name);
                return Err(Error::io("read the lock", path)(error));
            }
            Ok(found) => found,
        };
        match told(found.as_deref(), &self.line) {
            LockOwner::Ours => Ok(()),
            LockOwner::Nothing if !self.may_be_taken() => Ok(()),
            LockOwner::Nothing => Err(Error::LeaseLost { job: job.to_owned(), holder: None }),
            LockOwner::Another(holder) => {
                Err(Error::LeaseLost { job: job.to_owned(), holder: Some(Box::new(holder)) })
            }
        }
    }

    /// Returns whether another machine may have been given the lock meanwhile.
    fn may_be_taken(&self) -> bool {
        crate::dir::is_shared(&self.file)
    }

    /// Reads the line in the file. Opens the file anew where another machine may have written it: a network file system looks
    /// for changes when a file is opened.
    fn found_line(&self) -> io::Result<Option<String>> {
        if self.may_be_taken() { line_in(&self.dir.file(&self.name)?) } else { line_in(&self.file) }
    }

    /// Returns the directory of the lock.
    pub(crate) fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }
}

impl Drop for Lock {
    #[cfg(unix)]
    fn drop(&mut self) {
        // The file is removed while it is still locked, so that nobody can have taken it over; but not if someone removed it
        // before, or if another run has taken the lock over. If it can't be removed it stays, unlocked, and the next run uses it
        // again.
        let is_anothers = |line: Option<String>| {
            matches!(told(line.as_deref(), &self.line), LockOwner::Another(_))
        };
        let is_ours = self.found_line().is_ok_and(|line| !is_anothers(line));
        if is_ours && self.dir.names(&self.name, &self.file).unwrap_or(false) {
            let _ = self.dir.remove(&self.name);
        }
    }

    /// Leaves the file, as an open file can't be removed here. The next run uses it again.
    #[cfg(not(unix))]
    fn drop(&mut self) {
        let _ = (&self.file, &self.name);
    }
}

/// Returns who holds the lock, by the line in its file: the holder may be in another container or on another machine, and its
/// process id alone means nothing here. The lock is tried in shared mode, so that several observers do not turn each other away;
/// a run that begins at that moment tries again.
pub(crate) fn holder(path: &Path) -> Result<Option<Holder>, Error> {
    match Dir::of(path) {
        Ok((dir, name)) => holder_in(&dir, &name, path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open the lock", path)(error)),
    }
}

/// Returns who holds the lock `name` in an open directory. `path` is for messages.
pub(crate) fn holder_in(dir: &Dir, name: &Path, path: &Path) -> Result<Option<Holder>, Error> {
    let file = match dir.file(name) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open the lock", path)(error)),
    };
    for _ in 0..MOMENT {
        match fs2::FileExt::try_lock_shared(&file) {
            Ok(()) => return free(&file).map_err(Error::io("read the lock", path))?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(Error::io("lock", path)(error)),
        }
        let line = line_in(&file).map_err(Error::io("read the lock", path))?;
        if let Some(holder) = line.as_deref().and_then(Holder::from_line) {
            return Ok(Some(holder));
        }
        // A holder writes its line some microseconds after it has locked the file.
        thread::sleep(PAUSE);
    }
    Err(Error::Unsupported("tell who runs a job that has not said so"))
}

/// Returns `None`, as nobody on this machine holds the lock; or an error if its file is shared and names a holder of another boot
/// or machine, which the lock may not reach.
fn free(file: &File) -> io::Result<Result<Option<Holder>, Error>> {
    let holder = line_in(file)?.as_deref().and_then(Holder::from_line);
    let is_of_another = holder.is_some_and(|holder| !holder.is_of_this_boot());
    Ok(if is_of_another && crate::dir::is_shared(file) {
        Err(Error::Unsupported("tell whether a job runs on another machine"))
    } else {
        Ok(None)
    })
}

/// The author of a lock's line.
#[derive(Debug, PartialEq, Eq)]
enum LockOwner {
    Ours,
    Another(Holder),
    /// Nobody who writes these lines: another program wrote into the file.
    Nothing,
}

fn told(line: Option<&str>, ours: &str) -> LockOwner {
    match line {
        Some(line) if line == ours => LockOwner::Ours,
        Some(line) => match Holder::from_line(line) {
            Some(holder) if holder.is_marked() => LockOwner::Another(holder),
            _ => LockOwner::Nothing,
        },
        None => LockOwner::Nothing,
    }
}

/// Returns the file's line without its end; `None` if it has no end.
fn line_in(mut file: &File) -> io::Result<Option<String>> {
    // Without this room, it would be read in small pieces.
    let mut line = Vec::with_capacity(256);
    file.seek(SeekFrom::Start(0))?;
    // The limit holds whoever wrote the file; our lines are shorter.
    file.take(4096).read_to_end(&mut line)?;
    let line = String::from_utf8(line).ok();
    Ok(line.and_then(|line| Some(line.strip_suffix('\n')?.to_owned())))
}

/// Writes into the lock file who holds it, for those whom it turns away. Returns the line.
fn announce(file: &mut File) -> io::Result<String> {
    let line = Holder::of(&file.metadata()?).to_line();
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_holder_is_told_from_what_is_none() {
        let ours = Holder::this_process().to_line();
        let another = "7 1000000 another-host 0/1/2#3@801";
        assert_eq!(told(Some(&ours), &ours), LockOwner::Ours);
        let holder = Holder::from_line(another).unwrap();
        assert_eq!(told(Some(another), &ours), LockOwner::Another(holder));
        for nothing in [None, Some(""), Some("1 1 elsewhere")] {
            assert_eq!(told(nothing, &ours), LockOwner::Nothing);
        }
    }
}
