//! What a course asks before it gives an item up: how many items have been given up by all workers.

use crate::attempt::Outcome;
use crate::run::judging::{GivenUp, Suspected};

/// An item that is given up if fewer items have been than is allowed.
#[derive(Debug)]
pub(super) enum Question<R> {
    /// An item that has failed.
    Failed(u64, Outcome<R>, Box<GivenUp>),
    /// An item that may have killed the process too often. The last value is the most items that may be given up.
    Suspected(u64, Suspected, u64),
}
