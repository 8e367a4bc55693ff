//! The dead letters of a job, to be shown.

use safe_state_backends::{DeadLetter, Failure};
use serde::Serialize;

/// An item that was given up.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// The number of the item's loop.
    #[serde(rename = "loop")]
    pub loop_id: u16,
    /// The indices of the items of the loops around it, outermost first.
    pub within: Vec<u64>,
    /// The hash of the item's key, if its loop knows items by key.
    pub key: Option<u64>,
    /// The number of attempts, in all runs.
    pub attempts: u32,
    /// The last failure of the item.
    pub failure: Failure,
}

impl Letter {
    /// Returns the dead letter as it is stored, without the details of a report.
    pub fn of(letter: &DeadLetter) -> Self {
        Letter {
            loop_id: letter.loop_id(),
            within: letter.within().to_vec(),
            key: letter.key_hash(),
            attempts: letter.attempts(),
            failure: letter.failure().clone().without_details(),
        }
    }
}
