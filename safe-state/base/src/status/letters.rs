//! The items that a job has given up on.

use safe_state_backends::{DeadLetter, Failure};
use serde::Serialize;

/// An item that was given up on.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// The loop, by its number.
    #[serde(rename = "loop")]
    pub loop_id: u16,
    /// The items of the loops around it.
    pub within: Vec<u64>,
    /// The hash of its key.
    pub key: Option<u64>,
    /// How often it was tried.
    pub attempts: u32,
    /// How it failed last.
    pub failure: Failure,
}

impl Letter {
    /// As it is stored, without its report.
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
