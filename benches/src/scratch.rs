//! A place for a bench's files.

use std::path::Path;

use safe_state::{Durability, Job, SaveEvery};
use safe_state_backends::format::Change;
use safe_state_backends::{Checkpoint, LeaseOptions, Store};
use tempfile::TempDir;

/// A directory that goes with the bench.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// In `target_dir`, which a build fills and so lies on a disk, as `/tmp` may not.
    ///
    /// # Panics
    ///
    /// If there is no room for it.
    pub fn new(target_dir: &str) -> Self {
        Scratch(TempDir::new_in(target_dir).expect("a directory in the target directory"))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A job whose checkpoint is in the directory.
    pub fn job(&self, name: &str, durability: Durability, every: impl Into<SaveEvery>) -> Job {
        Job::new(name).state_dir(self.path()).durability(durability).save_every(every)
    }

    /// Leaves a checkpoint of the job `name`, with `completed` items done.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    pub fn begun(&self, name: &str, completed: u64) {
        let backend = std::sync::Arc::new(safe_state::FileBackend::new(self.path()));
        let opening = Store::open(backend, name, LeaseOptions::default()).expect("a free job");
        let mut store = opening.begin(Checkpoint::new(name, None)).expect("a first save");
        store.save(Change { count: completed, ..Change::default() }).expect("a second save");
    }
}
