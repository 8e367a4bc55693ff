//! A backend in memory that crashes once, at a given place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use safe_state_backends::{Backend, Error};

/// A place where a job can crash; both count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// Before a save lands.
    BeforeSave(usize),
    /// After it has, before the job hears of it.
    AfterSave(usize),
    /// When the item has been handed out.
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
    /// Since the crash nothing gets through.
    is_down: bool,
    saves: usize,
    /// The saves that removed a checkpoint.
    ends: Vec<usize>,
    items: usize,
}

/// Where the checkpoints of a trial are.
#[derive(Debug)]
pub(super) struct Shelf(Mutex<Stored>);

impl Shelf {
    pub(super) fn new(crash: Option<Crash>) -> Self {
        Shelf(Mutex::new(Stored { crash, ..Stored::default() }))
    }

    /// A job that panics leaves nothing half done here.
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All places where the run so far could have crashed.
    pub(super) fn places(&self) -> Vec<Crash> {
        let stored = self.stored();
        let before = (0..stored.saves).map(Crash::BeforeSave);
        let after = (0..stored.saves).filter(|save| !stored.ends.contains(save));
        let items = (0..stored.items).map(Crash::AtItem);
        before.chain(after.map(Crash::AfterSave)).chain(items).collect()
    }

    /// Returns whether there was anything at all to be saved.
    pub(super) fn has_saved(&self) -> bool {
        self.stored().saves > 0
    }

    /// Ends the crash. Returns whether there was one.
    pub(super) fn repair(&self) -> bool {
        let mut stored = self.stored();
        stored.crash = None;
        std::mem::take(&mut stored.is_down)
    }

    /// Counts an item that is handed out. Returns whether the crash is there.
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
            stored.ends.push(stored.saves);
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
