//! The head of a job that many workers share: the checkpoint under the job's name.

use std::ops::{Deref, DerefMut, Range};

use super::{apart, reopening, slice, slice_notes};
use crate::checkpoint::APART;
use crate::format::{Change, FormatError, LoopChange, Record};
use crate::limits::MERGE_LIMIT;
use crate::{Carried, Checkpoint, Cut, Failure, Merge, Slices};

/// The most bytes of values at the ends of slices that the head may hold. The head is written again for each slice.
const VALUES_LIMIT: usize = 1 << 20;

/// The number of slices' values that a head may hold, for all loops. The rest of its room is for notes of slices in progress.
const VALUES_AT_MOST: usize = MERGE_LIMIT / 2;

/// The note in a head that says that its slices are being removed.
const CLEARING: &str = "clearing!";

/// The head of a job that many workers share: a checkpoint that says how the job's loops are cut into slices, which slices are
/// finished, and what they gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Head(Checkpoint);

/// A slice whose items are all complete.
#[derive(Clone, Debug)]
pub struct FinishedSlice {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The slice's number.
    pub slice: u32,
    /// The slice's items, by their indices in the whole input.
    pub range: Range<u64>,
    /// The values of variables at the end of the slice, by their names.
    pub values: Vec<(String, Carried)>,
}

impl From<Checkpoint> for Head {
    fn from(checkpoint: Checkpoint) -> Self {
        Head(checkpoint)
    }
}

impl From<Head> for Checkpoint {
    fn from(head: Head) -> Self {
        head.0
    }
}

impl Deref for Head {
    type Target = Checkpoint;

    fn deref(&self) -> &Checkpoint {
        &self.0
    }
}

impl DerefMut for Head {
    fn deref_mut(&mut self) -> &mut Checkpoint {
        &mut self.0
    }
}

impl Head {
    /// Creates the head of a job that starts now.
    pub fn new(job: impl Into<String>) -> Self {
        Head(Checkpoint::new(job, None))
    }

    /// Returns whether a slice of a loop that has begun is not finished.
    pub fn has_unfinished_slices(&self) -> bool {
        self.slices().any(|it| it.finished.len() < u64::from(it.count))
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
        let FinishedSlice { slice, range, values, .. } = finished;
        let values_stay = self.leaves_values_apart(loop_id, &values, found);
        self.workers.take_merges(loop_id, slice);
        apart::note(self, loop_id, slice, values_stay)?;
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
        self.timings.add_slice(&found.timings, range.start);
        let Head(head) = self;
        if let Some(progress) = head.loops.get_mut(&loop_id) {
            let before = progress.completed().len();
            match slices.cut {
                Cut::Index | Cut::Splits(_) => progress.complete_range(range),
                Cut::Key => progress.complete_more(slice::known_by_key(found, loop_id)),
            }
            head.history.complete(progress.completed().len().saturating_sub(before));
        }
        slices.finished.insert(u64::from(slice));
        self.take_in(Record::Slices(slices))
    }

    /// Returns whether these values of a slice, whose last checkpoint is `found`, stay in that checkpoint, because they are too
    /// large or too many for the head.
    fn leaves_values_apart(
        &self,
        loop_id: u16,
        values: &[(String, Carried)],
        found: &Checkpoint,
    ) -> bool {
        let are_there = values.iter().all(|(name, _)| found.carried_value(name).is_some());
        let count = self.slices_of(loop_id).map_or(0, |slices| slices.count);
        let lacks_room = || {
            are_too_large(values, count)
                || self.workers.merges_len().saturating_add(values.len()) > VALUES_AT_MOST
        };
        !values.is_empty() && are_there && lacks_room()
    }

    /// Returns whether the checkpoint `found` of a slice stays, now that the slice is finished: the head lacks the slice's
    /// values, or the loop is cut by key and `found` has dead letters.
    pub fn keeps(&self, finished: &FinishedSlice, found: &Checkpoint) -> bool {
        let FinishedSlice { loop_id, slice, values, .. } = finished;
        let is_by_key = self.slices_of(*loop_id).is_some_and(|it| it.cut == Cut::Key);
        let are_apart = !values.is_empty() && !self.has_merges_of(*loop_id, *slice);
        is_by_key && !found.dead_letters.is_empty() || are_apart
    }

    /// Notes the failure of a worker outside of the slices; or with `None`, that another worker has begun since.
    pub fn note_failure(&mut self, failure: Option<Failure>) {
        self.failure = failure;
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

    /// Returns whether the values of variables at the end of a finished slice are stored with the slice alone.
    pub fn stays_apart(&self, loop_id: u16, slice: u32) -> bool {
        apart::of(self, loop_id).contains(u64::from(slice))
    }

    /// Notes that a slice is under way, and how many of its items are given up. Ignores a finished slice: a worker that lost it
    /// to another may not know yet.
    ///
    /// # Errors
    ///
    /// The slice does not exist; or the checkpoint has too many values.
    pub fn note_slice(
        &mut self,
        loop_id: u16,
        slice: u32,
        given_up: u64,
    ) -> Result<(), FormatError> {
        slice_notes::note(self, (loop_id, slice), given_up)
    }

    /// Returns how many items of a slice under way are given up, if that is noted.
    pub fn noted_of_slice(&self, loop_id: u16, slice: u32) -> Option<u64> {
        let mut noted = slice_notes::all(self);
        noted.find(|(of, _)| *of == (loop_id, slice)).map(|(_, given_up)| given_up)
    }

    /// Returns how many slices are noted as under way.
    pub fn slices_under_way(&self) -> usize {
        slice_notes::all(self).count()
    }

    /// Returns how many items are given up or skipped in all slices but this one.
    pub fn given_up_beside(&self, loop_id: u16, slice: u32) -> u64 {
        let others = slice_notes::all(self).filter(|(of, _)| *of != (loop_id, slice));
        let under_way: u64 = others.map(|(_, given_up)| given_up).sum();
        self.skipped.saturating_add(self.dead_letters.len() as u64).saturating_add(under_way)
    }

    /// Returns how many slices of the loop were reopened because their dead letters were put back.
    pub fn reopened_slices(&self, loop_id: u16) -> u32 {
        reopening::count(self, loop_id)
    }

    /// Prepares the checkpoint of a slice for a worker that takes the slice.
    pub fn begin_slice(&self, slice: &mut Checkpoint) {
        slice::begin(slice, self.number());
    }

    /// Returns whether this is the checkpoint of a slice of this head, and not of a head that existed before the job was cleared.
    pub fn has_slice(&self, slice: &Checkpoint) -> bool {
        slice::head_of(slice).is_none_or(|number| number == self.number())
    }

    /// Returns a number that tells this head from earlier and later ones of the job.
    fn number(&self) -> u32 {
        u32::try_from(self.started_at.micros() & u64::from(u32::MAX)).unwrap_or(0)
    }

    /// Returns whether the job is being removed, or was when the removal was interrupted.
    pub fn is_being_cleared(&self) -> bool {
        self.noted(CLEARING).is_some()
    }

    /// Marks the head as one that no worker goes on from.
    pub(super) fn note_clearing(&mut self) {
        self.note(CLEARING, Some(1));
    }
}

/// Returns whether the values of a slice are too large for the head, given the number of slices. They then stay with the slice.
fn are_too_large(values: &[(String, Carried)], slices: u32) -> bool {
    let each = values.iter().map(|(name, value)| name.len() + value.size());
    let slices = usize::try_from(slices).unwrap_or(usize::MAX);
    each.sum::<usize>().saturating_mul(slices) > VALUES_LIMIT
}

#[cfg(test)]
mod tests {
    use crate::format::{Change, Record};
    use crate::limits::MERGE_LIMIT;
    use crate::{Carry, Checkpoint, Completed, Cut, FinishedSlice, Head, Merge, Slices};

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
        let mut head = Head::new("job");
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
