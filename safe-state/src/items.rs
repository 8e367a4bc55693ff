//! The iterator of a resumable loop: skips what is complete, and is where each item completes.

use std::borrow::Cow;

use safe_state_backends::Mark;

use crate::Error;
use crate::run::Run;

/// The items of a loop that are not complete yet.
///
/// An item completes when the loop's head is reached again: the body has reached its end or a
/// `continue`.
#[derive(Debug)]
pub struct Items<'r, I: Iterator> {
    run: &'r mut Run,
    /// How many resumable loops are around this one.
    depth: usize,
    iter: I,
    fingerprint: fn(&I::Item) -> Option<u32>,
    gate: Gate,
}

/// Whether a loop gives items.
#[derive(Debug)]
enum Gate {
    Open,
    /// A `break` left it in an earlier run, which came to a later loop.
    Closed,
    Refused(Box<Error>),
}

/// What the loop's head gives.
#[derive(Debug)]
pub enum Step<T> {
    /// The next item.
    Item(T),
    /// There are no more.
    Done,
    /// The run cannot go on.
    Failed(Error),
}

impl<'r, I: Iterator> Items<'r, I> {
    pub(crate) fn new(
        run: &'r mut Run,
        depth: usize,
        loop_id: u16,
        location: Cow<'static, str>,
        mut iter: I,
        fingerprint: fn(&I::Item) -> Option<u32>,
    ) -> Self {
        let entered = run.enter_loop(depth, loop_id, location, exact_len(&iter));
        let gate = entered.and_then(|entry| match entry.skip(&mut iter, fingerprint) {
            Ok(()) if entry.is_closed => Ok(Gate::Closed),
            Ok(()) => Ok(Gate::Open),
            Err(wrong) => Err(run.wrong_input(entry.completed, wrong)),
        });
        let gate = gate.unwrap_or_else(|error| Gate::Refused(Box::new(error)));
        Items { run, depth, iter, fingerprint, gate }
    }

    /// The run, for what else is to be done with it in the loop.
    pub fn run(&mut self) -> &mut Run {
        self.run
    }

    /// The body of the item before has ended. Says whether a save is due.
    #[inline]
    pub fn complete(&mut self) -> bool {
        self.run.complete(self.depth)
    }

    /// The next item.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it gives errors too")]
    pub fn next(&mut self) -> Step<I::Item> {
        match &self.gate {
            Gate::Open => {}
            Gate::Closed | Gate::Refused(_) => return self.turned_away(),
        }
        if let Some(item) = self.iter.next() {
            if self.run.hand_out(self.depth) {
                self.run.mark(self.depth, (self.fingerprint)(&item));
            }
            Step::Item(item)
        } else {
            self.run.exhausted(self.depth);
            Step::Done
        }
    }

    #[cold]
    fn turned_away(&mut self) -> Step<I::Item> {
        match std::mem::replace(&mut self.gate, Gate::Closed) {
            Gate::Refused(error) => Step::Failed(*error),
            Gate::Open | Gate::Closed => Step::Done,
        }
    }

    /// The loop has ended, by exhaustion or `break`. Says whether there is something to save.
    pub fn leave(&mut self) -> bool {
        self.run.leave_loop(self.depth)
    }

    /// Marks a `return` that is about to leave the loop.
    pub fn returning(&mut self) {
        self.run.position.returning = true;
    }
}

/// The items of a `while let` loop, which it asks for itself: of a stream, or of a cursor that
/// lends them.
#[derive(Debug)]
pub struct Received<'r> {
    run: &'r mut Run,
    depth: usize,
    entry: Entry,
    /// How many have been asked for.
    asked: u64,
    refused: Option<Box<Error>>,
}

/// What a `while let` loop does with what it got.
#[derive(Debug)]
pub enum Receipt<T> {
    /// The next item.
    Item(T),
    /// It is complete.
    Skipped,
    /// There are no more.
    Done,
    /// The run cannot go on.
    Failed(Error),
}

impl<'r> Received<'r> {
    pub(crate) fn new(
        run: &'r mut Run,
        depth: usize,
        loop_id: u16,
        location: Cow<'static, str>,
    ) -> Self {
        let nothing = Entry { completed: 0, mark: None, is_closed: true };
        let (entry, refused) = match run.enter_loop(depth, loop_id, location, None) {
            Ok(entry) => (entry, None),
            Err(error) => (nothing, Some(Box::new(error))),
        };
        Received { run, depth, entry, asked: 0, refused }
    }

    /// The run, for what else is to be done with it in the loop.
    pub fn run(&mut self) -> &mut Run {
        self.run
    }

    /// The body of the item before has ended. Says whether a save is due.
    #[inline]
    pub fn complete(&mut self) -> bool {
        self.run.complete(self.depth)
    }

    /// Whether the loop gives items at all.
    pub fn is_closed(&self) -> bool {
        self.entry.is_closed && self.refused.is_none()
    }

    /// Takes what the loop asked for.
    pub fn receive<T>(
        &mut self,
        next: Option<T>,
        fingerprint: fn(&T) -> Option<u32>,
    ) -> Receipt<T> {
        if let Some(error) = self.refused.take() {
            return Receipt::Failed(*error);
        }
        let Some(item) = next else { return self.exhausted() };
        let index = self.asked;
        self.asked += 1;
        if index >= self.entry.completed {
            if self.run.hand_out(self.depth) {
                self.run.mark(self.depth, fingerprint(&item));
            }
            return Receipt::Item(item);
        }
        match self.entry.mark.filter(|mark| mark.index == index) {
            Some(mark) if fingerprint(&item).is_some_and(|found| found != mark.fingerprint) => {
                Receipt::Failed(self.run.wrong_input(index, WrongInput::OtherItem(index)))
            }
            _ => Receipt::Skipped,
        }
    }

    fn exhausted<T>(&mut self) -> Receipt<T> {
        if self.asked < self.entry.completed {
            return Receipt::Failed(
                self.run.wrong_input(self.entry.completed, WrongInput::TooShort),
            );
        }
        self.run.exhausted(self.depth);
        Receipt::Done
    }

    /// The loop has ended, by exhaustion or `break`. Says whether there is something to save.
    pub fn leave(&mut self) -> bool {
        self.run.leave_loop(self.depth)
    }

    /// Marks a `return` that is about to leave the loop.
    pub fn returning(&mut self) {
        self.run.position.returning = true;
    }
}

/// How many items there are in all, where the iterator tells.
fn exact_len(iter: &impl Iterator) -> Option<u64> {
    match iter.size_hint() {
        (lower, Some(upper)) if lower == upper => u64::try_from(lower).ok(),
        _ => None,
    }
}

/// What a loop passes over, and by what it knows that it is in the right place.
#[derive(Debug)]
pub(crate) struct Entry {
    /// How many items are complete.
    pub(crate) completed: u64,
    /// One of them.
    pub(crate) mark: Option<Mark>,
    /// Whether there is nothing more to do in the loop.
    pub(crate) is_closed: bool,
}

/// How the input is not the one that the checkpoint saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WrongInput {
    /// It has fewer items than are complete.
    TooShort,
    /// The item at that index is another one.
    OtherItem(u64),
}

impl Entry {
    /// Passes over the completed items, in one step where the iterator can: slices, ranges, `Vec`.
    fn skip<I: Iterator>(
        &self,
        iter: &mut I,
        fingerprint: fn(&I::Item) -> Option<u32>,
    ) -> Result<(), WrongInput> {
        if self.is_closed {
            return Ok(());
        }
        let mut left = self.completed;
        if let Some(Mark { index, fingerprint: expected }) =
            self.mark.filter(|mark| mark.index < left)
        {
            left -= index + 1;
            let item = nth(iter, index).ok_or(WrongInput::TooShort)?;
            if fingerprint(&item).is_some_and(|found| found != expected) {
                return Err(WrongInput::OtherItem(index));
            }
        }
        match left.checked_sub(1) {
            Some(last) => nth(iter, last).map(drop).ok_or(WrongInput::TooShort),
            None => Ok(()),
        }
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

    fn skip(
        completed: u64,
        mark: Option<(u64, u32)>,
        mut input: std::ops::Range<u64>,
    ) -> Result<u64, WrongInput> {
        let mark = mark.map(|(index, fingerprint)| Mark { index, fingerprint });
        Entry { completed, mark, is_closed: false }.skip(&mut input, value).map(|()| input.start)
    }

    #[test]
    fn what_is_complete_is_passed_over() {
        assert_eq!(skip(0, None, 0..5), Ok(0));
        assert_eq!(skip(5, None, 0..5), Ok(5));
        assert_eq!(skip(1 << 40, None, 0..u64::MAX), Ok(1 << 40));
        assert_eq!(skip(3, Some((2, 2)), 0..5), Ok(3));
        assert_eq!(skip(4, Some((0, 0)), 0..5), Ok(4));
    }

    #[test]
    fn another_input_is_noticed() {
        assert_eq!(skip(6, None, 0..5), Err(WrongInput::TooShort));
        assert_eq!(skip(6, Some((5, 5)), 0..5), Err(WrongInput::TooShort));
        assert_eq!(skip(3, Some((2, 2)), 1..5), Err(WrongInput::OtherItem(2)));
    }

    #[test]
    fn only_an_exact_length_is_a_total() {
        assert_eq!(exact_len(&(0..7)), Some(7));
        assert_eq!(exact_len(&(0..7).filter(|n| n % 2 == 0)), None);
        assert_eq!(exact_len(&std::iter::repeat(1)), None);
    }
}
