//! The items of a resumable `while let` loop.

use safe_state_backends::Carry;

use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::{Entry, WrongInput};
use crate::items::identity::{Admission, ByCursor, ByIndex, ByKey, CursorType, Identity};
use crate::items::key::KeyHash;

/// The items of a `while let` loop, which asks for them itself: from a stream, or from a cursor that lends them.
#[derive(Debug)]
pub struct Received {
    entry: Entry,
    /// The number of items that the loop has asked for.
    asked: u64,
    refused: Option<Box<Error>>,
    /// Whether the loop takes its items out of a carried variable.
    takes: bool,
}

/// The answer to an item that a `while let` loop got.
#[derive(Debug)]
pub enum Receipt<T> {
    /// The next item.
    Item(T),
    /// The item is complete.
    Skipped,
    /// The input has ended.
    Done,
    /// The run cannot go on.
    Failed(Error),
}

impl Received {
    /// Makes the items of a loop with the entry `entered`, or with the error why it can't be entered. A loop that takes
    /// its items out of a carried variable passes over nothing, as complete items are no longer in it. If such a loop
    /// `has_ended` in an earlier run, it stays ended, whatever was put into the variable since.
    pub(crate) fn new(entered: Result<Entry, Error>, takes: bool, has_ended: bool) -> Self {
        let (entry, refused) = match entered {
            Ok(entry) => (entry, None),
            Err(error) => {
                let nothing = Entry { closed_at: Some(0), ..Entry::default() };
                (nothing, Some(Box::new(error)))
            }
        };
        if !takes {
            return Received { entry, asked: 0, refused, takes };
        }
        let closed_at = if has_ended { Some(0) } else { entry.closed_at.map(|_| 0) };
        Received { entry: Entry { closed_at, ..Entry::default() }, asked: 0, refused, takes }
    }

    /// Makes the loop give the error instead of an item.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.refused = Some(Box::new(error));
    }

    /// Returns whether the loop gives no more items: a `break` has left it for good in an earlier run, and it has now
    /// asked for as many as then.
    pub fn is_closed(&self) -> bool {
        self.refused.is_none()
            && self.entry.closed_at.is_some_and(|at| self.asked > at || self.takes)
    }

    /// Returns whether the loop gives an error instead of an item.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Takes the item that the loop asked for, and recognises it by its index.
    pub fn receive<T>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        fingerprint: impl Fn(&T) -> Option<u32>,
    ) -> Receipt<T> {
        self.take(next, counter, &ByIndex(fingerprint))
    }

    /// Takes the item that the loop asked for, and recognises it by the hash of a key.
    pub fn receive_by_key<T>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        hash: impl Fn(&T) -> Result<KeyHash, String>,
    ) -> Receipt<T> {
        self.take(next, counter, &ByKey::new(hash))
    }

    /// Takes the item that the loop asked for, and recognises it by a cursor.
    pub fn receive_by_cursor<T, C: Carry>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        of_type: &CursorType<C>,
        cursor: impl Fn(&T) -> C,
    ) -> Receipt<T> {
        self.take(next, counter, &ByCursor::new(of_type, cursor))
    }

    /// Takes the item that the loop asked for, and recognises it by `identity`.
    pub(crate) fn take<T>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        identity: &impl Identity<T>,
    ) -> Receipt<T> {
        if let Some(error) = self.refused.take() {
            return Receipt::Failed(*error);
        }
        let Some(item) = next else { return self.exhausted(counter) };
        let index = self.asked;
        self.asked += 1;
        if let Err(wrong) = self.entry.check(index, || identity.fingerprint(&item)) {
            return Receipt::Failed(counter.wrong_input(self.entry.completed.len(), wrong));
        }
        if self.entry.closed_at.is_some_and(|at| index >= at) || self.entry.is_closed() {
            return Receipt::Skipped;
        }
        if self.entry.completed.contains(index) {
            counter.pass_over(u64::from(index >= self.entry.completed.prefix()));
            return Receipt::Skipped;
        }
        match identity.hand_out(counter, &item) {
            Admission::Out => Receipt::Item(item),
            Admission::PassedOver => Receipt::Skipped,
            Admission::Failed(error) => Receipt::Failed(error),
        }
    }

    fn exhausted<T>(&mut self, counter: &mut impl Counter) -> Receipt<T> {
        if self.entry.closed_at.is_some() {
            return Receipt::Done;
        }
        if self.asked < self.entry.completed.end() {
            if !counter.accepts_another_input() {
                let completed = self.entry.completed.len();
                return Receipt::Failed(counter.wrong_input(completed, WrongInput::TooShort));
            }
            if let Err(error) = counter.shrank(self.asked) {
                return Receipt::Failed(error);
            }
        }
        counter.exhausted();
        Receipt::Done
    }
}
