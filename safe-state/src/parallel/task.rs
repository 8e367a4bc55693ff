//! Tasks for those who run bodies, and their results.

use std::time::Instant;

use safe_state_backends::Captured;

use crate::attempt::{Flow, Outcome};
use crate::failure::notes::Notes;

/// An item to be run.
#[derive(Debug)]
pub(super) struct Task<T> {
    pub(super) index: u64,
    pub(super) item: T,
    /// Whether the item ends with its body, and is timed.
    pub(super) is_timed: bool,
    /// Whether the item was tried before.
    pub(super) is_again: bool,
}

/// The result of a task: a `V`, or the item's failure.
#[derive(Debug)]
pub(super) struct Done<V, R> {
    pub(super) index: u64,
    pub(super) came: Result<V, Outcome<R>>,
    /// The notes of the failure, which were made on the body's thread.
    pub(super) notes: Option<Box<Notes>>,
    pub(super) captured: Vec<Captured>,
    /// The time when the body ended, if the item is timed.
    pub(super) ended_at: Option<Instant>,
}

impl<V, R> Done<V, R> {
    /// Creates the result of an item that has just ended on this thread, with the thread's notes if it failed.
    pub(super) fn now(index: u64, came: Result<V, Outcome<R>>, captured: Vec<Captured>) -> Self {
        let notes = came.is_err().then(|| Box::new(Notes::take()));
        Done { index, came, notes, captured, ended_at: None }
    }

    /// Adds that the body has ended now, if the item is timed.
    pub(super) fn timed(self, is_timed: bool) -> Self {
        Done { ended_at: is_timed.then(Instant::now), ..self }
    }
}

impl<R> Done<Flow<R>, R> {
    /// Returns whether the body has only come to its end, and there is nothing else to tell.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.came, Ok(Flow::Next)) && self.captured.is_empty() && self.ended_at.is_none()
    }
}
