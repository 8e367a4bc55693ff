//! The identity of a list, by which its stored elements are recognised.

use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a list, unique in this process. A decoded value has none until it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Generation(AtomicU64);

impl Generation {
    pub(crate) const fn new() -> Self {
        Generation(AtomicU64::new(0))
    }

    /// Returns the number of the list, and assigns one if it has none.
    pub(crate) fn number(&self) -> u64 {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = self.0.load(Ordering::Relaxed);
        if number != 0 {
            return number;
        }
        let new = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let before = self.0.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed);
        before.map_or_else(|number| number, |_| new)
    }

    /// Returns whether both belong to the same list.
    pub(crate) fn is(&self, other: &Generation) -> bool {
        self.number() == other.number()
    }
}

impl Clone for Generation {
    fn clone(&self) -> Self {
        Generation(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

/// All identities compare equal, because they are no part of a value.
impl PartialEq for Generation {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Generation {}
