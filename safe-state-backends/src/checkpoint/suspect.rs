//! Items that may kill the process.

use serde::{Deserialize, Serialize};

use super::{Checkpoint, CrashCause};

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

impl Checkpoint {
    /// Counts the death of the previous run against the items that were in flight, if it has died. `cause` is used unless the
    /// run saved a cause itself. A run that was ended from outside counts against no item.
    pub(super) fn count_crashes(&mut self, cause: Option<CrashCause>) {
        let has_crashed = self.is_open();
        let suspects = self.loops.values_mut().filter_map(|it| it.suspect.as_deref_mut());
        for suspect in suspects.filter(|suspect| suspect.in_flight) {
            suspect.in_flight = false;
            let was_ended =
                suspect.cause.is_none() && cause.is_some_and(CrashCause::is_from_outside);
            if has_crashed && !was_ended {
                suspect.crashes = suspect.crashes.saturating_add(1);
                suspect.cause = suspect.cause.or(cause);
            }
        }
    }
}
