//! A backend in memory that crashes once, at a given place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use safe_state_backends::{Backend, Error};

/// The beginning of the names that belong to no job, such as the note on which job writes a file.
const NOTES: &str = "safe-state/";

/// A place where a job can crash. Saves and items count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// Before the save lands.
    BeforeSave(usize),
    /// After the save has landed, before the job hears of it.
    AfterSave(usize),
    /// Just after the item has been handed out.
    AtItem(usize),
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Crash::BeforeSave(save) => write!(f, "before save {save}"),
            Crash::AfterSave(save) => write!(f, "after save {save}"),
            Crash::AtItem(item) => write!(f, "at item {item}"),
        }
    }
}

#[derive(Debug, Default)]
struct Stored {
    checkpoints: BTreeMap<String, Vec<u8>>,
    crash: Option<Crash>,
    /// Whether the crash has happened: since then each call fails.
    is_down: bool,
    saves: usize,
    /// The numbers of the saves that removed a checkpoint, and of the releases. After these a job has ended.
    ends: Vec<usize>,
    /// The numbers of the saves that released a file of a job that had ended.
    releases: Vec<usize>,
    items: usize,
}

/// The backend that holds the checkpoints of a trial.
#[derive(Debug)]
pub(super) struct Shelf(Mutex<Stored>);

impl Shelf {
    pub(super) fn new(crash: Option<Crash>) -> Self {
        Shelf(Mutex::new(Stored { crash, ..Stored::default() }))
    }

    /// Locks the state. A job that panicked while it held the lock has left nothing half done.
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns all places where the run so far could have crashed.
    pub(super) fn places(&self) -> Vec<Crash> {
        let stored = self.stored();
        let before = (0..stored.saves).filter(|save| !stored.releases.contains(save));
        let after = (0..stored.saves).filter(|save| !stored.ends.contains(save));
        let items = (0..stored.items).map(Crash::AtItem);
        before.map(Crash::BeforeSave).chain(after.map(Crash::AfterSave)).chain(items).collect()
    }

    /// Returns whether anything has been saved.
    pub(super) fn has_saved(&self) -> bool {
        self.stored().saves > 0
    }

    /// Ends the crash. Returns whether it happened.
    pub(super) fn repair(&self) -> bool {
        let mut stored = self.stored();
        stored.crash = None;
        std::mem::take(&mut stored.is_down)
    }

    /// Counts an item that is handed out. Returns whether the job crashes at it.
    pub(super) fn crashes_at_item(&self) -> bool {
        let mut stored = self.stored();
        let crashes = stored.crash == Some(Crash::AtItem(stored.items));
        stored.items += 1;
        stored.is_down |= crashes;
        crashes
    }

    fn read<T>(
        &self,
        (action, job): (&'static str, &str),
        read: impl FnOnce(&BTreeMap<String, Vec<u8>>) -> T,
    ) -> Result<T, Error> {
        let stored = self.stored();
        if stored.is_down { Err(down(action, job)) } else { Ok(read(&stored.checkpoints)) }
    }

    fn write(
        &self,
        (action, job): (&'static str, &str),
        write: impl FnOnce(&mut Stored),
    ) -> Result<(), Error> {
        let mut stored = self.stored();
        if stored.is_down {
            return Err(down(action, job));
        }
        let save = stored.saves;
        stored.is_down = stored.crash == Some(Crash::BeforeSave(save));
        if !stored.is_down {
            write(&mut stored);
            stored.saves += 1;
            stored.is_down = stored.crash == Some(Crash::AfterSave(save));
        }
        if stored.is_down { Err(down(action, job)) } else { Ok(()) }
    }
}

fn down(action: &'static str, job: &str) -> Error {
    let source = "the job crashed here in a test".into();
    Error::Backend { action, job: job.to_owned(), source }
}

impl Backend for Shelf {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.read(("loading", job), |checkpoints| checkpoints.get(job).cloned())
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.write(("saving", job), |stored| {
            stored.checkpoints.insert(job.to_owned(), checkpoint.to_vec());
        })
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.write(("deleting", job), |stored| {
            let save = stored.saves;
            let follows_an_end = stored.ends.last().is_some_and(|end| end + 1 == save);
            let is_of_a_job = !job.starts_with(NOTES);
            if follows_an_end && !is_of_a_job {
                stored.releases.push(save);
            }
            if follows_an_end || is_of_a_job {
                stored.ends.push(save);
            }
            stored.checkpoints.remove(job);
        })
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.read(("loading", job), |checkpoints| checkpoints.contains_key(job))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        self.read(("loading", ""), |checkpoints| checkpoints.keys().cloned().collect())
    }
}
