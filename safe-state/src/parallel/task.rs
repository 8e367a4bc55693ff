//! Tasks for those who run bodies, and their results.

use safe_state_backends::Captured;

use crate::attempt::Outcome;
use crate::failure::notes::Notes;

/// An item to be run.
#[derive(Debug)]
pub(super) struct Task<T> {
    pub(super) index: u64,
    pub(super) item: T,
}

/// The result of a task: a `V`, or the item's failure.
#[derive(Debug)]
pub(super) struct Done<V, R> {
    pub(super) index: u64,
    pub(super) came: Result<V, Outcome<R>>,
    /// The notes of the failure, which were made on the body's thread.
    pub(super) notes: Option<Notes>,
    pub(super) captured: Vec<Captured>,
}

impl<V, R> Done<V, R> {
    /// Creates the result of an item that has just ended on this thread, with the thread's notes if it failed.
    pub(super) fn now(index: u64, came: Result<V, Outcome<R>>, captured: Vec<Captured>) -> Self {
        let notes = came.is_err().then(Notes::take);
        Done { index, came, notes, captured }
    }
}
