//! How a loop is entered: what it passes over, and how it knows its input again.

use std::ops::Range;

use safe_state_backends::{Completed, Mark};

/// Which loop it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    /// How many resumable loops are around it.
    pub(crate) depth: usize,
    /// Its place among the function's resumable loops, in the order of its text.
    pub(crate) id: u16,
}

/// What a loop passes over, and by what it knows that it is in the right place.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) completed: Completed,
    /// Items to know the input by, in the order of their indices.
    pub(crate) marks: Vec<Mark>,
    /// The item that a `break` was in which has left the loop for good: none comes from there on.
    pub(crate) closed_at: Option<u64>,
}

/// How the input is not the one that the checkpoint saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WrongInput {
    /// It has fewer items than are complete.
    TooShort,
    /// The item at that index is another one.
    OtherItem(u64),
}

impl Entry {
    /// Passes over `range` of the completed items, in one step where the iterator can: slices, ranges,
    /// `Vec`.
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

    /// Passes over all of a loop that is closed. The item that the `break` left it at has been taken too,
    /// from what the next loop may go on with.
    pub(crate) fn skip_closed<I: Iterator>(&self, iter: &mut I) {
        drop(nth(iter, self.completed.prefix()));
    }

    /// Returns whether the item at `index`, which has that fingerprint, is the one that it was.
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

    /// Returns whether all of the loop's completed items come before the others, which are not known yet.
    pub(crate) fn is_in_order(&self) -> bool {
        let prefix = self.completed.prefix();
        self.completed.end() == prefix && self.last_mark().is_none_or(|last| last < prefix)
    }

    /// Returns whether items are complete that an input of that length does not have.
    pub(crate) fn is_longer_than(&self, total: u64) -> bool {
        self.closed_at.is_none() && self.completed.end() > total
    }

    /// The index of the last item to know the input by.
    pub(crate) fn last_mark(&self) -> Option<u64> {
        self.marks.last().map(|mark| mark.index)
    }

    /// Returns whether the loop gives no item any more.
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

/// [`Iterator::nth`] for an index of any platform.
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
