//! Compares what a job did, run after run, with the promise.

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
    /// The number of items that the checkpoint said were complete when the last run began.
    complete: u64,
    /// The most items that can have been complete when the last run began. A server may carry out a request after the
    /// process that sent it is dead, and after the test has looked.
    sent: u64,
    is_on_server: bool,
    /// The number of effects when the last run began.
    seen: usize,
}

/// The state that a run left.
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
    /// Opens the account of the job `storm` in `dir`, which no run has begun yet.
    pub fn new(dir: &Path, items: u64, save_every: u64) -> Self {
        let job = Job::new("storm").state_dir(dir.join("state"));
        Ledger { is_on_server: false, ..Ledger::of(job, dir, items, save_every) }
    }

    /// Opens the account of any job, whose effects are in `dir`.
    pub fn of(job: Job, dir: &Path, items: u64, save_every: u64) -> Self {
        let effects = dir.join("effects");
        Ledger {
            job,
            effects,
            items,
            save_every,
            complete: 0,
            sent: 0,
            is_on_server: true,
            seen: 0,
        }
    }

    /// Returns the job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Begins the account of the next job with this name, after one that is finished.
    pub fn begin_again(&mut self) {
        (self.complete, self.sent) = (0, 0);
    }

    /// Compares what the last run left with the promise: nothing that the checkpoint calls complete is missing, no more
    /// than the items since the last save run again, and all are in order.
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

    /// Returns the items that the last run did, which have to follow the items that were complete before.
    fn last_run(&mut self, when: &str) -> Range<u64> {
        let effects = Effects::open(&self.effects).unwrap().all();
        let last = &effects[self.seen..];
        self.seen = effects.len();
        let began = self.began(last.first().copied());
        let ran = began..began + last.len() as u64;
        assert!(last.iter().copied().eq(ran.clone()), "{when}: {last:?} is not {ran:?}");
        ran
    }

    /// Returns the item that the last run began with; `first` is its first effect.
    fn began(&self, first: Option<u64>) -> u64 {
        match first {
            None => self.sent.max(self.complete),
            // A request of the run before had ended the job.
            Some(0) if self.sent == self.items => 0,
            Some(first) if (self.complete..=self.sent).contains(&first) => first,
            Some(_) => self.complete,
        }
    }

    fn hold_against(&mut self, checkpoint: &Checkpoint, ran: &Range<u64>, when: &str) {
        let completed = checkpoint.completed();
        let prefix = completed.prefix();
        assert_eq!(completed.len(), prefix, "{when}: {checkpoint}");
        assert!(prefix >= self.complete.min(ran.start), "{when}: fell back to {prefix}");
        assert!(prefix <= ran.end, "{when}: {prefix} are said to be complete");
        // The items since the last save run again, of which the last may be in flight instead.
        let again = ran.end - prefix;
        assert!(again <= self.save_every, "{when}: {again} items run again");
        self.complete = prefix;
        self.sent = if self.is_on_server { ran.end } else { prefix };
    }
}
