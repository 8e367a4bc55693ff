//! A job's progress in numbers.

use std::fmt;

use serde::Serialize;

/// A job's progress in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// The number of complete items.
    pub completed: u64,
    /// The number of all items, if the input told its length.
    pub total: Option<u64>,
    /// The number of items that are not complete, if the input told its length.
    pub remaining: Option<u64>,
    /// Whether the last run failed.
    pub has_failure: bool,
    /// The number of runs the job has had, the one under way included.
    pub run_count: u32,
}

impl fmt::Display for Progress {
    /// Writes for example `6432 of 10000 items (64 %)`, or `6432 items` if the total is unknown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total {
            Some(total) => {
                let percent = u128::from(self.completed) * 100 / u128::from(total.max(1));
                write!(f, "{} of {total} items ({percent} %)", self.completed)
            }
            None => write!(f, "{} items", self.completed),
        }
    }
}
