//! The head of a job that many workers share, in the form of a checkpoint.

use std::ops::Range;

use super::{PUT_BACK, slice_notes};
use crate::checkpoint::APART;
use crate::format::{Change, FormatError, LoopChange, Record};
use crate::limits::MERGE_LIMIT;
use crate::{
    BegunSlice, Carried, Checkpoint, Cut, DeadLetter, Failure, FinishedSlice, Merge, RunEnd, Slices,
};

/// The most bytes of values at the ends of slices that the head may hold. The head is written again for each slice.
const VALUES_LIMIT: usize = 1 << 20;

/// The number of slices' values that a head may hold, for all loops. The rest of its room is for notes of slices in progress.
const VALUES_AT_MOST: usize = MERGE_LIMIT / 2;

/// Returns whether the values of a slice are too large for the head, given the number of slices. They then stay with the slice.
fn stays_apart(values: &[(String, Carried)], slices: u32) -> bool {
    let each = values.iter().map(|(name, value)| name.len() + value.size());
    let slices = usize::try_from(slices).unwrap_or(usize::MAX);
    each.sum::<usize>().saturating_mul(slices) > VALUES_LIMIT
}

/// Returns the name of the note on how many slices of the loop were made unfinished again.
fn name_of_reopened(loop_id: u16) -> String {
    format!("reopened!{loop_id}")
}

/// Returns how many items of a slice are complete, in a loop that knows them by key.
fn known_by_key(slice: &Checkpoint, loop_id: u16) -> u64 {
    let keys = slice.loop_progress(loop_id).and_then(|progress| progress.keys());
    keys.map_or(0, |keys| keys.len() as u64)
}

/// The head of a job that many workers share.
impl Checkpoint {
    /// Returns whether loops of the job are cut into slices.
    pub fn has_slices(&self) -> bool {
        self.slices().next().is_some()
    }

    /// Returns whether a slice of a loop that has begun is not finished.
    pub fn has_unfinished_slices(&self) -> bool {
        self.slices().any(|it| it.finished.len() < u64::from(it.count))
    }

    /// Returns how a loop is cut into slices; `None` if it has not begun.
    pub fn slices_of(&self, loop_id: u16) -> Option<&Slices> {
        self.slices().find(|slices| slices.loop_id == loop_id)
    }

    /// Cuts a loop into slices, with an input of `total` items if that is known.
    ///
    /// # Errors
    ///
    /// The checkpoint has too many loops or slices.
    pub fn cut(&mut self, slices: Slices, total: Option<u64>) -> Result<(), FormatError> {
        let begun = LoopChange {
            loop_id: slices.loop_id,
            begun: Some(Vec::new()),
            total,
            ..LoopChange::default()
        };
        self.take_in(Change { loops: vec![begun], ..Change::default() })?;
        self.take_in(Record::Slices(slices))
    }

    /// Returns whether these values of a slice stay in the slice's own checkpoint, because they are too large or too many for the
    /// head.
    pub(super) fn keeps_apart(&self, loop_id: u16, values: &[(String, Carried)]) -> bool {
        let count = self.slices_of(loop_id).map_or(0, |slices| slices.count);
        stays_apart(values, count)
            || self.workers.merges_len().saturating_add(values.len()) > VALUES_AT_MOST
    }

    /// Marks a slice finished, whose last checkpoint is `found`. Does nothing if the slice is finished already.
    ///
    /// # Errors
    ///
    /// The slice does not exist; or the checkpoint has too many values.
    pub fn finish_slice(
        &mut self,
        finished: FinishedSlice,
        found: &Checkpoint,
    ) -> Result<(), FormatError> {
        let loop_id = finished.loop_id;
        let Some(mut slices) = self.slices_of(loop_id).cloned() else {
            return Err(FormatError::TooMany("a slice of a loop that has none"));
        };
        if slices.finished.contains(u64::from(finished.slice)) {
            return Ok(());
        }
        let values_stay = finished.values_stay(found, self);
        let FinishedSlice { slice, range, values, .. } = finished;
        self.workers.take_merges(loop_id, slice);
        self.note_apart(loop_id, slice, values_stay)?;
        if !values_stay {
            for (name, value) in values {
                self.take_in(Record::Merge(Merge { loop_id, slice, name, value }))?;
            }
        }
        let letters = found.dead_letters.iter().map(|letter| letter.behind(range.start));
        let mut change = Change { skipped: found.skipped, ..Change::default() };
        if !found.dead_letters.is_empty() {
            change.dead_letters = Some(Box::new(letters.collect()));
        }
        self.take_in(change)?;
        self.add_timings_of(found, range.start);
        if let Some(progress) = self.loops.get_mut(&loop_id) {
            let before = progress.completed().len();
            match slices.cut {
                Cut::Index | Cut::Splits(_) => progress.complete_range(range),
                Cut::Key => progress.complete_more(known_by_key(found, loop_id)),
            }
            self.history.complete(progress.completed().len().saturating_sub(before));
        }
        slices.finished.insert(u64::from(slice));
        self.take_in(Record::Slices(slices))
    }

    /// Notes the failure of a worker outside of the slices; or with `None`, that another worker has begun since.
    pub fn note_failure(&mut self, failure: Option<Failure>) {
        self.failure = failure;
    }

    /// Applies a change, such as the value of a step.
    ///
    /// # Errors
    ///
    /// The checkpoint has too many values.
    pub fn take_in(&mut self, change: impl Into<Record>) -> Result<(), FormatError> {
        self.apply(change.into()).map_err(FormatError::TooMany)
    }

    /// Returns the values of the variable `name` at the ends of a loop's slices, in order, as far as the head has them.
    pub fn merges_of<'a>(
        &'a self,
        loop_id: u16,
        name: &'a str,
    ) -> impl Iterator<Item = (u32, &'a Carried)> + 'a {
        self.workers.merges_of(loop_id, name)
    }

    /// Returns whether the head has the values of variables at the end of the slice.
    pub fn has_merges_of(&self, loop_id: u16, slice: u32) -> bool {
        self.workers
            .names_of(loop_id, slice)
            .any(|name| ![slice_notes::NAME, APART].contains(&name))
    }

    /// Notes a fact about the job beside its arguments, if `value` is `Some`. No argument may have the name `name`.
    pub fn note(&mut self, name: &str, value: Option<u32>) {
        self.arguments.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// Forgets the note `name`.
    pub fn forget_note(&mut self, name: &str) {
        self.arguments.remove(name);
    }

    /// Returns all notes, with their names.
    pub fn notes(&self) -> Vec<(String, u32)> {
        let all = self.arguments.iter().filter(|(name, _)| name.contains('!'));
        all.map(|(name, value)| (name.clone(), *value)).collect()
    }

    /// Adds notes.
    pub fn put_notes(&mut self, notes: Vec<(String, u32)>) {
        self.arguments.extend(notes);
    }

    /// Returns the value of the note `name`.
    pub fn noted(&self, name: &str) -> Option<u32> {
        self.arguments.get(name).copied()
    }
}

impl DeadLetter {
    /// Returns the dead letter with the item's index increased by `before`, the number of items before its slice.
    #[must_use]
    pub fn behind(mut self, before: u64) -> DeadLetter {
        match self.within.first_mut() {
            Some(outermost) => *outermost = outermost.saturating_add(before),
            None => self.failure.index = self.failure.index.map(|it| it.saturating_add(before)),
        }
        self
    }
}

/// The head's part in putting back dead letters of finished slices.
impl Checkpoint {
    /// Returns the slices that have dead letters, with these letters, whose indices count from the start of the slice.
    pub(super) fn slices_to_reopen(&self) -> Vec<(u16, u32, Vec<DeadLetter>)> {
        let mut found: Vec<(u16, u32, Vec<DeadLetter>)> = Vec::new();
        for letter in &self.dead_letters {
            let of = self.slices().find_map(|slices| self.slice_of(slices, &letter));
            let Some((loop_id, slice, before)) = of else { continue };
            let letter = letter.after(before);
            match found.iter_mut().find(|(of, at, _)| (*of, *at) == (loop_id, slice)) {
                Some((.., letters)) => letters.push(letter),
                None => found.push((loop_id, slice, vec![letter])),
            }
        }
        found
    }

    /// Returns the slice of the dead letter, and the number of items before that slice.
    fn slice_of(&self, slices: &Slices, letter: &DeadLetter) -> Option<(u16, u32, u64)> {
        let (outermost, index) = match letter.within.first() {
            Some(outermost) => (slices.loop_id <= letter.loop_id, *outermost),
            None => (slices.loop_id == letter.loop_id, letter.index()),
        };
        let total = self.loop_progress(slices.loop_id)?.total?;
        let range = |slice| slices.range(slice, total);
        let slice = (0..slices.count).find(|slice| range(*slice).contains(&index))?;
        outermost.then(|| (slices.loop_id, slice, range(slice).start))
    }

    /// Returns the items of a slice, by their indices in the whole input.
    pub(super) fn range_of(&self, loop_id: u16, slice: u32) -> Range<u64> {
        let total = self.loop_progress(loop_id).and_then(|it| it.total).unwrap_or(0);
        self.slices_of(loop_id).map_or(0..0, |slices| slices.range(slice, total))
    }

    /// Makes a slice unfinished, whose checkpoint was `before`, and moves its dead letters there. Returns the slice's new
    /// checkpoint: all of its items are complete, and some are dead letters.
    pub(super) fn reopen(
        &mut self,
        (loop_id, slice, letters): (u16, u32, Vec<DeadLetter>),
        mut before: Checkpoint,
    ) -> Result<Checkpoint, FormatError> {
        let unknown = FormatError::TooMany("a slice of a loop that has none");
        let mut slices = self.slices_of(loop_id).cloned().ok_or(unknown)?;
        let range = self.range_of(loop_id, slice);
        let count = range.end - range.start;
        self.skipped = self.skipped.saturating_sub(before.skipped);
        before.loops.clear();
        before.forget_timings();
        let begun = Some(Vec::new());
        let whole =
            LoopChange { loop_id, begun, count, total: Some(count), ..LoopChange::default() };
        let end = Some(RunEnd::Stopped);
        before.take_in(Change { loops: vec![whole], end, ..Change::default() })?;
        before.dead_letters = letters.into_iter().collect();
        before.carried.extend(self.workers.take_merges(loop_id, slice));
        self.note_apart(loop_id, slice, false)?;
        slices.finished.remove(u64::from(slice));
        self.workers.set_slices(slices);
        self.note_reopened(loop_id);
        if let Some(progress) = self.loops.get_mut(&loop_id) {
            progress.forget_range(range);
        }
        self.finished = false;
        Ok(before)
    }

    /// Reopens a slice of a loop that is cut by key, whose checkpoint `stored` was kept.
    pub(super) fn reopen_by_key(
        &mut self,
        loop_id: u16,
        slice: u32,
        mut stored: Checkpoint,
    ) -> Result<Checkpoint, FormatError> {
        let unknown = FormatError::TooMany("a slice of a loop that has none");
        let mut slices = self.slices_of(loop_id).cloned().ok_or(unknown)?;
        self.skipped = self.skipped.saturating_sub(stored.skipped);
        stored.forget_timings();
        stored.carried.extend(self.workers.take_merges(loop_id, slice));
        self.note_apart(loop_id, slice, false)?;
        slices.finished.remove(u64::from(slice));
        self.workers.set_slices(slices);
        self.note_reopened(loop_id);
        if let Some(progress) = self.loops.get_mut(&loop_id) {
            let put_back = u64::from(stored.noted(PUT_BACK).unwrap_or(0));
            progress.complete_fewer(known_by_key(&stored, loop_id) + put_back);
        }
        self.finished = false;
        Ok(stored)
    }

    /// Returns how many slices of the loop were reopened because their dead letters were put back.
    pub fn reopened_slices(&self, loop_id: u16) -> u32 {
        self.noted(&name_of_reopened(loop_id)).unwrap_or(0)
    }

    fn note_reopened(&mut self, loop_id: u16) {
        let count = self.reopened_slices(loop_id).wrapping_add(1);
        self.forget_note(&name_of_reopened(loop_id));
        self.note(&name_of_reopened(loop_id), Some(count));
    }

    /// Returns whether the head has dead letters.
    pub(super) fn has_dead_letters(&self) -> bool {
        !self.dead_letters.is_empty()
    }

    /// Adds the progress of a slice under way, to be shown.
    pub(super) fn show_slice(&mut self, loop_id: u16, range: Range<u64>, slice: &Checkpoint) {
        let is_by_key = self.slices_of(loop_id).is_some_and(|slices| slices.cut == Cut::Key);
        if let Some(ours) = self.loops.get_mut(&loop_id) {
            let before = ours.completed().len();
            if is_by_key {
                ours.complete_more(known_by_key(slice, loop_id));
            } else if let Some(theirs) = slice.loop_progress(loop_id) {
                for complete in theirs.completed.ranges() {
                    ours.complete_range(complete.start + range.start..complete.end + range.start);
                }
            }
            self.history.complete(ours.completed().len().saturating_sub(before));
        }
        let letters = slice.dead_letters.iter().map(|letter| letter.behind(range.start));
        self.dead_letters.add(&letters.collect());
        self.skipped = self.skipped.saturating_add(slice.skipped);
        self.add_timings_of(slice, range.start);
        let failure = slice.failure.clone().map(|failure| {
            let index = failure.index().map(|index| index.saturating_add(range.start));
            failure.with_index(index)
        });
        self.failure = self.failure.take().or(failure);
        self.updated_at = self.updated_at.max(slice.updated_at);
        self.item_nanos = self.item_nanos.or(slice.item_nanos);
    }

    /// Shows how the run has ended, if no worker has one of the `begun` slices, and none has died in one.
    pub(super) fn show_end(&mut self, begun: &[BegunSlice]) {
        let is_over = |it: &BegunSlice| it.holder.is_none() && !it.stored.is_open();
        if !self.finished && begun.iter().all(is_over) {
            let end = if self.failure.is_some() { RunEnd::Failed } else { RunEnd::Stopped };
            self.history.end(end, self.updated_at);
        }
    }
}

impl DeadLetter {
    /// Returns the dead letter with the item's index reduced by `before`, the number of items before its slice.
    fn after(mut self, before: u64) -> DeadLetter {
        match self.within.first_mut() {
            Some(outermost) => *outermost = outermost.saturating_sub(before),
            None => self.failure.index = self.failure.index.map(|it| it.saturating_sub(before)),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::format::{Change, Record};
    use crate::limits::MERGE_LIMIT;
    use crate::{Carry, Checkpoint, Completed, Cut, FinishedSlice, Merge, Slices};

    /// A finished slice, in which each variable has some value.
    fn done(slice: u32, names: &[&str]) -> (FinishedSlice, Checkpoint) {
        let changes = names.iter().map(|name| 7_u64.change(name, Vec::new(), None));
        let changes: Vec<_> = changes.map(|change| change.unwrap().unwrap()).collect();
        let values = changes.iter().map(|it| (it.name.clone(), it.value.clone())).collect();
        let mut stored = Checkpoint::new("slice", None);
        stored.take_in(Change { carried: changes, ..Change::default() }).unwrap();
        let range = u64::from(slice)..u64::from(slice) + 1;
        (FinishedSlice { loop_id: 0, slice, range, values }, stored)
    }

    #[test]
    fn a_head_that_has_no_room_for_more_values_leaves_them_where_the_slice_is_stored() {
        let mut head = Checkpoint::new("job", None);
        let finished = Completed::default();
        let slices = Slices { loop_id: 0, count: 1000, cut: Cut::Index, finished };
        head.cut(slices, Some(1000)).unwrap();
        let (of, stored) = done(1, &["a", "b"]);
        head.finish_slice(of, &stored).unwrap();
        assert!(head.has_merges_of(0, 1));
        let value = done(0, &["a"]).0.values[0].1.clone();
        for at in 0..u32::try_from(MERGE_LIMIT).unwrap() - 3 {
            let (slice, name, value) = (2 + at % 998, (at / 998).to_string(), value.clone());
            head.take_in(Record::Merge(Merge { loop_id: 0, slice, name, value })).unwrap();
        }
        let (of, stored) = done(0, &["a", "b"]);
        head.finish_slice(of, &stored).unwrap();
        assert!(!head.has_merges_of(0, 0));
        assert!(head.slices_of(0).unwrap().finished.contains(0));
    }
}
