//! The items of a resumable `while let` loop.

use std::borrow::Cow;

use safe_state_backends::Carry;

use crate::Error;
use crate::items::entry::{Entry, Number, WrongInput};
use crate::items::identity::{ByCursor, ByIndex, ByKey, CursorType, Handed, Identity, Way};
use crate::items::key::KeyHash;
use crate::progress::open_loop::{OpenLoop, Stored};
use crate::run::Run;
use crate::run::tally::Tally;

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
    /// Enters the loop.
    pub(crate) fn enter<'r>(
        run: &'r mut Run,
        number: Number,
        location: Cow<'static, str>,
        (way, takes): (Way, bool),
    ) -> (Self, Tally<'r>) {
        let nothing = Entry { closed_at: Some(0), ..Entry::default() };
        let (entry, refused) = match run.enter_loop(number, location, None, way) {
            Ok(entry) => (entry, None),
            Err(error) => (nothing, Some(Box::new(error))),
        };
        let entry = if takes { Self::left(run, number.depth, &entry) } else { entry };
        (Received { entry, asked: 0, refused, takes }, Tally::new(run, number.depth))
    }

    /// Of a loop that takes its items from a carried variable: what is complete is there no more, so that there is
    /// nothing to pass over. One that has ended has ended, whatever was put there since.
    fn left(run: &Run, depth: usize, entry: &Entry) -> Entry {
        let stored = run.position.open.get(depth).map_or(Stored::No, OpenLoop::stored);
        let has_ended = stored == Stored::Ended
            && run.position.open.get(depth).is_some_and(OpenLoop::was_exhausted);
        let closed_at = if has_ended { Some(0) } else { entry.closed_at.map(|_| 0) };
        Entry { closed_at, ..Entry::default() }
    }

    /// Whether the loop gives no items any more: a `break` has left it for good, and it has asked
    /// for as many as it had then.
    pub fn is_closed(&self) -> bool {
        self.refused.is_none()
            && self.entry.closed_at.is_some_and(|at| self.asked > at || self.takes)
    }

    /// Takes what the loop asked for, of which it knows items by their index.
    pub fn receive<T>(
        &mut self,
        next: Option<T>,
        tally: &mut Tally<'_>,
        fingerprint: impl Fn(&T) -> Option<u32>,
    ) -> Receipt<T> {
        self.take(next, tally, &ByIndex(fingerprint))
    }

    /// The same by the hash of a key.
    pub fn receive_by_key<T>(
        &mut self,
        next: Option<T>,
        tally: &mut Tally<'_>,
        hash: impl Fn(&T) -> Result<KeyHash, String>,
    ) -> Receipt<T> {
        self.take(next, tally, &ByKey::new(hash))
    }

    /// The same by cursor.
    pub fn receive_by_cursor<T, C: Carry>(
        &mut self,
        next: Option<T>,
        tally: &mut Tally<'_>,
        of_type: &CursorType<C>,
        cursor: impl Fn(&T) -> C,
    ) -> Receipt<T> {
        self.take(next, tally, &ByCursor::new(of_type, cursor))
    }

    fn take<T>(
        &mut self,
        next: Option<T>,
        tally: &mut Tally<'_>,
        identity: &impl Identity<T>,
    ) -> Receipt<T> {
        if let Some(error) = self.refused.take() {
            return Receipt::Failed(*error);
        }
        let Some(item) = next else { return self.exhausted(tally) };
        let index = self.asked;
        self.asked += 1;
        if self.entry.closed_at.is_some_and(|at| index >= at) || self.entry.is_closed() {
            return Receipt::Skipped;
        }
        if let Err(wrong) = self.entry.check(index, || identity.fingerprint(&item)) {
            return Receipt::Failed(tally.run().wrong_input(self.entry.completed.len(), wrong));
        }
        if self.entry.completed.contains(index) {
            tally.pass_over(u64::from(index >= self.entry.completed.prefix()));
            return Receipt::Skipped;
        }
        match identity.hand_out(tally, &item) {
            Handed::Out => Receipt::Item(item),
            Handed::PassedOver => Receipt::Skipped,
            Handed::Failed(error) => Receipt::Failed(error),
        }
    }

    fn exhausted<T>(&mut self, tally: &mut Tally<'_>) -> Receipt<T> {
        if self.entry.closed_at.is_some() {
            return Receipt::Done;
        }
        if self.asked < self.entry.completed.end() && !tally.run().accepts {
            let completed = self.entry.completed.len();
            return Receipt::Failed(tally.run().wrong_input(completed, WrongInput::TooShort));
        }
        tally.exhausted();
        Receipt::Done
    }
}
