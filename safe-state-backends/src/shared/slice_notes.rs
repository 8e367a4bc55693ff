//! The head's notes on slices under way, by which workers know of one another: how many slices there are, and how many items
//! are given up in each.

use crate::format::{FormatError, Record};
use crate::{Carried, Carry, Checkpoint, Merge};

/// The name of a note, which stands among the values at the ends of slices. No variable can have this name.
pub(super) const NAME: &str = "slice!";

/// Notes that a slice is under way, and how many of its items are given up. Ignores a finished slice.
pub(super) fn note(
    head: &mut Checkpoint,
    (loop_id, slice): (u16, u32),
    given_up: u64,
) -> Result<(), FormatError> {
    if head.slices_of(loop_id).is_some_and(|it| it.finished.contains(u64::from(slice))) {
        return Ok(());
    }
    let change = given_up.change(NAME, Vec::new(), None).ok().flatten();
    let value = change.map(|change| change.value).unwrap_or_default();
    head.take_in(Record::Merge(Merge { loop_id, slice, name: NAME.to_owned(), value }))
}

/// Returns the slices that are noted as under way, each with the number of its items that are given up.
pub(super) fn all(head: &Checkpoint) -> impl Iterator<Item = ((u16, u32), u64)> + '_ {
    let loops = head.slices().map(|slices| slices.loop_id);
    let of_loop =
        |loop_id| head.workers.merges_of(loop_id, NAME).map(move |(at, it)| ((loop_id, at), it));
    let given_up = |value: &Carried| u64::restore(NAME, value).unwrap_or(0);
    loops.flat_map(of_loop).map(move |(of, value)| (of, given_up(value)))
}

#[cfg(test)]
mod tests {
    use crate::{Checkpoint, Completed, Cut, FinishedSlice, Head, Slices};

    #[test]
    fn what_is_given_up_counts_once_whether_its_slice_is_finished_or_not() {
        let mut head = Head::new("job");
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
        let mut head = Head::new("job");
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
