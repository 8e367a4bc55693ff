//! The way through an input in which items to be done stand before complete ones.

use std::iter::Peekable;
use std::ops::Range;

use crate::items::entry::{Entry, WrongInput};

/// The complete items that a loop still has to pass over.
#[derive(Debug)]
pub(crate) struct Gaps {
    entry: Entry,
    /// The index of the item that the input gives next.
    next: u64,
    complete: Peekable<std::vec::IntoIter<Range<u64>>>,
    /// The number of items in `complete`.
    left: u64,
}

impl Gaps {
    /// Makes the gaps of a loop that has passed over the complete items at the front of its input.
    pub(crate) fn behind(entry: Entry) -> Self {
        let next = entry.completed.prefix();
        let complete: Vec<_> =
            entry.completed.ranges().filter(|range| range.start > next).collect();
        let left = complete.iter().map(|range| range.end - range.start).sum();
        Gaps { entry, next, complete: complete.into_iter().peekable(), left }
    }

    /// The index of the item that the input gives next.
    pub(crate) fn next_index(&self) -> u64 {
        self.next
    }

    /// Returns how many items are complete.
    pub(crate) fn completed(&self) -> u64 {
        self.entry.completed.len()
    }

    /// Passes over the complete items before the next one that is not complete. Returns how many they were.
    pub(crate) fn skip<I: Iterator>(
        &mut self,
        iter: &mut I,
        fingerprint: impl Fn(&I::Item) -> Option<u32>,
    ) -> Result<u64, WrongInput> {
        let next = self.next;
        let Some(range) = self.complete.next_if(|range| range.start == next) else { return Ok(0) };
        self.entry.skip(iter, &range, fingerprint)?;
        self.next = range.end;
        self.left -= range.end - range.start;
        Ok(range.end - next)
    }

    /// Checks the next item, which is about to begin, and counts it.
    pub(crate) fn check(
        &mut self,
        fingerprint: impl FnOnce() -> Option<u32>,
    ) -> Result<(), WrongInput> {
        let index = self.next;
        self.next += 1;
        self.entry.check(index, fingerprint)
    }

    /// Returns whether a `break` has left the loop at the next item.
    pub(crate) fn is_closed(&self) -> bool {
        self.entry.closed_at.is_some_and(|at| at <= self.next)
    }

    /// Returns how many items the input has left if all of them are complete; none if a `break` has closed the loop at
    /// some item.
    pub(crate) fn left(&self) -> Option<u64> {
        self.entry.closed_at.is_none().then_some(self.left)
    }

    /// Returns whether nothing is stored about the items to come.
    pub(crate) fn is_over(&mut self) -> bool {
        let next = self.next;
        self.complete.peek().is_none()
            && self.entry.closed_at.is_none()
            && self.entry.last_mark().is_none_or(|last| last < next)
    }
}
