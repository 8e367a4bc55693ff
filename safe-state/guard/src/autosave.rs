//! The data of a job that is running, saved to a file from time to time: for what ends the guard as well,
//! such as a loss of power. The guard saves, so that it costs the job nothing.

mod file;
mod recover;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use safe_state_backends::{Error as BackendError, Lock};

use super::cause::{Cause, Ended};
use super::layout::{Layout, word};
use super::memory::Memory;
use super::reader::Snapshot;
use super::sys::Pages;
use crate::GuardError;

pub use recover::{is_active, recover};

/// What is to be saved where, and how often.
#[derive(Clone, Debug)]
pub(super) struct Autosave {
    pub(super) path: PathBuf,
    pub(super) every: Duration,
}

impl Autosave {
    /// Reserves the file, if there is none yet.
    pub(super) fn reserve(self, name: &str) -> Result<Reserved, GuardError> {
        let lock = lock(&self.path)?;
        if fs::exists(&self.path).map_err(failed("look for", &self.path))? {
            return Err(GuardError::NotRecovered { path: self.path });
        }
        Ok(Reserved { autosave: self, name: name.to_owned(), _lock: lock })
    }
}

/// Where the lock is: beside the file, which is replaced by each save.
fn lock_of(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    beside.into()
}

/// That a guard that lives has the file.
fn lock(path: &Path) -> Result<Lock, GuardError> {
    Lock::take("", &lock_of(path)).map_err(|error| match error {
        BackendError::Held { holder, .. } => GuardError::Active {
            path: path.to_owned(),
            holder: holder.map(|holder| format!(" in {holder}")).unwrap_or_default(),
        },
        error => GuardError::Autosave {
            action: "reserve",
            path: path.to_owned(),
            source: std::io::Error::other(error),
        },
    })
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> GuardError + use<> {
    let path = path.to_owned();
    move |source| GuardError::Autosave { action, path, source }
}

/// A file that nobody else saves to.
#[derive(Debug)]
pub(super) struct Reserved {
    autosave: Autosave,
    name: String,
    _lock: Lock,
}

impl Reserved {
    /// Begins to save.
    pub(super) fn start(self, memory: Arc<Pages>, layout: Layout) -> Result<Saving, GuardError> {
        let (end, ended) = channel();
        let saver = Saver { reserved: self, memory, layout, saved: 0 };
        let thread = thread::Builder::new().name("autosave".to_owned());
        let thread = thread
            .spawn(move || saver.run(&ended))
            .map_err(GuardError::system("start the thread that saves"))?;
        Ok(Saving { end, thread })
    }
}

/// A thread that saves until it is told to end.
#[derive(Debug)]
pub(super) struct Saving {
    /// Why the job ended, if badly.
    end: Sender<Option<String>>,
    thread: JoinHandle<Reserved>,
}

impl Saving {
    /// Has it save what a job has left that did not succeed, while `conclude` rescues that; and removes
    /// the file if that was done.
    pub(super) fn around(
        self,
        cause: &Cause,
        conclude: impl FnOnce() -> Result<(Ended, bool), GuardError>,
    ) -> Result<Ended, GuardError> {
        if !cause.is_success() {
            // It ends when it is told to, and not before.
            let _ = self.end.send(Some(cause.to_string()));
        }
        let concluded = catch_unwind(AssertUnwindSafe(conclude));
        let _ = self.end.send(None);
        let reserved = self.thread.join();
        if let (Ok(Ok((_, true))), Ok(reserved)) = (&concluded, reserved) {
            // There is none if nothing was ever saved.
            let _ = fs::remove_file(&reserved.autosave.path);
        }
        concluded.unwrap_or_else(|panic| resume_unwind(panic)).map(|(ended, _)| ended)
    }
}

struct Saver {
    reserved: Reserved,
    memory: Arc<Pages>,
    layout: Layout,
    /// The last commit that was saved.
    saved: u64,
}

impl Saver {
    fn run(mut self, ended: &Receiver<Option<String>>) -> Reserved {
        loop {
            match ended.recv_timeout(self.reserved.autosave.every) {
                Err(RecvTimeoutError::Timeout) => {
                    if self.memory.load(word::COMMITTED, Acquire) != self.saved {
                        self.save(None);
                    }
                }
                Ok(Some(cause)) => self.save(Some(cause)),
                Ok(None) | Err(RecvTimeoutError::Disconnected) => return self.reserved,
            }
        }
    }

    fn save(&mut self, cause: Option<String>) {
        let Autosave { path, .. } = &self.reserved.autosave;
        let snapshot = Snapshot::take(&*self.memory, self.layout);
        match file::write(path, &self.reserved.name, cause, &snapshot) {
            Ok(()) => self.saved = snapshot.commit,
            // The one before is still there, and the next may succeed.
            Err(error) => {
                tracing::warn!(target: "safe_state", path = %path.display(), %error, "autosave failed");
            }
        }
    }
}
