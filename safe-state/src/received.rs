//! The items of a resumable `while let` loop.

use std::borrow::Cow;

use crate::Error;
use crate::entry::{Entry, WrongInput};
use crate::run::Run;

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
