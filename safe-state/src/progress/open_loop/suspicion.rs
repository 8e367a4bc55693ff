//! The attempts at an item of a loop, and the item that may be killing the process.

use safe_state_backends::{Attempts, CrashCause, LoopProgress, Suspect};

use crate::progress::unsaved::Unsaved;

/// The attempts at the item that failed last, and the suspect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspicion {
    attempts: Unsaved<Attempts>,
    suspect: Unsaved<Suspect>,
}

impl Suspicion {
    pub(super) fn stored(stored: Option<&LoopProgress>) -> Self {
        Suspicion {
            attempts: Unsaved::stored(stored.and_then(LoopProgress::attempts)),
            suspect: Unsaved::stored(stored.and_then(LoopProgress::suspect)),
        }
    }

    /// Counts a failed attempt at `item`, of which `known` earlier ones are known in this run. Returns its number among
    /// the attempts of all runs.
    pub(super) fn count_attempt(&mut self, item: u64, known: u32) -> u32 {
        let before = self.attempts.get().filter(|attempts| attempts.item == item);
        let count = before.map_or(0, |before| before.count).max(known).saturating_add(1);
        self.attempts.set(Attempts { item, count });
        count
    }

    /// Returns how many runs died in `item`, and the cause of the last of these deaths, if it is known.
    pub(super) fn crashes(&self, item: u64) -> (u32, Option<CrashCause>) {
        let known = self.suspect.get().filter(|suspect| suspect.item == item);
        known.map_or((0, None), |suspect| (suspect.crashes, suspect.cause))
    }

    /// Returns the item in which the process died, until it is in flight again.
    pub(super) fn awaited(&self) -> Option<u64> {
        let awaited =
            self.suspect.get().filter(|suspect| suspect.crashes > 0 && !suspect.in_flight);
        awaited.map(|suspect| suspect.item)
    }

    /// Marks `item` as the suspect: it is in flight, and may be the cause if the process ends now.
    pub(super) fn suspect(&mut self, item: u64, cause: Option<CrashCause>) {
        let (crashes, _) = self.crashes(item);
        self.suspect.set(Suspect { item, crashes, in_flight: true, cause });
    }

    /// Clears the suspect, whose body has ended.
    pub(super) fn clear(&mut self) {
        if let Some(suspect) = self.suspect.get().filter(|suspect| suspect.in_flight) {
            self.suspect.set(Suspect { in_flight: false, ..suspect });
        }
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.attempts.is_unsaved() || self.suspect.is_unsaved()
    }

    pub(super) fn take_attempts(&mut self) -> Option<Box<Attempts>> {
        self.attempts.take_unsaved()
    }

    pub(super) fn take_suspect(&mut self) -> Option<Box<Suspect>> {
        self.suspect.take_unsaved()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_those_at_one_item() {
        let mut suspicion = Suspicion::stored(None);
        assert!(!suspicion.is_unsaved());
        assert_eq!([3, 3, 4].map(|item| suspicion.count_attempt(item, 0)), [1, 2, 1]);
        assert!(suspicion.is_unsaved());
        let stored = suspicion.take_attempts().unwrap();
        assert_eq!((stored.item, stored.count), (4, 1));
        assert!(!suspicion.is_unsaved() && suspicion.take_attempts().is_none());
    }

    #[test]
    fn a_suspect_that_ends_is_one_no_more() {
        let mut suspicion = Suspicion::stored(None);
        suspicion.clear();
        assert!(suspicion.take_suspect().is_none(), "there is nothing to clear");
        suspicion.suspect(7, None);
        assert!(suspicion.take_suspect().unwrap().in_flight);
        assert_eq!(suspicion.awaited(), None);
        suspicion.clear();
        assert!(!suspicion.take_suspect().unwrap().in_flight);
    }
}
