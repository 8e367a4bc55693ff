//! What a job did, run after run, held against the promise.

use std::ops::Range;
use std::path::{Path, PathBuf};

use safe_state::{Checkpoint, Job};

use crate::Effects;

/// The account of a worker's job, from its first run to the one that finishes it.
#[derive(Debug)]
pub struct Ledger {
    job: Job,
    effects: PathBuf,
    items: u64,
    save_every: u64,
    /// The items that the checkpoint said were complete when the last run began.
    complete: u64,
    /// How many effects there were then.
    seen: usize,
}

/// What a run left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No checkpoint, and no effects.
    Nothing,
    /// A checkpoint.
    Part,
    /// No checkpoint, and all effects.
    Finished,
}

impl Ledger {
    /// The account of the job `storm` in `dir`, which no run has begun yet.
    pub fn new(dir: &Path, items: u64, save_every: u64) -> Self {
        let job = Job::new("storm").state_dir(dir.join("state"));
        Ledger::of(job, dir, items, save_every)
    }

    /// The account of any job, whose effects are in `dir`.
    pub fn of(job: Job, dir: &Path, items: u64, save_every: u64) -> Self {
        Ledger { job, effects: dir.join("effects"), items, save_every, complete: 0, seen: 0 }
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Goes on with the next job of that name, after one that is finished.
    pub fn begin_again(&mut self) {
        self.complete = 0;
    }

    /// Holds what the last run left against the promise: nothing that the checkpoint calls complete
    /// is missing, no more than the items since the last save run again, and all in order.
    ///
    /// # Panics
    ///
    /// If the promise is broken.
    pub fn look(&mut self, when: &str) -> Found {
        let ran = self.last_run(when);
        let when = format!("{when}: ran {ran:?}");
        match self.job().peek_checkpoint().expect(&when) {
            None if ran.end == 0 => Found::Nothing,
            None => {
                assert_eq!(ran.end, self.items, "{when}: the checkpoint is gone");
                Found::Finished
            }
            Some(checkpoint) => {
                self.hold_against(&checkpoint, &ran, &when);
                Found::Part
            }
        }
    }

    /// The items that the last run did, which have to be those after the ones complete before it.
    fn last_run(&mut self, when: &str) -> Range<u64> {
        let effects = Effects::open(&self.effects).unwrap().all();
        let last = &effects[self.seen..];
        self.seen = effects.len();
        let ran = self.complete..self.complete + last.len() as u64;
        assert!(last.iter().copied().eq(ran.clone()), "{when}: {last:?} is not {ran:?}");
        ran
    }

    fn hold_against(&mut self, checkpoint: &Checkpoint, ran: &Range<u64>, when: &str) {
        let completed = checkpoint.completed();
        let prefix = completed.prefix();
        assert_eq!(completed.len(), prefix, "{when}: {checkpoint}");
        assert!(prefix >= ran.start, "{when}: fell back to {prefix}");
        assert!(prefix <= ran.end, "{when}: {prefix} are said to be complete");
        // Those completed since the last save, of which the last may be in flight instead.
        let again = ran.end - prefix;
        assert!(again <= self.save_every, "{when}: {again} items run again");
        self.complete = prefix;
    }
}
