//! The stored state of a job, and the methods that read it. Those that change it are in `operations.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::carried::CarriedValues;
use super::{
    History, InFlight, LoopProgress, Merge, PastRun, Progress, RunEnd, Slices, Timings, Workers,
};
use super::{finished, separate};
use crate::limits::LOOP_LIMIT;
use crate::timestamp::Timestamp;
use crate::{
    Carried, CarriedError, Carry, Completed, DeadLetters, Failure, StoredResults, bounded,
};

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
    pub(crate) carried: CarriedValues,
    pub(crate) failure: Option<Failure>,
    /// The number of items that were skipped because of their errors.
    pub(crate) skipped: u64,
    /// The items that were given up and recorded.
    pub(crate) dead_letters: DeadLetters,
    pub(crate) history: History,
    /// Fingerprints of the arguments that belong to the job, and notes. They have a record of their own.
    #[serde(with = "separate", default, skip_serializing_if = "Arguments::is_empty")]
    pub(crate) arguments: Arguments,
    /// The state of loops that run side by side or are shared. It has records of its own.
    #[serde(with = "separate", default, skip_serializing_if = "Workers::is_empty")]
    pub(crate) workers: Workers,
    /// The timings of items and saves. They have a record of their own.
    #[serde(with = "separate", default, skip_serializing_if = "Timings::is_empty")]
    pub(crate) timings: Timings,
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
            carried: CarriedValues::default(),
            failure: None,
            skipped: 0,
            dead_letters: DeadLetters::default(),
            history,
            arguments: Arguments::default(),
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

    /// Returns how a loop that many workers share is cut into slices; `None` if it has not begun, or is not shared.
    pub fn slices_of(&self, loop_id: u16) -> Option<&Slices> {
        self.slices().find(|slices| slices.loop_id == loop_id)
    }

    /// Returns whether loops of the job are cut into slices.
    pub fn has_slices(&self) -> bool {
        self.slices().next().is_some()
    }

    /// Returns whether many workers share the job.
    pub(crate) fn is_shared(&self) -> bool {
        self.workers.are_shared()
    }

    /// Returns the value that the variable `name` had when the checkpoint was saved; `None` if the variable is not carried, or
    /// has not been saved yet.
    ///
    /// # Errors
    ///
    /// The value is of another type than `T`.
    pub fn carried<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, CarriedError> {
        let carried = self.carried.variable(name);
        carried.map(|carried| self.carried.whole(name, carried).decode(name)).transpose()
    }

    /// Returns the elements of the variable `name`, a [`Results`](crate::Results), at the last save. Each is decoded when the
    /// iterator reaches it. The iterator is empty if the variable is not carried, or has not been saved yet.
    ///
    /// ```
    /// # use safe_state_backends::{Checkpoint, CarriedError};
    /// # let checkpoint = Checkpoint::new("job", None);
    /// let mut sum = 0;
    /// for size in checkpoint.results::<u64>("sizes")? {
    ///     sum += size?;
    /// }
    /// # assert_eq!(sum, 0);
    /// # Ok::<(), CarriedError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The variable is no `Results`. The iterator gives an error for an element that does not read as a `T` without loss.
    pub fn results<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<StoredResults<'_, T>, CarriedError> {
        let carried = self.carried.get(name);
        carried.map_or_else(
            || Ok(StoredResults::none(name)),
            |carried| StoredResults::of(carried, name),
        )
    }

    /// Returns the value of the variable `name` if it was saved in the items `within` of the loops around it, else `None`.
    ///
    /// # Errors
    ///
    /// The same errors as [`carried`](Self::carried).
    pub fn carried_within<T: Carry>(
        &self,
        name: &str,
        within: &[u64],
    ) -> Result<Option<T>, CarriedError> {
        let carried = self.carried.get(name).filter(|carried| carried.within() == within);
        carried.map(|carried| T::restore(name, &self.carried.whole(name, carried))).transpose()
    }

    /// Returns the names of the carried variables and of the steps.
    pub fn carried_names(&self) -> impl Iterator<Item = &str> {
        self.carried.names()
    }

    /// Returns what is stored under `name`: a variable's last value, its value at a [`ValueAt`](crate::ValueAt), or a step's
    /// value.
    pub fn carried_value(&self, name: &str) -> Option<&Carried> {
        self.carried.get(name)
    }

    /// Returns the whole value that is stored under `name`. Returns `None` if nothing is stored under it, or if its base is
    /// missing or does not fit.
    pub fn whole_value(&self, name: &str) -> Option<Cow<'_, Carried>> {
        self.carried.whole_value(name)
    }

    /// Checks that the variable `name` can be carried.
    ///
    /// # Errors
    ///
    /// 256 other variables and steps are stored already.
    pub fn has_room_for(&self, name: &str) -> Result<(), CarriedError> {
        self.carried.has_room_for(name)
    }

    /// Returns when the job finished for the first time; `None` if it has not. Dead letters may have been put back since, or
    /// items added to its input.
    pub fn first_finished_at(&self) -> Option<SystemTime> {
        // An older release has noted nothing.
        let noted = finished::noted(&self.arguments);
        noted.or(self.finished.then_some(self.updated_at)).map(SystemTime::from)
    }

    /// Notes when the job finished, if it has finished and this is not noted yet.
    pub(super) fn note_finish(&mut self) {
        if self.finished {
            finished::note(&mut self.arguments, self.updated_at);
        }
    }

    /// Returns all notes, with their names.
    pub fn notes(&self) -> Vec<(String, u32)> {
        self.arguments.notes()
    }

    /// Returns the value of the note `name`.
    pub fn noted(&self, name: &str) -> Option<u32> {
        self.arguments.noted(name)
    }

    fn current_loop(&self) -> Option<&LoopProgress> {
        let mut outermost = self.loops.values().filter(|progress| progress.within.is_empty());
        let open = outermost.clone().find(|progress| progress.end.is_none());
        open.or_else(|| outermost.next_back())
    }
}
