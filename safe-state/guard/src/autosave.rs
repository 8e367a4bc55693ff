//! Saves the data of a running job to a file from time to time, against events that also end the guard, such as a loss
//! of power. The guard saves, so it costs the job nothing.

mod file;
mod lock;
mod recover;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use safe_state_backends::Lock;

use super::cause::{Cause, Ended};
use super::layout::{Layout, word};
use super::memory::Memory;
use super::reader::Snapshot;
use super::sys::Pages;
use crate::GuardError;
use lock::{failed, lock};

pub use recover::{is_active, recover};

/// The file that the data is saved to, and the time between two saves.
#[derive(Clone, Debug)]
pub(super) struct Autosave {
    pub(super) path: PathBuf,
    pub(super) every: Duration,
}

impl Autosave {
    /// Locks the file's path for this guard. Fails if an autosave of an earlier job is still there.
    pub(super) fn reserve(self, name: &str) -> Result<Reserved, GuardError> {
        let lock = lock(&self.path)?;
        if fs::exists(&self.path).map_err(failed("look for", &self.path))? {
            return Err(GuardError::NotRecovered { path: self.path });
        }
        Ok(Reserved { autosave: self, name: name.to_owned(), _lock: lock })
    }
}

/// An autosave path that this guard alone saves to, as it holds the lock.
#[derive(Debug)]
pub(super) struct Reserved {
    autosave: Autosave,
    name: String,
    _lock: Lock,
}

impl Reserved {
    /// Starts the thread that saves.
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
    /// Tells the thread why the job ended badly, which makes it save once more; or to end.
    end: Sender<Option<String>>,
    thread: JoinHandle<Reserved>,
}

impl Saving {
    /// Does `conclude`, which rescues the job's data. If the job failed, the data is saved once more meanwhile. The
    /// file is removed if the job succeeded or was rescued.
    pub(super) fn around(
        self,
        cause: &Cause,
        conclude: impl FnOnce() -> Result<(Ended, bool), GuardError>,
    ) -> Result<Ended, GuardError> {
        if !cause.is_success() {
            // Sending only fails if the thread has ended, which it does only when told.
            let _ = self.end.send(Some(cause.to_string()));
        }
        let concluded = catch_unwind(AssertUnwindSafe(conclude));
        let _ = self.end.send(None);
        let reserved = self.thread.join();
        if let (Ok(Ok((_, true))), Ok(reserved)) = (&concluded, reserved) {
            // No file exists if nothing was ever saved.
            let _ = fs::remove_file(&reserved.autosave.path);
        }
        concluded.unwrap_or_else(|panic| resume_unwind(panic)).map(|(ended, _)| ended)
    }
}

struct Saver {
    reserved: Reserved,
    memory: Arc<Pages>,
    layout: Layout,
    /// The number of the last commit that was saved.
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
            // The previous file is still there, and the next save may succeed.
            Err(error) => {
                tracing::warn!(target: "safe_state", path = %path.display(), %error, "autosave failed");
            }
        }
    }
}
