//! The files that a run writes through reconnected handles. Each is written by one variable of one job.
//!
//! A handle's type knows its files, but not the job, which only the run knows. So while a run describes or rebuilds a
//! handle, it puts its `Outputs` into a thread-local, where the code for files finds them.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safe_state_backends::{
    Backend, FileId, OutputLock, Taken, claim_output, is_output_of, release_output, writer_of,
};
use safe_state_base::ReconnectError;

thread_local! {
    static NOW: RefCell<Option<Outputs>> = const { RefCell::new(None) };
}

/// The files that a run writes.
#[derive(Default)]
pub(crate) struct Outputs {
    /// The backend and the name of the job; none in a nested call.
    store: Option<(Arc<dyn Backend>, String)>,
    /// Whether the job has finished before: since then, its files may have been another's.
    has_finished: bool,
    held: Vec<Held>,
    /// The variable whose handle is being described or rebuilt.
    variable: String,
    /// A directory that was moved together with the store: where it was, and where it is.
    moved: Option<(PathBuf, PathBuf)>,
    /// What was taken as it is now, though it is not what was saved; none if the run does not accept that.
    accepted: Option<Vec<String>>,
}

/// The bytes before an offset of a file.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    pub(super) end: u64,
    pub(super) bytes: Vec<u8>,
}

/// A file that the run writes.
#[derive(Debug)]
struct Held {
    variable: String,
    path: PathBuf,
    id: FileId,
    /// A second handle of the file, for reading, if the program's handle can only write.
    reader: Option<File>,
    _lock: Option<OutputLock>,
    name_is_synced: bool,
    /// The bytes that the file ended in at the last save.
    tail: Option<Tail>,
    /// Whether the variable still wrote the file when its handle was described last.
    is_there: bool,
}

impl Outputs {
    /// Makes the value for a job whose checkpoint is in `backend`, which may have `moved` with the directory around it.
    pub(crate) fn of(
        (backend, job): (Arc<dyn Backend>, &str),
        has_finished: bool,
        moved: Option<(PathBuf, PathBuf)>,
    ) -> Self {
        let store = Some((backend, job.to_owned()));
        Outputs { store, has_finished, moved, ..Outputs::default() }
    }

    /// Sets whether handles are rebuilt for what is there now, if that has changed. Returns what was taken as it is since
    /// the last call.
    pub(crate) fn accept(&mut self, accepts: bool) -> Vec<String> {
        mem::replace(&mut self.accepted, accepts.then(Vec::new)).unwrap_or_default()
    }

    /// Does `work`, which describes or rebuilds the handle in `variable`. Files that the variable wrote before, and
    /// that `work` does not ask for, are marked as no longer there.
    pub(crate) fn within<T>(&mut self, variable: &str, work: impl FnOnce() -> T) -> T {
        /// Restores the thread-local when it is dropped, also if the handle's code panics.
        struct Reset(Option<Outputs>);
        impl Drop for Reset {
            fn drop(&mut self) {
                let before = self.0.take();
                NOW.with(|now| *now.borrow_mut() = before);
            }
        }
        variable.clone_into(&mut self.variable);
        for held in &mut self.held {
            held.is_there &= held.variable != variable;
        }
        let before = NOW.with(|now| now.borrow_mut().replace(mem::take(self)));
        let reset = Reset(before);
        let done = work();
        *self = NOW.with(|now| now.borrow_mut().take()).unwrap_or_default();
        drop(reset);
        done
    }

    /// Releases the files that their variables no longer write.
    pub(crate) fn release_others(&mut self) {
        let gone = self.held.extract_if(.., |held| !held.is_there).collect();
        self.give_back(gone);
    }

    /// Returns whether the variable writes a file.
    pub(crate) fn are_written_by(&self, variable: &str) -> bool {
        self.held.iter().any(|held| held.is_there && held.variable == variable)
    }

    /// Releases all files, as the job is finished.
    pub(crate) fn release(mut self) {
        let held = mem::take(&mut self.held);
        self.give_back(held);
    }

    /// Releases files in the backend. If that fails, the next job that wants the file sees that this one is finished.
    fn give_back(&self, held: Vec<Held>) {
        let Some((backend, job)) = &self.store else { return };
        for held in held {
            if let Err(error) = release_output(backend, (&held.id, &held.path), job) {
                tracing::debug!(target: "safe_state", path = %held.path.display(), %error, "not released");
            }
        }
    }

    fn find(&mut self, id: &FileId) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.id == *id)
    }

    fn hold(
        &mut self,
        file: &File,
        (path, id): (&Path, FileId),
        cut_to: Option<u64>,
    ) -> Result<(), ReconnectError> {
        let shown = path.display();
        let Outputs { variable, store, has_finished, held, .. } = self;
        if let Some(held) = held.iter_mut().find(|held| held.id == id) {
            if held.variable != *variable {
                return Err(ReconnectError::conflict(format!(
                    "`{shown}` is written through `{}` as well, and each would cut off what the other has written; \
                     let one handle write it, or write two files",
                    held.variable
                )));
            }
            held.is_there = true;
            return Ok(());
        }
        let lock = match OutputLock::take(file) {
            Ok(Taken::Lock(lock)) => Some(lock),
            Ok(Taken::Unknown) => None,
            Ok(Taken::ByAnother) => {
                return Err(ReconnectError::conflict(format!(
                    "another run writes `{shown}` now, and each would cut off what the other has written; \
                     let that end, or give each a file of its own"
                )));
            }
            Err(error) => {
                return Err(ReconnectError::because(format!("cannot lock `{shown}`"), error));
            }
        };
        if let Some((backend, job)) = store {
            let cut_to = cut_to.filter(|_| *has_finished);
            claim(backend, (path, id), job, cut_to)?;
        }
        held.push(Held {
            variable: variable.clone(),
            path: path.to_owned(),
            id,
            reader: None,
            _lock: lock,
            name_is_synced: false,
            tail: None,
            is_there: true,
        });
        Ok(())
    }
}

/// Takes down that the job writes the file; of one that is to be cut to that length, only if no other job may have written
/// it since this one has.
fn claim(
    backend: &Arc<dyn Backend>,
    (path, id): (&Path, FileId),
    job: &str,
    cut_to: Option<u64>,
) -> Result<(), ReconnectError> {
    let shown = path.display();
    let failed = |error| {
        ReconnectError::because(format!("cannot note that this job writes `{shown}`"), error)
    };
    let file = (&id, path);
    let may_be_others = match cut_to {
        Some(length) if !is_output_of(&**backend, file, job).map_err(failed)? => Some(length),
        _ => None,
    };
    let other = match may_be_others {
        Some(_) => writer_of(&**backend, file, job).map_err(failed)?,
        None => claim_output(backend, file, job).map_err(failed)?,
    };
    if let Some(other) = other {
        return Err(ReconnectError::conflict(format!(
            "job `{other}`, which is not finished, writes `{shown}`, and when it goes on, it cuts off what others \
             have written there since; finish or clear that job first, or give each a file of its own"
        )));
    }
    match may_be_others {
        Some(length) => Err(ReconnectError::conflict(format!(
            "`{shown}` goes on behind what this job has saved, and since the job finished, others may have written \
             there: it does not cut that off; give each job a file of its own, or if it is this job's, cut it to \
             {length} bytes"
        ))),
        None => Ok(()),
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outputs").field("held", &self.held).finish_non_exhaustive()
    }
}

/// Sees that the run that asks is the one that writes the file, and may cut it to that length, if it is longer; outside
/// of any, nothing.
pub(super) fn hold(
    file: &File,
    of: (&Path, FileId),
    cut_to: Option<u64>,
) -> Result<(), ReconnectError> {
    NOW.with(|now| match &mut *now.borrow_mut() {
        Some(outputs) => outputs.hold(file, of, cut_to),
        None => Ok(()),
    })
}

/// Returns whether the run takes what a handle is for as it is now, though it is not what was saved. `what` names it.
pub(super) fn accepts(what: impl FnOnce() -> String) -> bool {
    NOW.with(|now| {
        let mut now = now.borrow_mut();
        let accepted = now.as_mut().and_then(|outputs| outputs.accepted.as_mut());
        accepted.map(|accepted| accepted.push(what())).is_some()
    })
}

/// Returns where the file at `path` is now, if the directory around it has moved together with the store.
pub(super) fn moved(path: &Path) -> Option<PathBuf> {
    NOW.with(|now| {
        let now = now.borrow();
        let (from, to) = now.as_ref()?.moved.as_ref()?;
        path.strip_prefix(from).ok().map(|rest| to.join(rest))
    })
}

/// Returns the bytes that a file of the run ended in at the last save.
pub(super) fn tail(id: &FileId) -> Option<Tail> {
    NOW.with(|now| {
        now.borrow_mut().as_mut().and_then(|it| it.find(id)).and_then(|it| it.tail.clone())
    })
}

/// Notes the bytes that a file of the run ends in now.
pub(super) fn set_tail(id: &FileId, tail: Tail) {
    NOW.with(|now| {
        if let Some(held) = now.borrow_mut().as_mut().and_then(|outputs| outputs.find(id)) {
            held.tail = Some(tail);
        }
    });
}

/// Reads by the handle that `open` returns, which stays open as long as the run goes on: closing it would drop POSIX
/// locks that the program has on the file.
pub(super) fn read_by<T>(
    id: &FileId,
    open: impl FnOnce() -> io::Result<File>,
    read: impl FnOnce(&File) -> io::Result<T>,
) -> io::Result<T> {
    NOW.with(|now| {
        let mut now = now.borrow_mut();
        let Some(held) = now.as_mut().and_then(|outputs| outputs.find(id)) else {
            return read(&open()?);
        };
        if held.reader.is_none() {
            held.reader = Some(open()?);
        }
        held.reader.as_ref().map_or_else(|| Err(io::ErrorKind::NotFound.into()), read)
    })
}

/// Makes the name of a file that the run writes durable, once, at the first sync.
pub(super) fn sync_name(id: &FileId) -> io::Result<()> {
    NOW.with(|now| {
        let mut now = now.borrow_mut();
        let held = now.as_mut().and_then(|outputs| outputs.find(id));
        let Some(held) = held.filter(|held| !held.name_is_synced) else { return Ok(()) };
        let dir = held.path.parent().unwrap_or(Path::new("/"));
        match File::open(dir).and_then(|dir| dir.sync_all()) {
            // A directory without read permission can't be synced, and some file systems sync none.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::Unsupported
                ) => {}
            synced => synced?,
        }
        held.name_is_synced = true;
        Ok(())
    })
}
