//! Items that may kill the process.

use serde::{Deserialize, Serialize};

use super::CrashCause;

/// An item that was about to begin when it was saved, and may kill the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The item's index, or the hash of its key.
    pub item: u64,
    /// The number of runs that died with the item in flight.
    pub crashes: u32,
    /// Whether the item was in flight at the save.
    pub in_flight: bool,
    /// The cause of death of the last of these runs, if known.
    pub cause: Option<CrashCause>,
}
