//! The iterator of a resumable loop: skips what is complete, and is where each item completes.

use std::borrow::Cow;

use crate::Error;
use crate::run::Run;
use crate::tally::Tally;

/// The items of a loop that are not complete yet.
///
/// An item completes when the loop's head is reached again: the body has reached its end or a
/// `continue`.
#[derive(Debug)]
pub struct Items<'r, I: Iterator> {
    tally: Tally<'r>,
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
    #[inline]
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
        Items { tally: Tally::new(run, depth), iter, fingerprint, gate }
    }

    /// The run, for what else is to be done with it in the loop.
    #[inline]
    pub fn run(&mut self) -> &mut Run {
        self.tally.run()
    }

    /// The body of the item before has ended. Says whether a save is due.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    pub fn complete(&mut self) -> bool {
        self.tally.complete()
    }

    /// The next item.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    #[expect(clippy::should_implement_trait, reason = "it gives errors too")]
    pub fn next(&mut self) -> Step<I::Item> {
        match &self.gate {
            Gate::Open => {}
            Gate::Closed | Gate::Refused(_) => return self.turned_away(),
        }
        if let Some(item) = self.iter.next() {
            if self.tally.hand_out() {
                self.tally.mark((self.fingerprint)(&item));
            }
            Step::Item(item)
        } else {
            self.tally.exhausted();
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
    #[inline]
    pub fn leave(&mut self) -> bool {
        self.tally.leave()
    }

    /// Marks a `return` that is about to leave the loop.
    #[inline]
    pub fn returning(&mut self) {
        self.tally.run().position.returning = true;
    }
}

/// Calls `body` on the items of `input` that are not complete.
pub(crate) fn for_each<I: IntoIterator, E: From<Error>>(
    run: &mut Run,
    location: String,
    input: I,
    mut body: impl FnMut(I::Item) -> Result<(), E>,
) -> Result<(), E> {
    // What the item's type offers can't be known here.
    let mut items = Items::new(run, 0, 0, location.into(), input.into_iter(), |_| None);
    loop {
        if items.complete() {
            items.run().save()?;
        }
        match items.next() {
            Step::Item(item) => body(item)?,
            Step::Done => break,
            Step::Failed(error) => return Err(error.into()),
        }
    }
    if items.leave() {
        items.run().save()?;
    }
    Ok(())
}

/// How many items there are in all, where the iterator tells.
fn exact_len(iter: &impl Iterator) -> Option<u64> {
    match iter.size_hint() {
        (lower, Some(upper)) if lower == upper => u64::try_from(lower).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_length_is_a_total() {
        assert_eq!(exact_len(&(0..7)), Some(7));
        assert_eq!(exact_len(&(0..7).filter(|n| n % 2 == 0)), None);
        assert_eq!(exact_len(&std::iter::repeat(1)), None);
    }
}
