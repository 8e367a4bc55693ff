//! The outcome of an effect that is to happen once.

use std::time::SystemTime;

/// The outcome of an effect that is to happen once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<T> {
    /// The effect has happened now, with this result.
    Now(T),
    /// The effect had happened before, with this result.
    Before(T),
    /// [`mark`](super::IdempotencyCache::mark) has said that the effect is done. No value is kept for it.
    Marked,
    /// The effect was begun before, and may have happened, as a whole or in part. It has not been begun again: find
    /// out, and say so by [`settle`](super::IdempotencyCache::settle).
    InDoubt {
        /// The time at which the effect was begun.
        since: SystemTime,
    },
}

impl<T> Effect<T> {
    /// Returns the result of the effect, whether it happened now or before; none if no result is known.
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

    /// Returns whether the effect may have happened, and nothing more is known.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Effect::InDoubt { .. })
    }
}
