//! What the thread that runs a loop's items tells the watchdog without a lock: which item's body runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The pulse of a run. Its thread beats where items begin and end. The watchdog dates the beats by its own clock, and can hold
/// the item whose body runs: then the thread waits at the item's end.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// The [`Beat`] of the thread.
    beat: AtomicU64,
    /// Whether the thread is to look at the limits before its next item.
    is_asked: AtomicBool,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// The run has its progress, or items begin and end under a lock.
    Own,
    /// The body of an item runs, before which so many items have completed since the progress was lent.
    Running(u64),
    /// The same, and the thread waits at the end of the item.
    Held(u64),
    /// No item's body runs, and so many items have completed since the progress was lent.
    Between(u64),
}

impl Beat {
    fn word(self) -> u64 {
        match self {
            Beat::Own => 0,
            Beat::Running(completed) => completed << 2 | 1,
            Beat::Held(completed) => completed << 2 | 2,
            Beat::Between(completed) => completed << 2 | 3,
        }
    }

    fn of(word: u64) -> Beat {
        match word & 3 {
            1 => Beat::Running(word >> 2),
            2 => Beat::Held(word >> 2),
            3 => Beat::Between(word >> 2),
            _ => Beat::Own,
        }
    }
}

impl Pulse {
    /// Returns the present beat.
    pub(crate) fn beat(&self) -> Beat {
        Beat::of(self.beat.load(Ordering::Acquire))
    }

    /// Sets the beat, where the watchdog can't hold an item: under the lock, or between two items.
    pub(crate) fn set(&self, beat: Beat) {
        self.beat.store(beat.word(), Ordering::Release);
    }

    /// Notes that the body of the next item begins.
    #[inline]
    pub(crate) fn begin_next(&self) {
        if let Beat::Between(completed) = Beat::of(self.beat.load(Ordering::Relaxed)) {
            self.set(Beat::Running(completed));
        }
    }

    /// Notes that the body of the item has ended. Returns `false`, and notes nothing, if the watchdog holds the item.
    #[inline]
    pub(crate) fn end(&self) -> bool {
        let word = self.beat.load(Ordering::Relaxed);
        let Beat::Running(completed) = Beat::of(word) else { return false };
        self.change(word, Beat::Between(completed + 1))
    }

    /// Holds the item whose body runs behind `completed` others. Returns whether its body still runs.
    pub(crate) fn hold(&self, completed: u64) -> bool {
        self.change(Beat::Running(completed).word(), Beat::Held(completed))
    }

    #[inline]
    fn change(&self, from: u64, to: Beat) -> bool {
        let changed =
            self.beat.compare_exchange(from, to.word(), Ordering::AcqRel, Ordering::Acquire);
        changed.is_ok()
    }

    /// Sets whether the thread is to look at the limits before its next item.
    pub(crate) fn ask(&self, is_asked: bool) {
        self.is_asked.store(is_asked, Ordering::Relaxed);
    }

    /// Returns whether the thread is to look at the limits before its next item.
    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_is_held_does_not_end_by_itself() {
        let pulse = Pulse::default();
        pulse.set(Beat::Running(0));
        assert!(pulse.end());
        assert_eq!(pulse.beat(), Beat::Between(1));
        assert!(!pulse.hold(1), "no body runs");
        pulse.begin_next();
        assert!(!pulse.hold(0), "another one's body runs");
        assert!(pulse.hold(1) && !pulse.hold(1));
        assert!(!pulse.end());
        assert_eq!(pulse.beat(), Beat::Held(1));
        pulse.set(Beat::Own);
        pulse.begin_next();
        assert_eq!(pulse.beat(), Beat::Own);
    }
}
