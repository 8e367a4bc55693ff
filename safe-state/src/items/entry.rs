//! The entry into a loop: which items it passes over, and how it recognises its input.

use std::ops::Range;

use safe_state_backends::{Completed, Mark};

/// A loop's identity in its function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    /// The number of resumable loops around it.
    pub(crate) depth: usize,
    /// The loop's number among the function's resumable loops, in the order of the source.
    pub(crate) id: u16,
}

/// The items that a loop passes over, and those by which it recognises its input.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) completed: Completed,
    /// The items by which the input is recognised, in the order of their indices.
    pub(crate) marks: Vec<Mark>,
    /// The index of the item in which a `break` has left the loop for good. The loop gives no items from there on.
    pub(crate) closed_at: Option<u64>,
}

/// The difference between the input and the one that the checkpoint was made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WrongInput {
    /// The input has fewer items than are complete.
    TooShort,
    /// The item at this index is another one.
    OtherItem(u64),
}

impl Entry {
    /// Passes over `range` of the completed items, and checks the marked ones. Takes one step where the iterator can:
    /// slices, ranges, `Vec`.
    pub(crate) fn skip<I: Iterator>(
        &self,
        iter: &mut I,
        range: &Range<u64>,
        fingerprint: impl Fn(&I::Item) -> Option<u32>,
    ) -> Result<(), WrongInput> {
        let mut next = range.start;
        for mark in self.marks.iter().filter(|mark| range.contains(&mark.index)) {
            let item = nth(iter, mark.index - next).ok_or(WrongInput::TooShort)?;
            mark_fits(*mark, fingerprint(&item))?;
            next = mark.index + 1;
        }
        match (range.end - next).checked_sub(1) {
            Some(last) => nth(iter, last).map(drop).ok_or(WrongInput::TooShort),
            None => Ok(()),
        }
    }

    /// Passes over all items of a loop that is closed, and the item of the `break`: it too was taken from an iterator
    /// that the next loop may go on with. Checks the marked ones that are there. The input may be shorter, as none of the
    /// loop's items is left to do.
    pub(crate) fn skip_closed<I: Iterator>(
        &self,
        iter: &mut I,
        fingerprint: impl Fn(&I::Item) -> Option<u32>,
    ) -> Result<(), WrongInput> {
        match self.skip(iter, &(0..self.completed.prefix()), fingerprint) {
            Ok(()) => drop(iter.next()),
            Err(WrongInput::TooShort) => {}
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// Checks that the item at `index`, if it is a marked one, has the fingerprint that was stored.
    pub(crate) fn check(
        &self,
        index: u64,
        fingerprint: impl FnOnce() -> Option<u32>,
    ) -> Result<(), WrongInput> {
        match self.marks.binary_search_by_key(&index, |mark| mark.index) {
            Ok(at) => mark_fits(self.marks[at], fingerprint()),
            Err(_) => Ok(()),
        }
    }

    /// Returns whether all completed items and all marked ones come before the rest.
    pub(crate) fn is_in_order(&self) -> bool {
        let prefix = self.completed.prefix();
        self.completed.end() == prefix && self.last_mark().is_none_or(|last| last < prefix)
    }

    /// Returns whether items are complete that an input of that length does not have.
    pub(crate) fn is_longer_than(&self, total: u64) -> bool {
        self.closed_at.is_none() && self.completed.end() > total
    }

    /// Returns the index of the last marked item.
    pub(crate) fn last_mark(&self) -> Option<u64> {
        self.marks.last().map(|mark| mark.index)
    }

    /// Returns whether the loop gives no more items.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed_at.is_some_and(|at| at <= self.completed.prefix())
    }
}

fn mark_fits(mark: Mark, found: Option<u32>) -> Result<(), WrongInput> {
    match found {
        Some(found) if found != mark.fingerprint => Err(WrongInput::OtherItem(mark.index)),
        _ => Ok(()),
    }
}

/// Does what [`Iterator::nth`] does, for an index that may be larger than `usize`.
fn nth<I: Iterator>(iter: &mut I, mut index: u64) -> Option<I::Item> {
    loop {
        if let Ok(index) = usize::try_from(index) {
            return iter.nth(index);
        }
        iter.nth(usize::MAX - 1)?;
        index -= usize::MAX as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what stands for it takes any item")]
    fn value(item: &u64) -> Option<u32> {
        u32::try_from(*item).ok()
    }

    fn skip(count: u64, marks: &[(u64, u32)], mut input: Range<u64>) -> Result<u64, WrongInput> {
        let marks = marks
            .iter()
            .map(|(index, fingerprint)| Mark { index: *index, fingerprint: *fingerprint });
        let entry = Entry { marks: marks.collect(), ..Entry::default() };
        entry.skip(&mut input, &(0..count), value).map(|()| input.start)
    }

    #[test]
    fn what_is_complete_is_passed_over() {
        assert_eq!(skip(0, &[], 0..5), Ok(0));
        assert_eq!(skip(5, &[], 0..5), Ok(5));
        assert_eq!(skip(1 << 40, &[], 0..u64::MAX), Ok(1 << 40));
        assert_eq!(skip(3, &[(2, 2)], 0..5), Ok(3));
        assert_eq!(skip(4, &[(0, 0)], 0..5), Ok(4));
        assert_eq!(skip(4, &[(0, 0), (1, 1), (3, 3)], 0..5), Ok(4));
    }

    #[test]
    fn another_input_is_noticed() {
        assert_eq!(skip(6, &[], 0..5), Err(WrongInput::TooShort));
        assert_eq!(skip(6, &[(5, 5)], 0..5), Err(WrongInput::TooShort));
        assert_eq!(skip(3, &[(2, 2)], 1..5), Err(WrongInput::OtherItem(2)));
        assert_eq!(skip(4, &[(1, 7), (3, 3)], 0..5), Err(WrongInput::OtherItem(1)));
    }
}
