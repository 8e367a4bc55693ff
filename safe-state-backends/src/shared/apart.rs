//! The notes in the head on finished slices whose values are stored with the slices alone. Without these values, the result of
//! the loop is unknown.

use std::ops::Range;

use crate::checkpoint::APART;
use crate::format::{FormatError, Record};
use crate::{Carry, Checkpoint, Completed, Merge};

/// Returns the finished slices whose values of variables are stored with the slices alone.
pub(super) fn of(head: &Checkpoint, loop_id: u16) -> Completed {
    let noted = head.workers.merges_of(loop_id, APART).next();
    let ranges = noted.and_then(|(_, value)| Vec::<(u64, u64)>::restore(APART, value).ok());
    let ranges = ranges.unwrap_or_default().into_iter();
    ranges.map(|(start, end)| Range { start, end }).collect()
}

/// Notes whether the values of a slice are stored with the slice alone.
pub(super) fn note(
    head: &mut Checkpoint,
    loop_id: u16,
    slice: u32,
    stays: bool,
) -> Result<(), FormatError> {
    let mut apart = of(head, loop_id);
    if apart.contains(u64::from(slice)) == stays {
        return Ok(());
    }
    if stays {
        apart.insert(u64::from(slice));
    } else {
        apart.remove(u64::from(slice));
    }
    let ranges: Vec<(u64, u64)> = apart.ranges().map(|it| (it.start, it.end)).collect();
    let change = ranges.change(APART, Vec::new(), None).ok().flatten();
    let value = change.map(|change| change.value).unwrap_or_default();
    head.take_in(Record::Merge(Merge { loop_id, slice: 0, name: APART.to_owned(), value }))
}

#[cfg(test)]
mod tests {
    use crate::shared::reopening::reopen;
    use crate::{Carry, Checkpoint, Completed, Cut, FinishedSlice, Head, Slices};

    #[test]
    fn it_goes_when_the_slice_is_opened_again() {
        let mut head = Head::new("job");
        let slices =
            Slices { loop_id: 0, count: 4, cut: Cut::Index, finished: Completed::default() };
        head.cut(slices, Some(100)).unwrap();
        let text = "text".repeat(1 << 18);
        let change = text.change("text", Vec::new(), None).unwrap().unwrap();
        let mut stored = Checkpoint::new("slice", None);
        stored.carried.insert("text".to_owned(), change.value.clone());
        for slice in [0, 2] {
            let values = vec![("text".to_owned(), change.value.clone())];
            let finished = FinishedSlice { loop_id: 0, slice, range: 0..25, values };
            head.finish_slice(finished, &stored).unwrap();
        }
        let apart =
            |head: &Head| (0..4).filter(|slice| head.stays_apart(0, *slice)).collect::<Vec<_>>();
        assert_eq!((apart(&head), head.has_merges_of(0, 0)), (vec![0, 2], false));
        let again = Checkpoint::decode(&head.encode().unwrap()).unwrap().into();
        assert_eq!(apart(&again), [0, 2]);
        let reopened = reopen(&mut head, (0, 0, Vec::new()), stored).unwrap();
        assert_eq!((apart(&head), reopened.carried.len()), (vec![2], 1));
        let values = Vec::new();
        let finished = FinishedSlice { loop_id: 0, slice: 2, range: 50..75, values };
        let mut slices = head.slices_of(0).unwrap().clone();
        slices.finished.remove(2);
        head.workers.set_slices(slices);
        head.finish_slice(finished, &Checkpoint::new("slice", None)).unwrap();
        assert_eq!(apart(&head), [0; 0]);
    }
}
