//! Progress of a loop whose items run side by side.

use safe_state_backends::{Captured, LoopProgress};

use super::open_loop::OpenLoop;
use super::{Progress, Stored};

impl Progress {
    /// Has the items of the loop run side by side from now on.
    pub(crate) fn run_side_by_side(&mut self, stored: Stored<'_>, depth: usize) {
        let within = self.loops.within(depth);
        let Some(open) = self.loops.get_mut(depth) else { return };
        // By key, it walks its input anew.
        let progress = stored.loop_within(open.loop_id(), &within).filter(|_| open.key().is_none());
        let complete = progress.map(LoopProgress::completed).cloned();
        open.run_side_by_side(complete.unwrap_or_default());
    }

    /// Returns whether the items of the loop run side by side.
    pub(crate) fn runs_side_by_side(&self, depth: usize) -> bool {
        self.loops.get(depth).is_some_and(OpenLoop::runs_side_by_side)
    }

    /// Hands out the next item beside those in flight, of a loop that knows it by index. Returns whether its
    /// fingerprint is wanted, whenever the next save is.
    pub(crate) fn hand_out_beside(&mut self, depth: usize) -> bool {
        self.loops.get_mut(depth).is_some_and(OpenLoop::hand_out_beside)
    }

    /// Returns the index of the item that was handed out last.
    pub(crate) fn last_handed_out(&self, depth: usize) -> u64 {
        self.loops.get(depth).map_or(0, OpenLoop::last_handed_out)
    }

    /// Attends to an item in flight: from now on it is *the* item in flight.
    pub(crate) fn attend(&mut self, depth: usize, index: u64) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.attend(index);
        }
    }

    /// Keeps what was recorded of an item in flight.
    pub(crate) fn set_captured(&mut self, depth: usize, index: u64, captured: Vec<Captured>) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.set_captured(index, captured);
        }
    }

    /// Returns how many items of the loop are complete, those included that were passed over.
    #[inline]
    pub(crate) fn reached(&self, depth: usize) -> Option<u64> {
        self.loops.get(depth).map(OpenLoop::reached)
    }
}
