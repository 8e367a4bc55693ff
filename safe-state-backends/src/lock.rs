//! A lock on a file, by which a run holds a job of this machine. The file lies beside the
//! checkpoint, and is not the checkpoint itself, which may be replaced.

mod reach;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::dir::{Dir, For, Id};
use crate::{Error, Holder};

/// How long one who looks may have a lock, and one who has taken it not have said so.
const MOMENT: u32 = 20;
const PAUSE: Duration = Duration::from_millis(1);
/// How often a name is taken away from a file that has another one. Who puts such files there again and
/// again is no accident.
const MOST_LINKS: u32 = 3;

/// An exclusive lock, held until dropped, or until the process dies.
#[derive(Debug)]
pub struct Lock {
    /// Closing it releases the lock.
    file: File,
    dir: Arc<Dir>,
    name: PathBuf,
    /// What it says of its holder.
    line: String,
}

impl Lock {
    /// Takes it for a job, in the file at `path`, which is made and removed for that.
    ///
    /// # Errors
    ///
    /// Another has it, or the file can't be opened.
    pub fn take(job: &str, path: &Path) -> Result<Lock, Error> {
        let (dir, name) = Dir::of(path).map_err(Error::io("open the lock", path))?;
        Lock::take_in(Arc::new(dir), name, job)
    }

    /// Takes it in a file of a directory.
    pub(crate) fn take_in(dir: Arc<Dir>, name: PathBuf, job: &str) -> Result<Lock, Error> {
        let path = || dir.path().join(&name);
        let (mut refusals, mut links) = (0, 0);
        loop {
            let opened = dir.make(&name, For::Owner);
            let mut file = opened.map_err(|error| Error::io("open the lock", path())(error))?;
            // Method syntax would pick whatever std adds under this name.
            match fs2::FileExt::try_lock_exclusive(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // One who looks has it for a moment.
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
            // Else the holder before removed the file between our opening and locking it.
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

    /// Whether it is still the one that others would try to take, by whichever directory is there now.
    pub(super) fn stands(&self) -> Result<bool, Error> {
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

    /// Looks whether it is still held. A file system on a network takes a lock from who was cut off for too long, and
    /// does not always tell; the next holder writes its own line.
    ///
    /// # Errors
    ///
    /// Another holds it; or that can't be known.
    pub(crate) fn check(&self, job: &str) -> Result<(), Error> {
        let found = match self.found_line() {
            // Then the directory is gone, and whatever is tried there fails.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let path = self.dir.path().join(&self.name);
                return Err(Error::io("read the lock", path)(error));
            }
            Ok(found) => found,
        };
        match told(found.as_deref(), &self.line) {
            Told::Ours => Ok(()),
            Told::Nothing if !self.may_be_taken() => Ok(()),
            Told::Nothing => Err(Error::LeaseLost { job: job.to_owned(), holder: None }),
            Told::Another(holder) => {
                Err(Error::LeaseLost { job: job.to_owned(), holder: Some(Box::new(holder)) })
            }
        }
    }

    /// Whether another machine may have been given it meanwhile.
    fn may_be_taken(&self) -> bool {
        crate::dir::is_shared(&self.file)
    }

    /// Where others may have written it, by opening it anew, with which such a file system looks for what has changed.
    fn found_line(&self) -> io::Result<Option<String>> {
        if self.may_be_taken() { line_in(&self.dir.file(&self.name)?) } else { line_in(&self.file) }
    }

    /// The directory that it is in.
    pub(crate) fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }
}

impl Drop for Lock {
    #[cfg(unix)]
    fn drop(&mut self) {
        // Removed while still locked, so that nobody can have taken this file over; and not if
        // someone has removed it before, or taken the lock over, and it is another run's by now. If it can't be
        // removed it stays, unlocked, and the next run uses it again.
        let is_anothers =
            |line: Option<String>| matches!(told(line.as_deref(), &self.line), Told::Another(_));
        let is_ours = self.found_line().is_ok_and(|line| !is_anothers(line));
        if is_ours && self.dir.names(&self.name, &self.file).unwrap_or(false) {
            let _ = self.dir.remove(&self.name);
        }
    }

    /// An open file can't be removed here; it stays, and the next run uses it again.
    #[cfg(not(unix))]
    fn drop(&mut self) {
        let _ = (&self.file, &self.name);
    }
}

/// Who holds the lock, which the lock tells: a process may be of another container or machine, and its
/// number says nothing here. It is tried together with others who look, so that none is turned away; a
/// run that begins in that moment tries again.
pub(crate) fn holder(path: &Path) -> Result<Option<Holder>, Error> {
    match Dir::of(path) {
        Ok((dir, name)) => holder_in(&dir, &name, path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open the lock", path)(error)),
    }
}

/// Returns who holds the lock of that name in an open directory; messages tell `path`.
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
        // A holder announces itself some microseconds after it has locked the file.
        thread::sleep(PAUSE);
    }
    Err(Error::Unsupported("tell who runs a job that has not said so"))
}

/// Nobody holds it, if locks reach as far as the file does.
fn free(file: &File) -> io::Result<Result<Option<Holder>, Error>> {
    let holder = line_in(file)?.as_deref().and_then(Holder::from_line);
    let is_of_another = holder.is_some_and(|holder| !holder.is_of_this_boot());
    Ok(if is_of_another && crate::dir::is_shared(file) {
        Err(Error::Unsupported("tell whether a job runs on another machine"))
    } else {
        Ok(None)
    })
}

/// Whom a lock's line tells of.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Ours,
    Another(Holder),
    /// Nobody who writes such lines: somebody else has written into the file.
    Nothing,
}

fn told(line: Option<&str>, ours: &str) -> Told {
    match line {
        Some(line) if line == ours => Told::Ours,
        Some(line) => match Holder::from_line(line) {
            Some(holder) if holder.is_marked() => Told::Another(holder),
            _ => Told::Nothing,
        },
        None => Told::Nothing,
    }
}

/// Its line, if it is whole.
fn line_in(mut file: &File) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    // Whoever wrote the file, a line of ours is shorter than that.
    file.take(4096).read_to_end(&mut line)?;
    let line = String::from_utf8(line).ok();
    Ok(line.and_then(|line| Some(line.strip_suffix('\n')?.to_owned())))
}

/// Says in the lock file who holds it, for those it turns away; and returns that.
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
        assert_eq!(told(Some(&ours), &ours), Told::Ours);
        let holder = Holder::from_line(another).unwrap();
        assert_eq!(told(Some(another), &ours), Told::Another(holder));
        for nothing in [None, Some(""), Some("1 1 elsewhere")] {
            assert_eq!(told(nothing, &ours), Told::Nothing);
        }
    }
}
