//! Files that exist whole or not at all. Like a checkpoint, a file is written beside its place, synced, and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::dir::{Dir, For};
use crate::{Durability, Error};

/// The end of a file's name while the file is written.
const UNPUBLISHED: &str = ".unpublished";
/// The most times that others may replace the draft before it is locked.
const MOST_TRIES: u32 = 1_000;

/// Returns whether `path` is a file, a directory or a link, so that the work that makes it can be skipped. A link counts even
/// if it leads to nothing.
///
/// A path that can't be looked at counts as missing: the work then meets the error itself. A file that is written in place
/// exists before it is whole; see [`publish_once`].
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

/// Makes the file at `path` from what `write` writes, whole or not at all, and durable. Replaces an existing file. See
/// [`Publication`].
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
/// The error of `write`, unchanged; or the file cannot be created, written, synced or renamed.
pub fn publish<T>(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
) -> io::Result<T> {
    Publication::of(path).write(write)
}

/// Makes the file at `path` like [`publish`], unless it exists already: then `write` is not called, and the result is `None`.
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
/// The same errors as [`publish`].
pub fn publish_once<T>(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
) -> io::Result<Option<T>> {
    Publication::of(path).write_once(write)
}

/// A file to be published, with its durability.
///
/// The content goes to a file beside it, `NAME.unpublished`, which is synced and renamed to its name; then the directory is
/// synced. An error or a panic removes that file; a file that a crash has left is overwritten by the next publication. The file
/// is locked while it is written. So if several publish the same file at a time, in any processes of a machine, each waits for
/// the one before.
///
/// The file gets the permissions of the one that it replaces, or those of any new file. A link to a file, to a directory, or to
/// nothing, is itself replaced, and not its target. A device, a pipe and a socket, and a link to one of these, are never
/// replaced: that is an error. Anything but a file of one's own at `NAME.unpublished` is an error too.
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
    /// Creates a publication of the file at `path` that survives a power cut.
    pub fn of(path: impl AsRef<Path>) -> Self {
        Publication { path: path.as_ref().to_owned(), durability: Durability::Power }
    }

    /// Sets the failures that the published file survives. Without a sync, a power cut may leave a part of the file.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Makes the file from what `write` writes. Bytes that are left in the buffer are flushed.
    ///
    /// # Errors
    ///
    /// The same errors as [`publish`].
    pub fn write<T>(
        &self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
    ) -> io::Result<T> {
        self.check_target()?;
        self.publish(Draft::begin(&self.path)?, write)
    }

    /// Makes the file like [`write`](Self::write), unless it exists already: then the result is `None`.
    ///
    /// # Errors
    ///
    /// The same errors as [`publish`].
    pub fn write_once<T>(
        &self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        if self.is_there()? {
            return Ok(None);
        }
        let draft = Draft::begin(&self.path)?;
        // Another process may have published the file before the draft was locked.
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

    /// Sets the draft's permissions before anything is written to it, as that may be secret.
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

/// The locked file that becomes the published one. Dropping it removes the file, unless it was published.
struct Draft {
    file: File,
    dir: Dir,
    /// The draft's own name, and the name that it is to have.
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
            // If not, another process has published or removed the file between our opening and locking it.
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
            // The error to report is the one of the publication; the next one overwrites what is left.
            let _ = self.dir.remove(own);
        }
    }
}

/// Refuses another user's file, as that user could change it after it was published.
fn check_owner(dir: &Dir, file: &File) -> io::Result<()> {
    if dir.is_ours(file)? {
        return Ok(());
    }
    let text = "it belongs to another user, who could change it later; move it away";
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
}

fn lock(file: &File) -> io::Result<()> {
    loop {
        // Method syntax would pick a method of the same name if std adds one.
        match fs2::FileExt::lock_exclusive(file) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked,
        }
    }
}

/// Returns a closure that adds to a system's error what was tried on which file.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), Error::io(action, path)(error))
}
