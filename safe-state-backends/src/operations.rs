//! The operations on a checkpoint, for its users. Each is done by the module that is about it; within this crate, those modules
//! call one another.

use std::ops::Range;

use crate::checkpoint::{apply, by_hand, migrate, put_back, run};
use crate::format::{self, Change, FormatError, Record};
use crate::loading;
use crate::{
    Backend, Carried, CarriedError, Carry, Checkpoint, CrashCause, DeadLetterNotRetryable, Error,
    Lease, LoopProgress, NotByHand, Samples, ValueAt,
};

/// Checkpoints in a backend.
impl Checkpoint {
    /// Decodes a stored checkpoint. A torn tail, which a crash in the middle of a save leaves, is dropped: the result is the
    /// save before it.
    ///
    /// # Errors
    ///
    /// The bytes are no checkpoint, are of a newer format, or are damaged anywhere but in their tail. Any bytes are safe to
    /// pass; decoding allocates no more memory than they justify.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        format::decode(bytes)
    }

    /// Encodes the checkpoint for storage, as one snapshot.
    ///
    /// # Errors
    ///
    /// The checkpoint is larger than 4 GiB.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        format::encode(self)
    }

    /// Loads the checkpoint of `job` from `backend`; `None` if it has none. Takes no lease, and works while the job runs.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is not a checkpoint of this job.
    pub fn load(backend: &dyn Backend, job: &str) -> Result<Option<Checkpoint>, Error> {
        loading::load(backend, job)
    }

    /// Loads the checkpoint of `job` through its lease: the newest, even where copies of the store lag behind.
    ///
    /// # Errors
    ///
    /// Fails as [`load`](Self::load) does, and if the lease is no longer held.
    pub fn load_held(
        lease: &mut dyn Lease,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        loading::load_held(lease, backend, job)
    }

    /// Loads the kept runs of a finished job, as a checkpoint with nothing else in it; `None` if none were kept.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is not the history of this job.
    pub fn load_history(backend: &dyn Backend, job: &str) -> Result<Option<Self>, Error> {
        loading::load_history(backend, job)
    }

    /// Saves the last `last` runs of the job, which has finished with `change` and is about to be removed.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn save_history(
        &self,
        change: Option<Change>,
        backend: &dyn Backend,
        last: u32,
    ) -> Result<(), Error> {
        loading::save_history(self, change, backend, last)
    }
}

/// The changes that a run makes.
impl Checkpoint {
    /// Begins a new run: counts it, and clears the failure. `cause` is what the previous run died of, if it died and the cause
    /// is known.
    pub fn begin_run(&mut self, cause: Option<CrashCause>) {
        run::begin(self, cause);
    }

    /// Sets the fingerprint of the function's text. Returns whether it differs from the previous one; `false` if either is
    /// unknown.
    pub fn set_code(&mut self, code: Option<u64>) -> bool {
        let before = std::mem::replace(&mut self.code, code);
        before.zip(code).is_some_and(|(before, now)| before != now)
    }

    /// Sets the job's version. Returns the previous one.
    pub fn set_version(&mut self, version: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.version, version)
    }

    /// Sets the fingerprints of the arguments by their names. Keeps the first 128, because the notes beside them need room as
    /// well. Returns the name of the first argument that differs from what it was.
    pub fn set_arguments(
        &mut self,
        arguments: impl IntoIterator<Item = (String, u32)>,
    ) -> Option<String> {
        self.arguments.set(arguments)
    }

    /// Forgets the fingerprints of the complete items: the input is accepted as the job's, however it has changed.
    pub fn forget_marks(&mut self) {
        for progress in self.loops.values_mut() {
            (progress.mark, progress.samples) = (None, Samples::default());
        }
    }

    /// Drops the values of the variables for whose name `is_forgotten` is true, at all places. Returns their names.
    pub fn forget_carried(&mut self, is_forgotten: impl Fn(&str) -> bool) -> Vec<String> {
        self.carried.forget(is_forgotten)
    }

    /// Replaces the values stored under `name`, a variable or a step, by what `with` makes of them: the last value, and the
    /// values at each [`ValueAt`]. Changes nothing if one of them can't be read or saved.
    ///
    /// # Errors
    ///
    /// A value does not read as an `Old` without loss, or the value that `with` returns can't be saved.
    pub fn migrate<Old: Carry, New: Carry>(
        &mut self,
        name: &str,
        with: impl Fn(Old) -> New,
    ) -> Result<(), CarriedError> {
        migrate::migrate(&mut self.carried, name, with)
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

    /// Applies a change, such as the value of a step.
    ///
    /// # Errors
    ///
    /// The checkpoint has too many values.
    pub fn take_in(&mut self, change: impl Into<Record>) -> Result<(), FormatError> {
        apply::apply(self, change.into()).map_err(FormatError::TooMany)
    }

    /// Notes a fact about the job beside its arguments, if `value` is `Some`. No argument may have the name `name`.
    pub fn note(&mut self, name: &str, value: Option<u32>) {
        self.arguments.note(name, value);
    }

    /// Forgets the note `name`.
    pub fn forget_note(&mut self, name: &str) {
        self.arguments.forget(name);
    }

    /// Adds notes.
    pub fn put_notes(&mut self, notes: Vec<(String, u32)>) {
        self.arguments.put_notes(notes);
    }

    /// Marks the job as finished now, and clears its failure.
    pub fn finish(&mut self) {
        run::finish(self);
    }

    /// Puts the runs of an earlier, finished job of the same name before this job's runs, and counts on from them.
    pub fn remember(&mut self, finished: &Checkpoint) {
        run::remember(self, finished);
    }
}

/// The changes that people make.
impl Checkpoint {
    /// Puts all dead letters back: the next run does their items as if they were new, with all attempts. It also does any other
    /// item that is not complete. Returns the number of dead letters.
    ///
    /// # Errors
    ///
    /// The index of the first dead letter that can't be put back, and the reason; then none is put back.
    pub fn put_back_dead_letters(&mut self) -> Result<usize, (u64, DeadLetterNotRetryable)> {
        put_back::put_back(self)
    }

    /// Creates the checkpoint of a job that has not begun, to be changed by hand. The job's first run takes it over, whatever
    /// the run's version and arguments are.
    pub fn by_hand(job: impl Into<String>) -> Self {
        by_hand::not_begun(job)
    }

    /// Returns whether items of this loop were marked complete by their indices before any run began the loop, and no run has
    /// saved progress of the loop since.
    pub fn is_begun_by_hand(&self, loop_id: u16) -> bool {
        by_hand::is_begun(self, loop_id)
    }

    /// Returns whether no run has completed an item, so that all complete items were marked by hand. `false` if the job had
    /// more runs than are remembered.
    pub fn is_complete_by_hand_alone(&self) -> bool {
        let runs = self.history();
        runs.len() == usize::try_from(self.run_count).unwrap_or(usize::MAX)
            && runs.iter().all(|run| run.completed() == 0)
    }

    /// Marks items of an outermost loop complete by their indices. Returns how many were not complete before.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by index, or one of them was interrupted in an inner loop; then nothing changes.
    pub fn complete_by_hand(
        &mut self,
        loop_id: u16,
        items: impl IntoIterator<Item = Range<u64>>,
    ) -> Result<u64, NotByHand> {
        by_hand::complete(self, loop_id, items)
    }

    /// Marks items of an outermost loop complete by the hashes of their keys. Returns how many were not complete before.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by keys that a user can hash; then nothing changes.
    pub fn complete_keys_by_hand(
        &mut self,
        loop_id: u16,
        hashes: &[u64],
    ) -> Result<u64, NotByHand> {
        by_hand::complete_keys(self, loop_id, hashes)
    }

    /// Makes the next run of an outermost loop go on behind a stored cursor.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by cursor; then nothing changes.
    pub fn continue_after(&mut self, loop_id: u16, cursor: Carried) -> Result<(), NotByHand> {
        by_hand::continue_after(self, loop_id, cursor)
    }

    /// Makes the next run of an outermost loop go on behind `cursor`, a value of any type that can be carried.
    ///
    /// # Errors
    ///
    /// The loop does not know its items by cursor, or the cursor can't be stored; then nothing changes.
    pub fn continue_after_value<C: Carry>(
        &mut self,
        loop_id: u16,
        cursor: &C,
    ) -> Result<(), NotByHand> {
        let stored = cursor.change("cursor!()", Vec::new(), None);
        let stored = stored.ok().flatten().ok_or(NotByHand::NoCursor)?;
        by_hand::continue_after(self, loop_id, stored.value.with_names())
    }

    /// Counts items that were skipped by hand.
    pub fn count_skipped(&mut self, items: u64) {
        self.skipped = self.skipped.saturating_add(items);
    }

    /// Gives the job another name.
    ///
    /// # Errors
    ///
    /// [`NotByHand::Shared`] if many workers share the job; [`NotByHand::Sealed`] if `reseal` returns `None`. It is called for
    /// each sealed handle with the variable's name and the stored bytes, and returns the bytes sealed with the new name.
    pub fn rename(
        &mut self,
        job: &str,
        reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), NotByHand> {
        by_hand::rename(self, job, reseal)
    }
}
