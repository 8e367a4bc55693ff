//! The progress of a loop whose items run side by side.

use safe_state_backends::{Captured, LoopProgress};

use super::loops::Loops;
use super::open_loop::{BesideItems, Flights, OpenLoop};
use super::stored::Stored;

/// A loop whose items run side by side.
#[derive(Debug)]
pub(crate) struct Beside<'a>(pub(super) Option<&'a mut OpenLoop>);

/// Lets the items of the loop run side by side from now on.
pub(super) fn begin(loops: &mut Loops, stored: Stored<'_>, depth: usize) {
    let within = loops.within(depth);
    let Some(open) = loops.get_mut(depth) else { return };
    // A loop by key walks its input anew.
    let progress = stored.loop_within(open.loop_id(), &within).filter(|_| open.key().is_none());
    let complete = progress.map(LoopProgress::completed).cloned();
    open.run_side_by_side(complete.unwrap_or_default());
}

impl<'a> Beside<'a> {
    /// Returns how far the loop has come; `None` if its items do not run side by side.
    pub(crate) fn items(self) -> Option<BesideItems<'a>> {
        self.0.and_then(|open| open.beside_items())
    }

    /// Hands out the next item beside those in flight, in a loop that knows items by index. Returns whether its
    /// fingerprint is wanted, even if no save is due next.
    pub(crate) fn hand_out(self) -> bool {
        self.0.is_some_and(OpenLoop::hand_out_beside)
    }

    /// Returns whether the loop knows its items by index.
    pub(crate) fn knows_by_index(self) -> bool {
        self.0.is_some_and(|open| open.is_by_index())
    }

    /// Returns the index of the item that was handed out last.
    pub(crate) fn last_handed_out(self) -> u64 {
        self.0.map_or(0, |open| open.last_handed_out())
    }

    /// Returns the index of the item that is handed out next.
    pub(crate) fn next(self) -> u64 {
        self.0.map_or(0, |open| open.next_beside())
    }

    /// Sets the index from which on no item has begun that was handed out.
    pub(crate) fn set_unbegun(self, index: u64) {
        if let Some(flights) = self.flights() {
            flights.set_unbegun(index);
        }
    }

    /// Completes the item `index`, which nobody has attended to. Returns `false` if the loop needs that.
    #[inline]
    pub(crate) fn complete(self, index: u64) -> bool {
        self.0.is_some_and(|open| open.complete_beside(index))
    }

    /// Notes that an item has completed that a page has only as a record.
    pub(crate) fn need_record(self) {
        if let Some(flights) = self.flights() {
            flights.need_record();
        }
    }

    /// Attends to the item `index`, which is in flight: from now on it counts as *the* item in flight.
    pub(crate) fn attend(self, index: u64) {
        if let Some(open) = self.0 {
            open.attend(index);
        }
    }

    /// Stores the values recorded of an item in flight.
    pub(crate) fn set_captured(self, index: u64, captured: Vec<Captured>) {
        if let Some(flights) = self.flights() {
            flights.set_captured(index, captured);
        }
    }

    fn flights(self) -> Option<&'a mut Flights> {
        self.0.and_then(OpenLoop::flights)
    }
}
