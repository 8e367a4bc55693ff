//! What a job is like, and what happens to its runs.

use serde::{Deserialize, Serialize};

/// How a loop knows its items.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Way {
    Index,
    Key,
    Cursor,
}

/// What a job is like, in all of its runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Kind {
    pub(crate) way: Way,
    pub(crate) carries: bool,
    pub(crate) is_async: bool,
    pub(crate) save_every: u64,
}

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) input: Vec<u32>,
    pub(crate) stop: Option<Stop>,
}

/// What ends a run before its time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Stop {
    /// In the body of the item that many items after the first that the run does.
    pub(crate) after: usize,
    /// Whether the item has had its effect by then.
    pub(crate) has_effect: bool,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum How {
    Error,
    Panic,
    /// The future waits, and is dropped.
    Drop,
    Kill,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ended {
    Returned(Outcome),
    Stopped(How),
}

/// What a job returns: values that depend on every item and their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) digest: u64,
    pub(crate) items: Vec<u32>,
}

/// The digest with one item more.
pub(crate) fn digest(before: u64, item: u32) -> u64 {
    before.wrapping_mul(31).wrapping_add(u64::from(item) + 1)
}
