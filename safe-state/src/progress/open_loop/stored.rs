//! How far a loop had come before this run.

use safe_state_backends::LoopProgress;

/// What an earlier run has saved of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    No,
    /// That it has begun, and no more: loops in its first item may be further.
    Begun,
    Further,
    Ended,
}

impl Stored {
    pub(crate) fn of(stored: &LoopProgress) -> Self {
        let has_keys = stored.keys().is_some_and(|keys| !keys.is_empty());
        match stored.end() {
            Some(_) => Stored::Ended,
            None if has_keys || !stored.completed().is_empty() => Stored::Further,
            None => Stored::Begun,
        }
    }
}
