//! The head's notes on slices under way, by which workers know of one another: how many slices there are, and how many items
//! are given up in each.

use crate::format::{FormatError, Record};
use crate::{Carried, Carry, Checkpoint, Merge};

/// The name of a note, which stands among the values at the ends of slices. No variable can have this name.
pub(super) const NAME: &str = "slice!";

impl Checkpoint {
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
        if self.slices_of(loop_id).is_some_and(|it| it.finished.contains(u64::from(slice))) {
            return Ok(());
        }
        let change = given_up.change(NAME, Vec::new(), None).ok().flatten();
        let value = change.map(|change| change.value).unwrap_or_default();
        self.take_in(Record::Merge(Merge { loop_id, slice, name: NAME.to_owned(), value }))
    }

    /// Returns how many items of a slice under way are given up, if that is noted.
    pub fn noted_of_slice(&self, loop_id: u16, slice: u32) -> Option<u64> {
        let mut noted = self.under_way();
        noted.find(|(of, at, _)| (*of, *at) == (loop_id, slice)).map(|(.., given_up)| given_up)
    }

    /// Returns how many slices are noted as under way.
    pub fn slices_under_way(&self) -> usize {
        self.under_way().count()
    }

    /// Returns how many items are given up or skipped in all slices but this one.
    pub fn given_up_beside(&self, loop_id: u16, slice: u32) -> u64 {
        let others = self.under_way().filter(|(of, at, _)| (*of, *at) != (loop_id, slice));
        let under_way: u64 = others.map(|(.., given_up)| given_up).sum();
        self.skipped.saturating_add(self.dead_letters.len() as u64).saturating_add(under_way)
    }

    fn under_way(&self) -> impl Iterator<Item = (u16, u32, u64)> + '_ {
        let loops = self.slices().map(|slices| slices.loop_id);
        let of_loop =
            |loop_id| self.merges_of(loop_id, NAME).map(move |(at, it)| (loop_id, at, it));
        loops.flat_map(of_loop).map(|(of, at, value): (u16, u32, &Carried)| {
            (of, at, u64::restore(NAME, value).unwrap_or(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Checkpoint, Completed, Cut, FinishedSlice, Slices};

    #[test]
    fn what_is_given_up_counts_once_whether_its_slice_is_finished_or_not() {
        let mut head = Checkpoint::new("job", None);
        let slices =
            Slices { loop_id: 0, count: 4, cut: Cut::Index, finished: Completed::default() };
        head.cut(slices, Some(100)).unwrap();
        head.note_slice(0, 1, 2).unwrap();
        head.note_slice(0, 3, 0).unwrap();
        head.note_slice(0, 3, 5).unwrap();
        assert_eq!((head.slices_under_way(), head.noted_of_slice(0, 3)), (2, Some(5)));
        assert_eq!((head.given_up_beside(0, 1), head.given_up_beside(0, 2)), (5, 7));
        let mut stored = Checkpoint::new("slice", None);
        stored.skipped = 5;
        let finished = FinishedSlice { loop_id: 0, slice: 3, range: 75..100, values: Vec::new() };
        head.finish_slice(finished, &stored).unwrap();
        assert_eq!((head.slices_under_way(), head.given_up_beside(0, 1)), (1, 5));
        assert!(head.merges().all(|merge| merge.slice == 1));
    }

    #[test]
    fn a_worker_that_lost_its_slice_notes_nothing_of_it_once_it_is_finished() {
        let mut head = Checkpoint::new("job", None);
        let slices =
            Slices { loop_id: 0, count: 4, cut: Cut::Index, finished: Completed::default() };
        head.cut(slices, Some(100)).unwrap();
        head.note_slice(0, 3, 0).unwrap();
        // A note is no value of a variable.
        assert!(!head.has_merges_of(0, 3));
        let finished = FinishedSlice { loop_id: 0, slice: 3, range: 75..100, values: Vec::new() };
        head.finish_slice(finished, &Checkpoint::new("slice", None)).unwrap();
        head.note_slice(0, 3, 1).unwrap();
        assert_eq!((head.slices_under_way(), head.has_merges_of(0, 3)), (0, false));
    }
}
