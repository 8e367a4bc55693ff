//! The stored state of a job, and the methods that read it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::separate;
use super::{History, InFlight, LoopProgress, Merge, PastRun, RunEnd, Slices, Timings, Workers};
use crate::limits::{CARRIED_LIMIT, LOOP_LIMIT};
use crate::timestamp::Timestamp;
use crate::{Carried, Completed, DeadLetters, Failure, bounded};

/// The stored state of a job: its completed items, its last failure, its number of runs.
///
/// A checkpoint is a plain value: reading one runs no code, takes no lease, and works while the job runs. It implements
/// `Display`. It can be serialised, but the form is that of one release: its fields may change with any release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub(crate) job: String,
    pub(crate) version: Option<String>,
    /// A fingerprint of the function's text, if known.
    pub(crate) code: Option<u64>,
    pub(crate) started_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) run_count: u32,
    pub(crate) finished: bool,
    /// The median time an item took, in nanoseconds, once measured.
    pub(crate) item_nanos: Option<u64>,
    /// The loops by their number, in their order in the function.
    #[serde(deserialize_with = "bounded::map::<LOOP_LIMIT, _, _, _>")]
    pub(crate) loops: BTreeMap<u16, LoopProgress>,
    /// The carried values by the variables' names.
    #[serde(deserialize_with = "bounded::map::<CARRIED_LIMIT, _, _, _>")]
    pub(crate) carried: BTreeMap<String, Carried>,
    pub(crate) failure: Option<Failure>,
    /// The number of items that were skipped because of their errors.
    pub(crate) skipped: u64,
    /// The items that were given up and recorded.
    pub(crate) dead_letters: DeadLetters,
    pub(crate) history: History,
    /// Fingerprints of the arguments that belong to the job, by the arguments' names. They have a record of their own.
    #[serde(with = "separate", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) arguments: BTreeMap<String, u32>,
    /// The state of loops that run side by side or are shared. It has records of its own.
    #[serde(with = "separate", default, skip_serializing_if = "Workers::is_empty")]
    pub(crate) workers: Workers,
    /// The timings of items and saves. They have a record of their own.
    #[serde(with = "separate", default, skip_serializing_if = "Timings::is_empty")]
    pub(crate) timings: Timings,
}

/// A job's progress in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// The number of complete items.
    pub completed: u64,
    /// The number of all items, if the input told its length.
    pub total: Option<u64>,
    /// The number of items that are not complete, if the input told its length.
    pub remaining: Option<u64>,
    /// Whether the last run failed.
    pub has_failure: bool,
    /// The number of runs the job has had, the one under way included.
    pub run_count: u32,
}

impl Checkpoint {
    /// Creates the checkpoint of a job that starts now, in its first run.
    pub fn new(job: impl Into<String>, version: Option<String>) -> Self {
        let now = Timestamp::now();
        let mut history = History::default();
        history.begin(1, now, now);
        Checkpoint {
            job: job.into(),
            version,
            code: None,
            started_at: now,
            updated_at: now,
            run_count: 1,
            finished: false,
            item_nanos: None,
            loops: BTreeMap::new(),
            carried: BTreeMap::new(),
            failure: None,
            skipped: 0,
            dead_letters: DeadLetters::default(),
            history,
            arguments: BTreeMap::new(),
            workers: Workers::default(),
            timings: Timings::default(),
        }
    }

    /// Returns the job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Returns the version the job was given, if any.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns the completed items of the current loop: the first loop that has not ended, else the last one. A loop inside
    /// another resumable loop is never the current one.
    pub fn completed(&self) -> &Completed {
        static NONE: std::sync::LazyLock<Completed> = std::sync::LazyLock::new(Completed::default);
        self.current_loop().map_or(&NONE, |current| &current.completed)
    }

    /// Returns the number of all items of the current loop, if its input told its length.
    pub fn total(&self) -> Option<u64> {
        self.current_loop().and_then(LoopProgress::total)
    }

    /// Returns the progress of the current loop in numbers.
    pub fn progress(&self) -> Progress {
        let completed = self.completed().len();
        let total = self.total();
        Progress {
            completed,
            total,
            remaining: total.map(|total| total.saturating_sub(completed)),
            has_failure: self.failure.is_some(),
            run_count: self.run_count,
        }
    }

    /// Returns the resumable loops that have begun, in their order in the function.
    pub fn loops(&self) -> impl Iterator<Item = &LoopProgress> {
        self.loops.values()
    }

    /// Returns the resumable loops that have begun, each with its number, counted from 0 in the function's text.
    pub fn numbered_loops(&self) -> impl Iterator<Item = (u16, &LoopProgress)> {
        self.loops.iter().map(|(id, progress)| (*id, progress))
    }

    /// Returns the sum of the complete items in the loop `loop_id` and all loops after it.
    pub fn completed_from(&self, loop_id: u16) -> u64 {
        let loops = self.loops.range(loop_id..);
        loops.fold(0, |sum, (_, progress)| sum.saturating_add(progress.completed.len()))
    }

    /// Returns the progress of the loop `loop_id`, counted from 0 in the function's text.
    pub fn loop_progress(&self, loop_id: u16) -> Option<&LoopProgress> {
        self.loops.get(&loop_id)
    }

    /// Returns how the last run failed; `None` if it did not fail, was killed, or is under way.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Returns the number of items that a policy skipped because of their errors. They count as complete.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Returns the items that were given up, each with the reason. They count as complete.
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.dead_letters
    }

    /// Returns the number of runs the job has had, the one under way included.
    pub fn run_count(&self) -> u32 {
        self.run_count
    }

    /// Returns whether the job has finished. The checkpoint of a finished job exists only if it was asked to be kept.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Returns when the first run started.
    pub fn started_at(&self) -> SystemTime {
        self.started_at.into()
    }

    /// Returns when the checkpoint was saved last.
    pub fn updated_at(&self) -> SystemTime {
        self.updated_at.into()
    }

    /// Returns the median time an item took, measured between saves; `None` until enough items were measured.
    pub fn typical_item_time(&self) -> Option<Duration> {
        self.item_nanos.map(Duration::from_nanos)
    }

    /// Returns whether the job has not begun, so that its checkpoint was made by hand.
    pub fn is_by_hand(&self) -> bool {
        self.run_count == 0
    }

    /// Returns the last 32 runs of the job, oldest first, the one under way included.
    pub fn history(&self) -> &[PastRun] {
        self.history.runs()
    }

    /// Returns how many runs the job has had since it finished last; 0 if the last remembered run finished it.
    pub fn runs_unfinished(&self) -> u32 {
        let finished = self.history().iter().rfind(|run| run.end == Some(RunEnd::Finished));
        self.run_count.saturating_sub(finished.map_or(0, |run| run.number))
    }

    /// Returns whether the last run has not said that it ended: it is under way, or was killed.
    pub fn is_open(&self) -> bool {
        let last = self.history().last();
        if self.is_by_hand() {
            return false;
        }
        !self.finished && self.failure.is_none() && last.is_none_or(|run| run.end.is_none())
    }

    /// Returns the timings of the job's items and saves.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Returns the items that were in flight at the last save, by loop: those that had begun and, as far as the run knew when the
    /// save began, had not ended. No more of them run than may run at once; the others wait for another attempt. An item that
    /// ended while the save was under way is still among them. Only loops whose items run side by side have them.
    pub fn in_flight(&self) -> impl Iterator<Item = InFlight> {
        self.workers.in_flight()
    }

    /// Returns how each loop that many workers share is cut into slices.
    pub fn slices(&self) -> impl Iterator<Item = &Slices> {
        self.workers.slices()
    }

    /// Returns the values of variables at the ends of slices.
    pub fn merges(&self) -> impl Iterator<Item = Merge> {
        self.workers.merges()
    }

    /// Returns whether many workers share the job.
    pub(crate) fn is_shared(&self) -> bool {
        self.workers.are_shared()
    }

    fn current_loop(&self) -> Option<&LoopProgress> {
        let mut outermost = self.loops.values().filter(|progress| progress.within.is_empty());
        let open = outermost.clone().find(|progress| progress.end.is_none());
        open.or_else(|| outermost.next_back())
    }
}
