//! Files that are there whole or not at all, published as checkpoints are: written beside their place,
//! synced, and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::dir::{Dir, For};
use crate::{Durability, Error};

/// What the name of a file ends in while it is written.
const UNPUBLISHED: &str = ".unpublished";
/// How often others may come between.
const MOST_TRIES: u32 = 1_000;

/// Whether there is a file, a directory or a link at `path`, so that the work that makes it can be passed
/// over. A link is there also where it leads to nothing yet.
///
/// What can't be looked at counts as not there: the work then meets the reason itself. A file that is
/// written in its place is there before it is whole; see [`publish_once`].
///
/// ```
/// use safe_state_backends::{publish, skip_if_exists};
///
/// # let dir = tempfile::tempdir()?;
/// let thumbnail = dir.path().join("cat.png");
/// assert!(!skip_if_exists(&thumbnail));
/// publish(&thumbnail, |file| std::io::Write::write_all(file, b"..."))?;
/// assert!(skip_if_exists(&thumbnail));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn skip_if_exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().symlink_metadata().is_ok()
}

/// Makes the file at `path` by what `write` writes, whole or not at all, and durable; in place of one
/// that is there. See [`Publication`].
///
/// ```
/// use std::io::Write;
/// use safe_state_backends::publish;
///
/// # let dir = tempfile::tempdir()?;
/// # let report = dir.path().join("report.csv");
/// publish(&report, |file| {
///     writeln!(file, "name,amount")?;
///     writeln!(file, "Ada,7")
/// })?;
/// assert_eq!(std::fs::read_to_string(&report)?, "name,amount\nAda,7\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// That of `write`, unchanged; or the file cannot be created, written, synced or renamed.
pub fn publish<T>(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
) -> io::Result<T> {
    Publication::of(path).write(write)
}

/// The same, unless there is a file already: then `write` is not called, and there is no value.
///
/// ```
/// use std::io::Write;
/// use safe_state_backends::publish_once;
///
/// # let dir = tempfile::tempdir()?;
/// # let page = dir.path().join("page.html");
/// assert!(publish_once(&page, |file| file.write_all(b"<html>"))?.is_some());
/// assert!(publish_once(&page, |file| file.write_all(b"not written"))?.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// As [`publish`].
pub fn publish_once<T>(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
) -> io::Result<Option<T>> {
    Publication::of(path).write_once(write)
}

/// A file to be published, and how durably.
///
/// What is written goes to a file beside it, `NAME.unpublished`, which is synced and renamed to its
/// name; then the directory is synced. An error or a panic removes that file; one that a crash has left
/// is overwritten by the next. It is locked while it is written, so of several that publish the same
/// file at a time, in any processes of a machine, each waits for the one before.
///
/// The file has the permissions of the one it takes the place of, or those that any new file has. A
/// link to a file, to a directory, or to nothing, is replaced, and not what it leads to. A device, a pipe and a socket are
/// never replaced, nor is a link that leads to one: that is an error, as they take no file whole. So is
/// anything but a file of one's own where `NAME.unpublished` is to be.
///
/// ```
/// use std::io::Write;
/// use safe_state_backends::{Durability, Publication};
///
/// # let dir = tempfile::tempdir()?;
/// let cached = Publication::of(dir.path().join("cached")).durability(Durability::Process);
/// cached.write(|file| file.write_all(b"what can be made again"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Publication {
    path: PathBuf,
    durability: Durability,
}

impl Publication {
    /// The file at `path`, which survives a loss of power.
    pub fn of(path: impl AsRef<Path>) -> Self {
        Publication { path: path.as_ref().to_owned(), durability: Durability::Power }
    }

    /// The same, surviving what `durability` says. Without a sync, a loss of power may leave a part of
    /// the file.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Makes the file by what `write` writes. What that leaves in the buffer is flushed.
    ///
    /// # Errors
    ///
    /// As [`publish`].
    pub fn write<T>(
        &self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
    ) -> io::Result<T> {
        self.check_target()?;
        self.publish(Draft::begin(&self.path)?, write)
    }

    /// The same, unless there is a file already.
    ///
    /// # Errors
    ///
    /// As [`publish`].
    pub fn write_once<T>(
        &self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        if self.is_there()? {
            return Ok(None);
        }
        let draft = Draft::begin(&self.path)?;
        // Another may have published it before the draft was locked.
        if self.is_there()? {
            return Ok(None);
        }
        self.publish(draft, write).map(Some)
    }

    fn check_target(&self) -> io::Result<()> {
        let is_none = |found: fs::Metadata| !found.is_file() && !found.is_dir();
        if !fs::metadata(&self.path).is_ok_and(is_none) {
            return Ok(());
        }
        let path = self.path.display();
        let text = format!(
            "`{path}` is a device, a pipe or a socket, which no file takes the place of; \
             write to it as it is, or name a file"
        );
        Err(io::Error::new(ErrorKind::InvalidInput, text))
    }

    fn is_there(&self) -> io::Result<bool> {
        self.path.try_exists().map_err(failed("look for", &self.path))
    }

    fn publish<T>(
        &self,
        mut draft: Draft,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
    ) -> io::Result<T> {
        self.keep_permissions(&draft)?;
        let mut buffered = BufWriter::new(&draft.file);
        let value = write(&mut buffered)?;
        buffered.flush().map_err(failed("write", &draft.path))?;
        drop(buffered);
        if self.durability == Durability::Power {
            draft.file.sync_data().map_err(failed("sync", &draft.path))?;
        }
        draft.publish().map_err(failed("publish", &self.path))?;
        if self.durability == Durability::Power {
            draft.dir.sync().map_err(failed("sync", draft.dir.path()))?;
        }
        Ok(value)
    }

    /// Before anything is written, which may be secret.
    fn keep_permissions(&self, draft: &Draft) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(replaced) if replaced.is_file() => draft
                .file
                .set_permissions(replaced.permissions())
                .map_err(failed("set the permissions of", &draft.path)),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("look at", &self.path)(error)),
        }
    }
}

/// The file that becomes the published one, locked. Removed when dropped, unless it was published.
struct Draft {
    file: File,
    dir: Dir,
    /// Its own name, and the one that it is to have.
    names: [PathBuf; 2],
    path: PathBuf,
    is_published: bool,
}

impl Draft {
    fn begin(target: &Path) -> io::Result<Draft> {
        let mut path = target.as_os_str().to_owned();
        path.push(UNPUBLISHED);
        let path = PathBuf::from(path);
        let (dir, named) = Dir::of(target).map_err(failed("create", &path))?;
        let mut name = named.as_os_str().to_owned();
        name.push(UNPUBLISHED);
        let name = PathBuf::from(name);
        for _ in 0..MOST_TRIES {
            let file = dir.make(&name, For::Default).map_err(failed("create", &path))?;
            check_owner(&dir, &file).map_err(failed("write", &path))?;
            lock(&file).map_err(failed("lock", &path))?;
            // Else another has published or removed it between our opening and locking it.
            if dir.names(&name, &file).map_err(failed("look at", &path))?
                && !dir.is_another_s(&name, &file).map_err(failed("look at", &path))?
            {
                file.set_len(0).map_err(failed("empty", &path))?;
                return Ok(Draft { file, dir, names: [name, named], path, is_published: false });
            }
        }
        Err(failed("create", &path)(io::Error::new(
            ErrorKind::ResourceBusy,
            "others put files there again and again",
        )))
    }

    fn publish(&mut self) -> io::Result<()> {
        let [own, published] = &self.names;
        self.dir.rename(own, published)?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_published {
            let [own, _] = &self.names;
            // The error to report is why it was not published; the next overwrites what is left.
            let _ = self.dir.remove(own);
        }
    }
}

/// Who made a file can change it after it was published.
fn check_owner(dir: &Dir, file: &File) -> io::Result<()> {
    if dir.is_ours(file)? {
        return Ok(());
    }
    let text = "it belongs to another user, who could change it later; move it away";
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
}

fn lock(file: &File) -> io::Result<()> {
    loop {
        // Method syntax would pick whatever std adds under this name.
        match fs2::FileExt::lock_exclusive(file) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked,
        }
    }
}

/// The system's error, with what was tried on which file.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), Error::io(action, path)(error))
}
