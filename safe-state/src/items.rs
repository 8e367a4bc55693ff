//! Stage 1, items: the iterator of a resumable loop, which skips complete items and hands out the rest.

pub(crate) mod capture;
pub(crate) mod compared;
pub(crate) mod counter;
pub(crate) mod entry;
pub(crate) mod fingerprint;
mod gaps;
pub(crate) mod identity;
pub(crate) mod input;
pub(crate) mod key;
pub(crate) mod keyed;
pub(crate) mod received;
pub(crate) mod rows;
pub(crate) mod source;
pub(crate) mod terms;

use std::convert::Infallible;
use std::ops::{Deref, DerefMut};

use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::{Entry, WrongInput};
use crate::items::gaps::Gaps;
use crate::items::identity::{Admission, Identity};

/// The items of a loop that are not complete yet.
///
/// It holds nothing of the run, and the `Counter` beside it holds nothing of the iterator: the body may change the
/// iterated value and then leave the loop.
#[derive(Debug)]
pub struct Items<I, K> {
    iter: I,
    identity: K,
    gate: Gate,
}

/// Whether, and how, a loop gives items.
#[derive(Debug)]
enum Gate {
    Open,
    /// The loop gives items, but skips complete ones that stand between others that were put back.
    Gapped(Box<Gaps>),
    /// The loop gives none: a `break` left it in an earlier run, which came to a later loop.
    Closed,
    Refused(Box<Error>),
}

/// The answer to a request for the next item.
#[derive(Debug)]
pub enum Step<T> {
    /// The next item.
    Item(T),
    /// The loop has no more items.
    Done,
    /// The run cannot go on.
    Failed(Error),
}

impl<I: Iterator, K: Identity<I::Item>> Items<I, K> {
    /// Makes the items of a loop with the entry `entered`, or with the error why it can't be entered.
    #[inline]
    pub(crate) fn new(
        entered: Result<Entry, Error>,
        iter: I,
        identity: K,
        counter: &mut impl Counter,
    ) -> Self {
        let mut items = Items::closed(iter, identity);
        items.enter(entered, counter);
        items
    }

    /// Makes the items of a loop that has not been entered, and gives none.
    pub(crate) fn closed(iter: I, identity: K) -> Self {
        Items { iter, identity, gate: Gate::Closed }
    }

    /// Returns the iterator, for a caller that does not enter the loop.
    pub(crate) fn input(&mut self) -> &mut I {
        &mut self.iter
    }

    /// Returns the iterator and the identity, for a caller that does not enter the loop.
    pub(crate) fn parts(&mut self) -> (&mut I, &mut K) {
        (&mut self.iter, &mut self.identity)
    }

    /// Enters the loop by `entered`, or notes the error why it can't be entered.
    #[inline]
    pub(crate) fn enter(&mut self, entered: Result<Entry, Error>, counter: &mut impl Counter) {
        let Items { iter, identity, gate } = self;
        let open = entered.and_then(|entry| {
            let completed = entry.completed.len();
            let fingerprint = |item: &I::Item| identity.fingerprint(item);
            if may_be_shorter(iter, counter) {
                return Gate::accepting(entry, iter, fingerprint, counter);
            }
            let gate = Gate::of(entry, iter, fingerprint);
            gate.map_err(|wrong| counter.wrong_input(completed, wrong))
        });
        *gate = open.unwrap_or_else(|error| Gate::Refused(Box::new(error)));
    }

    /// Makes the loop give the error instead of an item.
    #[cold]
    pub(crate) fn refuse(&mut self, error: Error) {
        self.gate = Gate::Refused(Box::new(error));
    }

    /// Returns the next item that is to be done.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    pub fn next(&mut self, counter: &mut impl Counter) -> Step<I::Item> {
        match &self.gate {
            Gate::Open => {}
            Gate::Gapped(_) | Gate::Closed | Gate::Refused(_) => return self.at_gate(counter),
        }
        loop {
            let Some(item) = self.iter.next() else {
                counter.exhausted();
                return Step::Done;
            };
            match self.identity.hand_out(counter, &item) {
                Admission::Out => return Step::Item(item),
                Admission::PassedOver => {}
                Admission::Failed(error) => return Step::Failed(error),
            }
        }
    }

    /// Completes the item before, saves if that is due, and returns the next item. If it returns none, the counter
    /// knows why. After the loop the items are not looked at, as a body that leaves it may have changed what they
    /// borrow.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    pub fn advance(&mut self, counter: &mut impl Counter) -> Option<I::Item> {
        if counter.complete()
            && let Err(error) = counter.pass_boundary(self.has_ended())
        {
            counter.refuse(error);
            return None;
        }
        match self.next(counter) {
            Step::Item(item) => Some(item),
            Step::Done => None,
            Step::Failed(error) => {
                counter.refuse(error);
                None
            }
        }
    }

    /// Returns whether it is certain that no item is left, without asking the iterator for one: that might take long,
    /// or take an item away from the code after the loop.
    pub fn has_ended(&self) -> bool {
        let (_, most) = self.iter.size_hint();
        match &self.gate {
            Gate::Open => most == Some(0),
            Gate::Gapped(gaps) => most.is_some() && most.map(|most| most as u64) == gaps.left(),
            Gate::Closed => true,
            Gate::Refused(_) => false,
        }
    }

    #[cold]
    fn at_gate(&mut self, counter: &mut impl Counter) -> Step<I::Item> {
        match std::mem::replace(&mut self.gate, Gate::Closed) {
            Gate::Gapped(gaps) => self.next_behind(gaps, counter),
            Gate::Refused(error) => Step::Failed(*error),
            Gate::Open | Gate::Closed => Step::Done,
        }
    }

    /// Returns the next item that is not complete, in an input with gaps.
    fn next_behind(&mut self, mut gaps: Box<Gaps>, counter: &mut impl Counter) -> Step<I::Item> {
        let Items { iter, identity, .. } = self;
        let fingerprint = |item: &I::Item| identity.fingerprint(item);
        let accepts = may_be_shorter(iter, counter);
        let (skipped, given) = if accepts {
            counted(iter, |mut iter| gaps.skip(&mut iter, fingerprint))
        } else {
            (gaps.skip(iter, fingerprint), 0)
        };
        match skipped {
            Ok(passed_over) => counter.pass_over(passed_over),
            Err(WrongInput::TooShort) if accepts => {
                return shrunk(counter, gaps.next_index() + given);
            }
            Err(wrong) => return Step::Failed(counter.wrong_input(gaps.completed(), wrong)),
        }
        let next = iter.next();
        if gaps.is_closed() {
            return Step::Done;
        }
        let Some(item) = next else {
            return match gaps.left() {
                Some(1..) if accepts => shrunk(counter, gaps.next_index()),
                Some(1..) => {
                    Step::Failed(counter.wrong_input(gaps.completed(), WrongInput::TooShort))
                }
                Some(0) | None => {
                    counter.exhausted();
                    Step::Done
                }
            };
        };
        if let Err(wrong) = gaps.check(|| fingerprint(&item)) {
            return Step::Failed(counter.wrong_input(gaps.completed(), wrong));
        }
        self.gate = if gaps.is_over() { Gate::Open } else { Gate::Gapped(gaps) };
        match self.identity.hand_out(counter, &item) {
            Admission::Out => Step::Item(item),
            Admission::PassedOver => self.next(counter),
            Admission::Failed(error) => Step::Failed(error),
        }
    }
}

impl Gate {
    /// Skips the complete items at the front of the input, and returns the gate for the rest.
    fn of<I: Iterator>(
        entry: Entry,
        iter: &mut I,
        fingerprint: impl Fn(&I::Item) -> Option<u32>,
    ) -> Result<Self, WrongInput> {
        if entry.is_closed() {
            entry.skip_closed(iter, fingerprint)?;
            return Ok(Gate::Closed);
        }
        entry.skip(iter, &(0..entry.completed.prefix()), fingerprint)?;
        let has_no_more = entry.is_in_order() && entry.closed_at.is_none();
        Ok(if has_no_more { Gate::Open } else { Gate::Gapped(Box::new(Gaps::behind(entry))) })
    }
}

impl Gate {
    /// The same in a run that goes on with another input, which may be shorter. What is then complete in it is all.
    #[cold]
    fn accepting<I: Iterator>(
        entry: Entry,
        iter: &mut I,
        fingerprint: impl Fn(&I::Item) -> Option<u32>,
        counter: &mut impl Counter,
    ) -> Result<Self, Error> {
        let completed = entry.completed.len();
        let (gate, given) = counted(iter, |mut iter| Gate::of(entry, &mut iter, fingerprint));
        match gate {
            Err(WrongInput::TooShort) => {
                counter.shrank(given)?;
                counter.exhausted();
                Ok(Gate::Closed)
            }
            gate => gate.map_err(|wrong| counter.wrong_input(completed, wrong)),
        }
    }
}

/// Whether an input may have fewer items than are complete, which is accepted: its length was not known where the loop was
/// entered. At its end it is known of any.
fn may_be_shorter(iter: &impl Iterator, counter: &impl Counter) -> bool {
    counter.accepts_another_input() && exact_len(iter).is_none_or(|left| left == 0)
}

/// Does `work` with what gives the items of `iter`, and returns how many it took as well.
fn counted<I: Iterator, T>(
    iter: &mut I,
    work: impl FnOnce(&mut dyn Iterator<Item = I::Item>) -> T,
) -> (T, u64) {
    let mut given = 0;
    let done = work(&mut iter.inspect(|_| given += 1));
    (done, given)
}

/// Ends a loop whose input was accepted, and has only so many items.
fn shrunk<T>(counter: &mut impl Counter, total: u64) -> Step<T> {
    match counter.shrank(total) {
        Ok(()) => {
            counter.exhausted();
            Step::Done
        }
        Err(error) => Step::Failed(error),
    }
}

/// The type whose methods the compiler finds for an [`Items`] of no iterator. That error has been reported where the
/// loop is entered, and would otherwise be reported again where the next item is asked for.
#[derive(Debug)]
pub struct NoItems(Infallible);

impl NoItems {
    /// Never returns, as no value of this type exists.
    pub fn next<T>(&mut self, _: &mut impl Counter) -> Step<T> {
        match self.0 {}
    }

    /// Never returns, as no value of this type exists.
    pub fn advance<T>(&mut self, _: &mut impl Counter) -> Option<T> {
        match self.0 {}
    }

    /// Never returns, as no value of this type exists.
    pub fn has_ended(&self) -> bool {
        match self.0 {}
    }
}

impl<I, K> Deref for Items<I, K> {
    type Target = NoItems;

    fn deref(&self) -> &NoItems {
        unreachable!("an iterator has methods of its own")
    }
}

impl<I, K> DerefMut for Items<I, K> {
    fn deref_mut(&mut self) -> &mut NoItems {
        unreachable!("an iterator has methods of its own")
    }
}

/// Returns how many items the iterator has left, if it tells exactly.
pub(crate) fn exact_len(iter: &impl Iterator) -> Option<u64> {
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
