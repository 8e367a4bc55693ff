//! Items that may be killing the process.

use serde::{Deserialize, Serialize};

use super::Checkpoint;

/// An item that was about to begin when this was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The item: its index, or its key's hash.
    pub item: u64,
    /// How many runs died with it in flight.
    pub crashes: u32,
    /// Whether it is, as far as this was told.
    pub in_flight: bool,
}

impl Checkpoint {
    /// Counts what the run before has died of, if it has.
    pub(super) fn count_crashes(&mut self) {
        let has_crashed = self.is_open();
        let suspects = self.loops.values_mut().filter_map(|it| it.suspect.as_deref_mut());
        for suspect in suspects.filter(|suspect| suspect.in_flight) {
            suspect.in_flight = false;
            suspect.crashes = suspect.crashes.saturating_add(u32::from(has_crashed));
        }
    }
}
