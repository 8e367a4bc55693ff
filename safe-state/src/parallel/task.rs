//! What goes to where bodies run, and what comes back.

use safe_state_backends::Captured;

use crate::attempt::Outcome;
use crate::failure::notes::Notes;

/// An item to be run.
#[derive(Debug)]
pub(super) struct Task<T> {
    pub(super) index: u64,
    pub(super) item: T,
}

/// What came of it: a `V`, or its failure.
#[derive(Debug)]
pub(super) struct Done<V, R> {
    pub(super) index: u64,
    pub(super) came: Result<V, Outcome<R>>,
    /// What was noted where it failed.
    pub(super) notes: Option<Notes>,
    pub(super) captured: Vec<Captured>,
}

impl<V, R> Done<V, R> {
    /// What has just come of an item on this thread.
    pub(super) fn now(index: u64, came: Result<V, Outcome<R>>, captured: Vec<Captured>) -> Self {
        let notes = came.is_err().then(Notes::take);
        Done { index, came, notes, captured }
    }
}
