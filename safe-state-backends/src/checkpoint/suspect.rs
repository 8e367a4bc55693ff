//! Items that may be killing the process.

use serde::{Deserialize, Serialize};

use super::{Checkpoint, CrashCause};

/// An item that was about to begin when this was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The item: its index, or its key's hash.
    pub item: u64,
    /// How many runs died with it in flight.
    pub crashes: u32,
    /// Whether it is, as far as this was told.
    pub in_flight: bool,
    /// What the last of them died of, if that is known.
    pub cause: Option<CrashCause>,
}

impl Checkpoint {
    /// Counts the death of the run before, if it has died; of `cause`, unless it has said so itself. One that was
    /// ended from outside is no item's fault.
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
