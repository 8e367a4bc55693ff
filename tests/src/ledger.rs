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
    /// How many were complete at most by then: a server may carry out what it was sent after the
    /// process that sent it is dead, and has been looked after.
    sent: u64,
    is_on_server: bool,
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
        Ledger { is_on_server: false, ..Ledger::of(job, dir, items, save_every) }
    }

    /// The account of any job, whose effects are in `dir`.
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

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Goes on with the next job of that name, after one that is finished.
    pub fn begin_again(&mut self) {
        (self.complete, self.sent) = (0, 0);
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
        let began = self.began(last.first().copied());
        let ran = began..began + last.len() as u64;
        assert!(last.iter().copied().eq(ran.clone()), "{when}: {last:?} is not {ran:?}");
        ran
    }

    /// Where the last run began, whose first effect that is.
    fn began(&self, first: Option<u64>) -> u64 {
        match first {
            None => self.sent.max(self.complete),
            // What the run before had sent had ended the job.
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
        // Those completed since the last save, of which the last may be in flight instead.
        let again = ran.end - prefix;
        assert!(again <= self.save_every, "{when}: {again} items run again");
        self.complete = prefix;
        self.sent = if self.is_on_server { ran.end } else { prefix };
    }
}
