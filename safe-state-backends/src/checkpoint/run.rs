//! The changes that a run makes to its checkpoint: it begins, applies records, and finishes.

use std::collections::BTreeMap;

use super::change::{LoopChange, Record};
use super::refused::Refused;
use super::{
    CONSUMED, Checkpoint, CrashCause, InFlight, LoopEnd, LoopProgress, RunEnd, Samples, Timings,
    by_hand, finished,
};
use crate::ValueAt;
use crate::limits::ARGUMENT_LIMIT;
use crate::timestamp::Timestamp;

/// Returns whether the note of this name stays when the arguments are set.
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

    /// Counts the death of the previous run against the items that were in flight, if it has died. `cause` is used unless the
    /// run saved a cause itself. A run that was ended from outside counts against no item.
    pub(super) fn count_crashes(&mut self, cause: Option<CrashCause>) {
        let has_crashed = self.is_open();
        let suspects = self.loops.values_mut().filter_map(|it| it.suspect.as_deref_mut());
        for suspect in suspects.filter(|suspect| suspect.in_flight) {
            suspect.in_flight = false;
            let was_ended =
                suspect.cause.is_none() && cause.is_some_and(CrashCause::is_from_outside);
            if has_crashed && !was_ended {
                suspect.crashes = suspect.crashes.saturating_add(1);
                suspect.cause = suspect.cause.or(cause);
            }
        }
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

    /// Sets the fingerprints of the arguments by their names. Keeps the first 128, because the notes beside them need room as
    /// well. Returns the name of the first argument that differs from what it was.
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

    /// Puts the runs of an earlier, finished job of the same name before this job's runs, and counts on from them.
    pub fn remember(&mut self, finished: &Checkpoint) {
        self.run_count = finished.run_count.saturating_add(self.run_count);
        self.timings.count_behind(&finished.timings, finished.run_count);
        self.history.count_behind(&finished.history, finished.run_count);
    }

    /// Adds the timings of a slice that has `before` items before it.
    pub(crate) fn add_timings_of(&mut self, slice: &Checkpoint, before: u64) {
        self.timings.add_to_run(&slice.timings.all_runs().behind(before));
    }

    /// Forgets the timings, because they are counted elsewhere.
    pub(crate) fn forget_timings(&mut self) {
        self.timings = Timings::default();
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

impl LoopProgress {
    /// Returns how many items a change newly completes. In a loop that knows its items by key, an item whose key is stored
    /// already does not count: the loop has only met it again.
    fn completed_by(&self, change: &LoopChange) -> u64 {
        match &change.keys {
            Some(keys) => keys.len() as u64,
            None if self.keys.is_some() => 0,
            None => {
                let apart = change.side_by_side.as_ref().map_or(0, |it| it.completed.len());
                change.count.saturating_add(apart.saturating_sub(self.completed.len()))
            }
        }
    }

    fn apply(&mut self, change: LoopChange) {
        if let Some(within) = change.begun {
            // If the outer items are the same, the loop walks its input again, and the same keys are complete.
            let is_same = self.within == within;
            let keys = self.keys.take().filter(|_| is_same);
            let attempts = self.attempts.take().filter(|_| is_same);
            let suspect = self.suspect.take().filter(|_| is_same);
            *self = LoopProgress { within, keys, attempts, suspect, ..LoopProgress::default() };
        }
        let comes_no_further = change.count == 0 && change.side_by_side.is_none();
        self.completed.complete_next(change.count);
        if let Some(side_by_side) = change.side_by_side {
            self.completed.merge(&side_by_side.completed);
        }
        self.mark = change.mark.or(self.mark);
        self.total = change.total.or(self.total);
        self.end = change.end.or(self.end);
        self.cursor = change.cursor.or(self.cursor.take());
        self.attempts = change.attempts.or(self.attempts.take());
        self.suspect = change.suspect.or(self.suspect.take());
        self.samples.add(change.samples.marks());
        if let Some(keys) = change.keys {
            self.keys.get_or_insert_default().add(*keys);
        }
        if let Some(total) = change.total.filter(|_| comes_no_further) {
            self.shrink(total);
        }
    }

    /// Forgets complete items behind the end of an input that has become shorter, which was accepted.
    fn shrink(&mut self, total: u64) {
        let is_consumed = self.mark.is_some_and(|mark| mark.fingerprint == CONSUMED);
        let is_by_index = self.keys.is_none() && self.cursor.is_none() && !is_consumed;
        let was_left = self.end == Some(LoopEnd::Left) || self.closed_at.is_some();
        if !is_by_index || was_left || self.completed.end() <= total {
            return;
        }
        self.completed.truncate(total);
        self.mark = self.mark.filter(|mark| mark.index < total);
        self.samples = self.samples.take_before(total);
    }
}
