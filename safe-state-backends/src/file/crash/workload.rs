//! Random runs of a job through the production [`Store`] and [`Log`], and what they saved.

use std::path::Path;
use std::sync::Arc;

use super::PATH;
use super::dice::Dice;
use super::image::{Image, Op};
use super::recorder::Recorder;
use crate::file::fs::Fs;
use crate::file::log::Log;
use crate::format::Change;
use crate::{
    Appended, Backend, Checkpoint, Durability, Error, Failure, FailureKind, Lease, LeaseOptions,
    LoopEnd, LoopProgress, Store,
};

/// What the disk held, what was done to it, and which states that was to save.
pub(super) struct History {
    pub(super) base: Image,
    pub(super) ops: Vec<Op>,
    /// In order; the first is what the disk held.
    pub(super) saves: Vec<Save>,
}

/// One call of the store, made of the operations from `start` to `end`.
pub(super) struct Save {
    pub(super) start: usize,
    pub(super) end: usize,
    /// `None` if it removed the checkpoint.
    pub(super) state: Option<Checkpoint>,
}

impl History {
    /// Runs a job on what `recorder` holds.
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

const JOB: &str = "job";

fn run(
    backend: Arc<dyn Backend>,
    options: LeaseOptions,
    recorder: &Recorder,
    dice: &mut Dice,
    saves: &mut Vec<Save>,
) {
    let mut push = |start, state| saves.push(Save { start, end: recorder.op_count(), state });
    let opening = Store::open(backend, JOB, options).unwrap();
    let start = recorder.op_count();
    let begun = begin(opening.found().cloned(), dice);
    let mut store = opening.begin(begun).unwrap();
    push(start, Some(store.checkpoint().clone()));
    for _ in 0..dice.up_to(24) {
        let start = recorder.op_count();
        store.save(change(dice)).unwrap();
        push(start, Some(store.checkpoint().clone()));
    }
    let start = recorder.op_count();
    match dice.up_to(4) {
        1 => store.finish().unwrap(),
        2 => {
            store.delete().unwrap();
            return push(start, None);
        }
        _ => return,
    }
    push(start, Some(store.checkpoint().clone()));
}

fn begin(found: Option<Checkpoint>, dice: &mut Dice) -> Checkpoint {
    if let Some(mut checkpoint) = found.filter(|checkpoint| !checkpoint.is_finished()) {
        checkpoint.begin_run();
        return checkpoint;
    }
    let mut checkpoint = Checkpoint::new(JOB, dice.one_in(2).then(|| "1.0".to_owned()));
    if dice.one_in(2) {
        let completed = (0..dice.up_to(60)).map(|_| dice.up_to(200_000) as u64).collect();
        checkpoint.loops.insert(0, LoopProgress { completed, ..LoopProgress::default() });
    }
    checkpoint
}

fn change(dice: &mut Dice) -> Change {
    let mut change = Change { count: dice.up_to(1000) as u64, ..Change::default() };
    match dice.up_to(12) {
        1 => change.total = Some(dice.next()),
        2 => change.end = Some(LoopEnd::Exhausted),
        3 => change.item_nanos = Some(dice.next() >> 40),
        4 => change.failure = Some(failure(dice)),
        5 => change.loop_id = 1,
        _ => {}
    }
    change
}

fn failure(dice: &mut Dice) -> Failure {
    let message = "x".repeat(dice.up_to(2000));
    Failure::new(FailureKind::Error, "io::Error", message).with_index(Some(dice.next()))
}

struct Recorded(Recorder);

impl Recorded {
    fn log(&self, durability: Durability) -> Log<Recorder> {
        Log::new(self.0.clone(), PATH.into(), durability)
    }
}

impl Backend for Recorded {
    fn load(&self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        self.0.read(Path::new(PATH)).map_err(Error::io("read", PATH))
    }

    fn save(&self, _: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.log(Durability::Power).save(checkpoint)
    }

    fn delete(&self, _: &str) -> Result<(), Error> {
        self.log(Durability::Power).delete()
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
        self.0.save(checkpoint)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.0.append(record)
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.0.delete()
    }
}
