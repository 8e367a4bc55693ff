//! Random runs of a job through the production [`Store`] and [`Log`], with a record of what they saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::image::{Image, Op};
use super::recorder::Recorder;
use crate::file::log::{Log, LogFile};
use crate::format::Change;
use crate::sample::dice::Dice;
use crate::sample::{self, JOB};
use crate::size::SizeLimit;
use crate::{Appended, Backend, Checkpoint, Durability, Error, Lease, LeaseOptions, Store};

pub(super) const PATH: &str = "job.safestate";

/// The first state of the disk, the operations on it, and the states that they had to save.
pub(super) struct History {
    pub(super) base: Image,
    pub(super) ops: Vec<Op>,
    /// The saves in order. The first is what the disk held.
    pub(super) saves: Vec<Save>,
}

/// One call of the store, which consists of the operations from `start` to `end`.
pub(super) struct Save {
    pub(super) start: usize,
    /// The end of the operations; `usize::MAX` if the call failed.
    pub(super) end: usize,
    /// The saved state; `None` if the call removed the checkpoint.
    pub(super) state: Option<Checkpoint>,
}

impl History {
    /// Runs a job several times on what `recorder` holds.
    pub(super) fn random(recorder: &Recorder, durability: Durability, dice: &mut Dice) -> Self {
        let backend = Arc::new(Recorded(recorder.clone()));
        let options = LeaseOptions::new(durability);
        let found = Checkpoint::load(&*backend, JOB).unwrap();
        let mut saves = vec![Save { start: 0, end: 0, state: found }];
        for _ in 0..dice.up_to(3) {
            let backend = Arc::clone(&backend) as Arc<dyn Backend>;
            run(backend, options, recorder, dice, &mut saves);
        }
        let (base, ops) = recorder.recorded();
        History { base, ops, saves }
    }
}

fn run(
    backend: Arc<dyn Backend>,
    options: LeaseOptions,
    recorder: &Recorder,
    dice: &mut Dice,
    saves: &mut Vec<Save>,
) {
    let opening = Store::open(backend, JOB, options).unwrap();
    let first = sample::begin(opening.found().cloned(), dice);
    let start = recorder.op_count();
    let store = opening.begin(first.clone());
    saves.push(Save::of(start, &store, Some(first), recorder));
    let Ok(mut store) = store else { return };
    for _ in 0..dice.up_to(24) {
        let start = recorder.op_count();
        let result = store.save(sample::change(dice));
        saves.push(Save::of(start, &result, Some(store.checkpoint().clone()), recorder));
    }
    end(store, recorder, dice, saves);
}

fn end(mut store: Store, recorder: &Recorder, dice: &mut Dice, saves: &mut Vec<Save>) {
    let start = recorder.op_count();
    match dice.up_to(4) {
        1 => {
            let result = store.finish(Change::default());
            saves.push(Save::of(start, &result, Some(store.checkpoint().clone()), recorder));
        }
        2 => saves.push(Save::of(start, &store.delete(), None, recorder)),
        _ => {}
    }
}

impl Save {
    fn of<T>(
        start: usize,
        result: &Result<T, Error>,
        state: Option<Checkpoint>,
        recorder: &Recorder,
    ) -> Self {
        let end = if result.is_ok() { recorder.op_count() } else { usize::MAX };
        Save { start, end, state }
    }
}

struct Recorded(Recorder);

impl Recorded {
    fn log(&self, durability: Durability) -> Log<Recorder> {
        let (dir, name, limit) = (PathBuf::new(), PATH.into(), SizeLimit::default());
        Log::new(self.0.clone(), LogFile { dir, name, durability, limit })
    }
}

impl Backend for Recorded {
    fn load(&self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.read(Path::new(PATH)))
    }

    fn save(&self, _: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.log(Durability::Power).save(&[checkpoint], || Ok(()))
    }

    fn delete(&self, _: &str) -> Result<(), Error> {
        self.log(Durability::Power).delete(|| Ok(()))
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.load(job)?.is_some())
    }

    fn lease(self: Arc<Self>, _: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Ok(Box::new(RecordedLease(self.log(options.durability))))
    }
}

struct RecordedLease(Log<Recorder>);

impl Lease for RecordedLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.0.save(&[checkpoint], || Ok(()))
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.0.append(&[record])
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.0.delete(|| Ok(()))
    }
}
