//! Describes a job, and what happens to its runs.

use serde::{Deserialize, Serialize};

/// The way in which a loop knows its items.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Way {
    Index,
    Key,
    Cursor,
}

/// The properties of a job, in all of its runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Kind {
    pub(crate) way: Way,
    pub(crate) carries: bool,
    pub(crate) is_async: bool,
    pub(crate) save_every: u64,
}

/// A run of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) input: Vec<u32>,
    pub(crate) stop: Option<Stop>,
}

/// The end of a run before its time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Stop {
    /// The number of items that the run does before the item in whose body it ends.
    pub(crate) after: usize,
    /// Whether the item has had its effect before the run ends.
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

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ended {
    Returned(Outcome),
    Stopped(How),
}

/// The result of a job: values that depend on every item and their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) digest: u64,
    pub(crate) items: Vec<u32>,
}

/// Returns the digest with one more item.
pub(crate) fn digest(before: u64, item: u32) -> u64 {
    before.wrapping_mul(31).wrapping_add(u64::from(item) + 1)
}
