//! The checkpoint: what is stored of a job.

mod by_hand;
mod carried;
pub(crate) mod change;
mod check;
pub(crate) mod completed;
mod crash_cause;
pub(crate) mod dead_letters;
mod differing;
mod display;
pub(crate) mod failure;
mod finished;
mod forget;
pub(crate) mod generation;
mod history;
pub(crate) mod keys;
mod loop_progress;
mod migrate;
mod put_back;
mod samples;
mod suspect;
mod timings;
mod workers;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::format::separate;
use crate::limits::{ARGUMENT_LIMIT, CARRIED_LIMIT, LOOP_LIMIT};
use crate::timestamp::Timestamp;
use crate::{Carried, Completed, DeadLetters, Failure, ValueAt, bounded};

use change::Record;

pub use by_hand::{CONSUMED, NotByHand};
pub(crate) use check::Refused;
pub use crash_cause::CrashCause;
pub(crate) use history::History;
pub use history::{PastRun, RunEnd};
pub use loop_progress::{Attempts, LoopEnd, LoopProgress, Mark};
pub use put_back::DeadLetterNotRetryable;
pub use samples::{Sampled, Samples};
pub use suspect::Suspect;
pub use timings::{ItemQuantiles, ItemTimes, Measured, MeasuredRun, SlowItem, Timings};
pub(crate) use workers::Workers;
pub use workers::{Cut, InFlight, Merge, Slices};

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

    fn current_loop(&self) -> Option<&LoopProgress> {
        let mut outermost = self.loops.values().filter(|progress| progress.within.is_empty());
        let open = outermost.clone().find(|progress| progress.end.is_none());
        open.or_else(|| outermost.next_back())
    }
}

/// Whether what is noted under that name stays, whatever the arguments are.
fn is_lasting(name: &str) -> bool {
    finished::is_note(name) || by_hand::is_note(name)
}

/// The changes that a [`Store`](crate::Store) makes to a checkpoint.
impl Checkpoint {
    /// Begins a new run: counts it, and clears the failure. `cause` is what the previous run died of, if it died and the cause
    /// is known.
    pub fn begin_run(&mut self, cause: Option<CrashCause>) {
        let now = Timestamp::now();
        self.note_finish();
        self.count_crashes(cause);
        self.timings.begin_run(self.run_count);
        self.run_count = self.run_count.saturating_add(1);
        self.failure = None;
        // The items in flight begin anew.
        self.workers.forget_in_flight();
        self.history.begin(self.run_count, now, self.updated_at);
        self.updated_at = now;
    }

    /// Sets the fingerprint of the function's text. Returns whether it differs from the previous one; `false` if either is
    /// unknown.
    pub fn set_code(&mut self, code: Option<u64>) -> bool {
        let before = std::mem::replace(&mut self.code, code);
        before.zip(code).is_some_and(|(before, now)| before != now)
    }

    /// Forgets the fingerprints of the complete items: the input is accepted as the job's, however it has changed.
    pub fn forget_marks(&mut self) {
        for progress in self.loops.values_mut() {
            (progress.mark, progress.samples) = (None, Samples::default());
        }
    }

    /// Sets the job's version. Returns the previous one.
    pub fn set_version(&mut self, version: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.version, version)
    }

    /// Returns whether a run has something to go on from: a finished job, a complete item, or a carried value or handle. A
    /// handle counts because an item that did not complete may have written to it. A value carried at a place counts for
    /// nothing here.
    pub fn has_progress(&self) -> bool {
        let is_further = |it: &LoopProgress| {
            !it.completed().is_empty() || it.keys().is_some_and(|keys| !keys.is_empty())
        };
        self.finished
            || self.loops.values().any(is_further)
            || self.carried.keys().any(|name| !ValueAt::is_of(name))
    }

    /// Returns whether no item was ever begun, as far as can be told, and the checkpoint keeps nothing else.
    pub fn has_begun_nothing(&self) -> bool {
        let is_untouched = |it: &LoopProgress| it.attempts.is_none() && it.suspect.is_none();
        !self.has_progress()
            && self.loops.values().all(is_untouched)
            && self.dead_letters.is_empty()
            && !self.is_shared()
    }

    /// Takes in the fingerprints of the arguments by their names, of which 128 count: what is noted beside them needs room
    /// as well. Gives the name of the first that
    /// is not what it was.
    pub fn set_arguments(
        &mut self,
        arguments: impl IntoIterator<Item = (String, u32)>,
    ) -> Option<String> {
        let mut now: BTreeMap<_, _> = arguments.into_iter().take(ARGUMENT_LIMIT / 2).collect();
        let lasting = self.arguments.iter().filter(|(name, _)| is_lasting(name));
        now.extend(lasting.map(|(name, value)| (name.clone(), *value)));
        let before = std::mem::replace(&mut self.arguments, now);
        let is_other =
            |(name, found): (&String, &u32)| before.get(name).is_some_and(|it| it != found);
        self.arguments
            .iter()
            .find(|(name, found)| is_other((name, found)))
            .map(|(name, _)| name.clone())
    }

    /// Marks the job as finished now, and clears its failure.
    pub fn finish(&mut self) {
        self.finished = true;
        self.failure = None;
        self.updated_at = Timestamp::now();
        self.note_finish();
        self.history.end(RunEnd::Finished, self.updated_at);
    }

    /// Applies one record. A record that is refused changes nothing.
    pub(crate) fn apply(&mut self, record: Record) -> Result<(), Refused> {
        self.check(&record)?;
        match record {
            Record::Snapshot(whole) => *self = *whole,
            Record::Samples(sampled) => {
                self.loops.entry(sampled.loop_id).or_default().samples.add(&sampled.marks);
            }
            Record::Arguments(arguments) => self.arguments = arguments.0,
            Record::InFlight(in_flight) => self.workers.set_in_flight(in_flight),
            Record::Slices(slices) => self.workers.set_slices(slices),
            Record::Merge(merge) => self.workers.set_merge(merge),
            Record::Timings(timings) => self.timings.add(&timings),
            Record::Advance(advance) => {
                self.finished = false;
                self.updated_at = self.updated_at.plus_micros(advance.micros);
                self.history.complete(advance.count);
                let progress = self.loops.entry(advance.loop_id).or_default();
                progress.advance(advance.count, advance.fingerprint);
            }
            Record::Change(change) => {
                self.finished &= change.is_idle();
                self.updated_at = self.updated_at.plus_micros(change.micros);
                for mut it in change.loops {
                    if let Some(beside) = &mut it.side_by_side {
                        let items = std::mem::take(&mut beside.in_flight);
                        self.workers.set_in_flight(InFlight { loop_id: it.loop_id, items });
                    }
                    let progress = self.loops.entry(it.loop_id).or_default();
                    self.history.complete(progress.completed_by(&it));
                    progress.apply(it);
                }
                change.carried.into_iter().for_each(|it| self.carry(it));
                self.item_nanos = change.item_nanos.or(self.item_nanos);
                let failed = change.failure.as_ref().map(|_| RunEnd::Failed);
                if let Some(end) = failed.or(change.end) {
                    self.history.end(end, self.updated_at);
                }
                self.failure = change.failure.or(self.failure.take());
                self.skipped = self.skipped.saturating_add(change.skipped);
                change.dead_letters.iter().for_each(|added| self.dead_letters.add(added));
                change.timings.iter().for_each(|measured| self.timings.add_to_run(measured));
            }
        }
        Ok(())
    }
}
