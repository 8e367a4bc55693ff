//! The iterator of a resumable loop: skips what is complete, and is where each item completes.

use std::borrow::Cow;

use serde::Serialize;

use crate::Error;
use crate::run::Run;

/// The items of a loop that are not complete yet.
///
/// An item completes when the loop's head is reached again: the body has reached its end or a
/// `continue`.
#[derive(Debug)]
pub struct Items<'r, I> {
    run: &'r mut Run,
    iter: I,
    refused: Option<Box<Error>>,
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
        loop_id: u16,
        location: Cow<'static, str>,
        mut iter: I,
    ) -> Self {
        let entered = run.enter_loop(loop_id, location, exact_len(&iter));
        let skipped = entered.and_then(|count| {
            if skip(&mut iter, count) { Ok(()) } else { Err(run.input_shrank(count, None)) }
        });
        Items { run, iter, refused: skipped.err().map(Box::new) }
    }

    /// The body of the item before has ended. Says whether a save is due.
    #[inline]
    pub fn complete(&mut self) -> bool {
        self.run.complete()
    }

    /// The next item.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it gives errors too")]
    pub fn next(&mut self) -> Step<I::Item> {
        if let Some(error) = self.refused.take() {
            return Step::Failed(*error);
        }
        if let Some(item) = self.iter.next() {
            self.run.handed_out();
            Step::Item(item)
        } else {
            self.run.exhausted();
            Step::Done
        }
    }

    /// The loop has ended, by exhaustion or `break`. Says whether there is something to save.
    pub fn leave(&mut self) -> bool {
        self.run.leave_loop()
    }

    /// Takes a variable's value into the next save.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn carry<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.run.carry(name, value)
    }

    /// Saves what is complete, and what was carried.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn save(&mut self) -> Result<(), Error> {
        self.run.save()
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub async fn save_async(&mut self) -> Result<(), Error> {
        self.run.save_async().await
    }

    /// Marks a `return` that is about to leave the loop.
    pub fn returning(&mut self) {
        self.run.returning();
    }
}

/// How many items there are in all, where the iterator tells.
fn exact_len(iter: &impl Iterator) -> Option<u64> {
    match iter.size_hint() {
        (lower, Some(upper)) if lower == upper => u64::try_from(lower).ok(),
        _ => None,
    }
}

/// Passes over `count` items, in one step where the iterator can: slices, ranges, `Vec`. Says
/// whether there were that many.
fn skip(iter: &mut impl Iterator, mut count: u64) -> bool {
    while count > 0 {
        let step = usize::try_from(count).unwrap_or(usize::MAX);
        if iter.nth(step - 1).is_none() {
            return false;
        }
        count -= step as u64;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_says_whether_there_was_enough() {
        assert!(skip(&mut (0..5), 5));
        assert!(!skip(&mut (0..5), 6));
        assert!(skip(&mut std::iter::empty::<u8>(), 0));
        let mut rest = 0..u64::MAX;
        assert!(skip(&mut rest, 1 << 40));
        assert_eq!(rest.start, 1 << 40);
    }

    #[test]
    fn only_an_exact_length_is_a_total() {
        assert_eq!(exact_len(&(0..7)), Some(7));
        assert_eq!(exact_len(&(0..7).filter(|n| n % 2 == 0)), None);
        assert_eq!(exact_len(&std::iter::repeat(1)), None);
    }
}
