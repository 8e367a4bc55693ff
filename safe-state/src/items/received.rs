//! The items of a resumable `while let` loop.

use safe_state_backends::Carry;

use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::{Entry, WrongInput};
use crate::items::identity::{Admission, ByCursor, ByIndex, ByKey, CursorType, Identity};
use crate::items::key::KeyHash;

/// The items of a `while let` loop, which it asks for itself: of a stream, or of a cursor that
/// lends them.
#[derive(Debug)]
pub struct Received {
    entry: Entry,
    /// How many have been asked for.
    asked: u64,
    refused: Option<Box<Error>>,
    /// Whether it takes its items from a carried variable.
    takes: bool,
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

impl Received {
    /// The items of a loop that is entered so, or why it can't be. Of one that takes its items from a carried variable
    /// what is complete is there no more, so that there is nothing to pass over; and if it `has_ended` in an earlier
    /// run, it has ended, whatever was put there since.
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

    /// Gives nothing but this error.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.refused = Some(Box::new(error));
    }

    /// Returns whether the loop gives no items any more: a `break` has left it for good, and it has asked
    /// for as many as it had then.
    pub fn is_closed(&self) -> bool {
        self.refused.is_none()
            && self.entry.closed_at.is_some_and(|at| self.asked > at || self.takes)
    }

    /// Whether it gives nothing but an error.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Takes what the loop asked for, of which it knows items by their index.
    pub fn receive<T>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        fingerprint: impl Fn(&T) -> Option<u32>,
    ) -> Receipt<T> {
        self.take(next, counter, &ByIndex(fingerprint))
    }

    /// Takes what the loop asked for, of which it knows items by the hash of a key.
    pub fn receive_by_key<T>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        hash: impl Fn(&T) -> Result<KeyHash, String>,
    ) -> Receipt<T> {
        self.take(next, counter, &ByKey::new(hash))
    }

    /// Takes what the loop asked for, of which it knows items by cursor.
    pub fn receive_by_cursor<T, C: Carry>(
        &mut self,
        next: Option<T>,
        counter: &mut impl Counter,
        of_type: &CursorType<C>,
        cursor: impl Fn(&T) -> C,
    ) -> Receipt<T> {
        self.take(next, counter, &ByCursor::new(of_type, cursor))
    }

    /// Takes what the loop asked for, of which it knows items so.
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
        if self.entry.closed_at.is_some_and(|at| index >= at) || self.entry.is_closed() {
            return Receipt::Skipped;
        }
        if let Err(wrong) = self.entry.check(index, || identity.fingerprint(&item)) {
            return Receipt::Failed(counter.wrong_input(self.entry.completed.len(), wrong));
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
