//! The page beside a job's file: it is read with the file, made by the job's lease, and removed with it.

use std::borrow::Borrow;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fs2::FileExt;

use super::state_dir::{FileBackend, file_of};
use crate::dir::{self, Dir, Id};
use crate::page;
use crate::size::rlimit;
use crate::{Error, name};
use safe_state_page::{Base, Boot, Page, Way};

/// The most times that a checkpoint is read again because a run saves meanwhile.
const TRIES: usize = 16;

/// The checkpoint of a job, extended by its page.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) checkpoint: Option<Vec<u8>>,
    /// The reason why the page does not count. The checkpoint may nevertheless have all that the page holds: after a snapshot,
    /// the page lies beside the state before until it is written to again.
    pub(super) forsaken: Option<&'static str>,
}

impl Read {
    /// Returns the checkpoint, for a run that goes on from it. Logs a warning if the page did not count.
    pub(super) fn told(self, job: &str) -> Option<Vec<u8>> {
        if let Some(reason) = self.forsaken {
            tracing::warn!(target: "safe_state", job, reason, "the page of the run before does not count; if it said more, the last save counts");
        }
        self.checkpoint
    }
}

/// A checkpoint, and the id of the place where it is stored, by which a page knows it.
pub(super) type Stored = (Vec<u8>, Option<(u64, u64)>);

/// Reads a checkpoint and extends it by its page. A page that belongs to another state is left out: the checkpoint has what was
/// saved.
pub(super) fn read_both(
    mut checkpoint: impl FnMut() -> Result<Option<Stored>, Error>,
    mut page: impl FnMut() -> Option<Vec<u8>>,
) -> Result<Read, Error> {
    let mut read = || -> Result<_, Error> {
        let checkpoint = checkpoint()?;
        // Most names that are looked up, such as requests, are not stored, and then have no page.
        let page = checkpoint.is_some().then(&mut page).flatten();
        Ok((checkpoint, page))
    };
    let mut both = read()?;
    let mut forsaken = None;
    for _ in 0..TRIES {
        let (Some((stored, Some(id))), Some(bytes)) = (&mut both.0, &both.1) else { break };
        if page::extend(stored, *id, bytes) {
            break;
        }
        let why_not = page::why_not(stored, *id, bytes);
        // A run may have saved in between, or be about to write a slot.
        let again = read()?;
        if again == both {
            forsaken = why_not;
            break;
        }
        both = again;
    }
    Ok(Read { checkpoint: both.0.map(|(stored, _)| stored), forsaken })
}

/// Reads the stored checkpoint of the job in the directory, extended by its page.
pub(super) fn read(backend: &FileBackend, dir: &Dir, job: &str) -> Result<Read, Error> {
    let checkpoint = || {
        let read = backend.file_in(dir, &file_of(job))?;
        Ok(read.map(|(file, stored)| (stored, numbers(&file))))
    };
    read_both(checkpoint, || page_in(backend, dir, &page_of(job)))
}

/// Reads the page, if it is a file of ours. Anything else in its place is logged, and does not stop the checkpoint from being
/// read.
pub(super) fn page_in(backend: &FileBackend, dir: &Dir, name: &Path) -> Option<Vec<u8>> {
    let read = backend.file_in(dir, name);
    let page = read.inspect_err(|error| {
        tracing::warn!(target: "safe_state", %error, "the page of the checkpoint can't be read; the last save counts");
    });
    page.ok().flatten().map(|(_, bytes)| bytes)
}

/// Extends the checkpoint that was read from the file at `path` by the page beside it. Returns whether the page counted.
pub(super) fn extend(path: &Path, checkpoint: &mut Vec<u8>) -> bool {
    let page = || {
        let (dir, name) = Dir::of(path).ok()?;
        let stem = name.to_str()?.strip_suffix(name::CHECKPOINT)?.to_owned();
        let id = numbers(&dir.file(&name).ok()?)?;
        Some((id, dir.read(Path::new(&(stem + name::PAGE)), Page::LEN).ok()??.1))
    };
    page().is_some_and(|(id, page)| page::extend(checkpoint, id, &page))
}

/// Returns the device and inode number, by which a page knows the file.
pub(super) fn numbers(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|found| Id::of(&found).numbers())
}

/// The page of a lease, and its state.
#[derive(Debug)]
pub(super) struct Beside {
    name: PathBuf,
    /// Whether a run of another store may have its page under the same name: no lease keeps it away.
    is_exposed: bool,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The previous run may have left a page. The first save of this lease has its contents.
    Earlier,
    None,
    /// The page is this lease's, in the file `id`. `says_more` is whether it may hold more than what was saved last.
    Ours {
        id: Id,
        says_more: bool,
    },
}

impl Beside {
    /// Creates the state of a lease just taken, for the page beside its file.
    pub(super) fn of(job: &str) -> Self {
        Beside { name: page_of(job), is_exposed: false, state: State::Earlier }
    }

    /// Creates the state of a lease just taken, for a page that is kept in a folder.
    pub(super) fn exposed(name: PathBuf) -> Self {
        Beside { name, is_exposed: true, state: State::Earlier }
    }

    /// Returns whether the run of another store has its page under this name.
    fn is_another_s(&self, dir: &Dir) -> bool {
        let is_locked = |page: &File| {
            let locked = FileExt::try_lock_exclusive(page);
            locked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.is_exposed && dir.file(&self.name).is_ok_and(|page| is_locked(&page))
    }

    /// Creates a new page, beside what was saved last.
    pub(super) fn make(&mut self, dir: &Dir, base: Base) -> Result<Option<Page>, Error> {
        self.state = State::None;
        if self.is_another_s(dir) {
            let error = io::Error::new(ErrorKind::ResourceBusy, "another run keeps its own there");
            return Err(Error::io("create", dir.path().join(&self.name))(error));
        }
        let made = create(dir, &self.name, base)?;
        if let Some((_, id)) = &made {
            self.state = State::Ours { id: *id, says_more: false };
        }
        Ok(made.map(|(page, _)| page))
    }

    /// Notes that the page may hold more than what was saved last.
    pub(super) fn says_more(&mut self) {
        if let State::Ours { says_more, .. } = &mut self.state {
            *says_more = true;
        }
    }

    /// Notes that what was saved last has all that the page holds.
    pub(super) fn is_saved(&mut self) {
        if let State::Ours { says_more, .. } = &mut self.state {
            *says_more = false;
        }
    }

    /// Notes that a snapshot has all that the page holds. Removes the page of the previous run, which no longer counts.
    pub(super) fn is_replaced<D: Borrow<Dir>>(&mut self, dir: impl FnOnce() -> Option<D>) {
        self.is_saved();
        if !matches!(self.state, State::Earlier) {
            return;
        }
        self.state = State::None;
        if let Some(dir) = dir() {
            self.remove(dir.borrow());
        }
    }

    /// Removes the page. If it can't be removed it counts for nothing, as the state that it lies beside no longer exists.
    pub(super) fn remove(&mut self, dir: &Dir) {
        match self.state {
            State::Ours { .. } => self.remove_ours(dir),
            _ if self.is_another_s(dir) => {}
            _ => _ = dir.remove(&self.name),
        }
        self.state = State::None;
    }

    /// Returns whether the page is this lease's, and what was saved last has all that it holds.
    pub(super) fn is_done_with(&self) -> bool {
        matches!(self.state, State::Ours { says_more: false, .. })
    }

    /// Removes the page if it is this lease's.
    pub(super) fn remove_ours(&self, dir: &Dir) {
        if let State::Ours { id, .. } = self.state {
            let _ = dir.remove_if(&self.name, id);
        }
    }
}

fn create(dir: &Dir, name: &Path, base: Base) -> Result<Option<(Page, Id)>, Error> {
    let Some(boot) = Boot::this() else { return Ok(None) };
    let failed = || Error::io("create", dir.path().join(name));
    // A write beyond the process's limit would not cause an error, but SIGXFSZ.
    if rlimit().is_some_and(|limit| limit < Page::LEN) {
        return Err(failed()(rustix::io::Errno::FBIG.into()));
    }
    let file = dir.replace(name).map_err(failed())?;
    let way = if dir::keeps_its_blocks(&file) { Way::Mapped } else { Way::Written };
    let id = file.metadata().map(|found| Id::of(&found)).map_err(failed())?;
    // The lock shows that a run has the page. Where files can't be locked, nobody is kept away.
    let _ = FileExt::try_lock_exclusive(&file);
    let made = Page::new(file, way, boot, base).inspect_err(|_| {
        // The error to report is the one of the creation.
        let _ = dir.remove(name);
    });
    made.map(|page| Some((page, id))).map_err(failed())
}

pub(super) fn page_of(job: &str) -> PathBuf {
    (name::encode(job) + name::PAGE).into()
}

#[cfg(test)]
mod tests;
