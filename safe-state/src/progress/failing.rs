//! The item in flight, when it fails: the attempts at it, and whether it may be killing the process.

use safe_state_backends::{CrashCause, DeadLetter, Failure};

use super::loops::Loops;
use super::open_loop::OpenLoop;

/// The item in flight of a loop, with the attempts at it.
#[derive(Debug)]
pub(crate) struct Attempted<'a> {
    pub(super) loops: &'a mut Loops,
    /// The number of loops around the item's loop.
    pub(super) depth: usize,
}

impl Attempted<'_> {
    /// Counts a failed attempt. Returns its number among the attempts of all runs.
    pub(crate) fn count(self) -> u32 {
        self.loops.get_mut(self.depth).map_or(1, OpenLoop::count_attempt)
    }

    /// Returns how many runs died in the item, and the cause of the last of these deaths.
    pub(crate) fn crashes(self) -> Option<(u32, Option<CrashCause>)> {
        self.loops.get(self.depth).map(OpenLoop::crashes)
    }

    /// Marks the item as the suspect, which may be killing the process.
    pub(crate) fn suspect(self) {
        if let Some(open) = self.loops.get_mut(self.depth) {
            open.suspect();
        }
    }

    /// Clears the suspect of the item's loop.
    pub(crate) fn clear_suspect(self) {
        if let Some(open) = self.loops.get_mut(self.depth) {
            open.clear_suspect();
        }
    }

    /// Returns the item's dead letter.
    pub(crate) fn dead_letter(self, failure: Failure) -> Option<DeadLetter> {
        let open = self.loops.get(self.depth)?;
        let within = self.loops.within(self.depth);
        let letter = DeadLetter::new(open.loop_id(), within, open.key(), failure);
        Some(letter.with_fingerprint(open.fingerprint()))
    }
}
