//! Holds a bench's files.

use std::path::Path;
use std::sync::Arc;

use safe_state::{Durability, FileBackend, Job, SaveEvery};
use safe_state_backends::format::Change;
use safe_state_backends::{Carry, Checkpoint, LeaseOptions, Results, Store};
use tempfile::TempDir;

/// A directory that is removed when the bench ends.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// Makes a directory in `target_dir`, which a build fills and so lies on a disk, as `/tmp` may not.
    ///
    /// # Panics
    ///
    /// If the directory can't be made.
    pub fn new(target_dir: &str) -> Self {
        Scratch(TempDir::new_in(target_dir).expect("a directory in the target directory"))
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns a job whose checkpoint is in the directory.
    pub fn job(&self, name: &str, durability: Durability, every: impl Into<SaveEvery>) -> Job {
        Job::new(name).state_dir(self.path()).durability(durability).save_every(every)
    }

    /// Leaves a checkpoint of the job `name` with `completed` complete items, the last of them in `saves` saves of one
    /// item.
    ///
    /// # Panics
    ///
    /// If the checkpoint can't be written.
    pub fn begun(&self, name: &str, completed: u64, saves: u64) {
        let mut store = self.store(name);
        let counts = std::iter::once(completed - saves).chain((0..saves).map(|_| 1));
        for count in counts {
            store.save(Change::completed(count)).expect("a save");
        }
    }

    /// Leaves a checkpoint of the job `name` whose items have each pushed an element to the list `variable`.
    ///
    /// # Panics
    ///
    /// If the checkpoint can't be written.
    pub fn begun_with_list(&self, name: &str, variable: &str, list: &Results<u64>) {
        let value = list.change(variable, Vec::new(), None).expect("numbers");
        let carried = value.into_iter().collect();
        let change = Change { carried, ..Change::completed(list.len() as u64) };
        self.store(name).save(change).expect("a save");
    }

    /// Makes a new checkpoint of the job `name`.
    fn store(&self, name: &str) -> Store {
        let backend = Arc::new(FileBackend::new(self.path()));
        let options = LeaseOptions::new(Durability::Process);
        let opening = Store::open(backend, name, options).expect("a free job");
        opening.begin(Checkpoint::new(name, None)).expect("a first save")
    }
}
