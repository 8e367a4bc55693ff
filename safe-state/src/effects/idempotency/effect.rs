//! What became of an effect that is to happen once.

use std::time::SystemTime;

/// What became of an effect that is to happen once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<T> {
    /// It has happened now, and came to this.
    Now(T),
    /// It had happened before, and came to this then.
    Before(T),
    /// It was said to be done by [`mark`](super::IdempotencyCache::mark), which keeps no value.
    Marked,
    /// It was begun before, and may have happened, or a part of it. It has not been begun again:
    /// find out, and tell by [`settle`](super::IdempotencyCache::settle).
    InDoubt {
        /// When it was begun.
        since: SystemTime,
    },
}

impl<T> Effect<T> {
    /// What it came to, now or before.
    ///
    /// ```
    /// use safe_state::idempotency::Effect;
    ///
    /// assert_eq!(Effect::Before(7).value(), Some(7));
    /// assert_eq!(Effect::<u8>::Marked.value(), None);
    /// ```
    pub fn value(self) -> Option<T> {
        match self {
            Effect::Now(value) | Effect::Before(value) => Some(value),
            Effect::Marked | Effect::InDoubt { .. } => None,
        }
    }

    /// Returns whether it may have happened, and that is all that is known.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Effect::InDoubt { .. })
    }
}
