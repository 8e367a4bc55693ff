//! The way through a loop's input where items were put back that stand before completed ones.

use std::iter::Peekable;
use std::ops::Range;

use crate::items::entry::{Entry, WrongInput};

/// What a loop has still to pass over.
#[derive(Debug)]
pub(crate) struct Gaps {
    entry: Entry,
    /// The index of the item that the input gives next.
    next: u64,
    complete: Peekable<std::vec::IntoIter<Range<u64>>>,
    /// How many items those are.
    left: u64,
}

impl Gaps {
    /// Those of a loop whose input has given the items at its front that are complete.
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

    /// How many items are complete.
    pub(crate) fn completed(&self) -> u64 {
        self.entry.completed.len()
    }

    /// Passes over what is complete before the next item that is not. Gives how many that were.
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

    /// The next item is about to be done, and has that fingerprint.
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

    /// How many items are left, all of them complete, if there is none to do; none if that depends on a
    /// `break`.
    pub(crate) fn left(&self) -> Option<u64> {
        self.entry.closed_at.is_none().then_some(self.left)
    }

    /// Returns whether nothing more is known of the items to come.
    pub(crate) fn is_over(&mut self) -> bool {
        let next = self.next;
        self.complete.peek().is_none()
            && self.entry.closed_at.is_none()
            && self.entry.last_mark().is_none_or(|last| last < next)
    }
}
