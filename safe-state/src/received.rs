//! The items of a resumable `while let` loop.

use std::borrow::Cow;

use crate::Error;
use crate::entry::{Entry, WrongInput};
use crate::run::Run;
use crate::tally::Tally;

/// The items of a `while let` loop, which it asks for itself: of a stream, or of a cursor that
/// lends them.
#[derive(Debug)]
pub struct Received {
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

impl Received {
    /// Enters the loop.
    pub(crate) fn enter<'r>(
        run: &'r mut Run,
        (depth, loop_id): (usize, u16),
        location: Cow<'static, str>,
    ) -> (Self, Tally<'r>) {
        let nothing = Entry { completed: 0, mark: None, is_closed: true };
        let (entry, refused) = match run.enter_loop(depth, loop_id, location, None) {
            Ok(entry) => (entry, None),
            Err(error) => (nothing, Some(Box::new(error))),
        };
        (Received { entry, asked: 0, refused }, Tally::new(run, depth))
    }

    /// Whether the loop gives no items any more: a `break` has left it for good, and it has asked
    /// for as many as it had then.
    pub fn is_closed(&self) -> bool {
        self.entry.is_closed && self.refused.is_none() && self.asked > self.entry.completed
    }

    /// Takes what the loop asked for.
    pub fn receive<T>(
        &mut self,
        tally: &mut Tally<'_>,
        next: Option<T>,
        fingerprint: fn(&T) -> Option<u32>,
    ) -> Receipt<T> {
        if let Some(error) = self.refused.take() {
            return Receipt::Failed(*error);
        }
        let Some(item) = next else { return self.exhausted(tally) };
        let index = self.asked;
        self.asked += 1;
        if self.entry.is_closed {
            return Receipt::Skipped;
        }
        if index >= self.entry.completed {
            if tally.hand_out() {
                tally.mark(fingerprint(&item));
            }
            return Receipt::Item(item);
        }
        match self.entry.mark.filter(|mark| mark.index == index) {
            Some(mark) if fingerprint(&item).is_some_and(|found| found != mark.fingerprint) => {
                Receipt::Failed(tally.run().wrong_input(index, WrongInput::OtherItem(index)))
            }
            _ => Receipt::Skipped,
        }
    }

    fn exhausted<T>(&mut self, tally: &mut Tally<'_>) -> Receipt<T> {
        if self.asked < self.entry.completed && !self.entry.is_closed {
            return Receipt::Failed(
                tally.run().wrong_input(self.entry.completed, WrongInput::TooShort),
            );
        }
        tally.exhausted();
        Receipt::Done
    }
}
