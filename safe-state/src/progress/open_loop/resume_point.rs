//! The point that a loop had come to before this run.

use safe_state_backends::LoopProgress;

/// The point that earlier runs had come to in a loop, where this run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResumePoint {
    /// No run has come to the loop.
    Fresh,
    /// The loop has begun, and none of its items is complete. Loops inside its first item may have come further.
    Begun,
    /// Items of the loop are complete.
    Further,
    /// The loop has ended.
    Ended,
}

impl ResumePoint {
    pub(crate) fn of(stored: &LoopProgress) -> Self {
        let has_keys = stored.keys().is_some_and(|keys| !keys.is_empty());
        match stored.end() {
            Some(_) => ResumePoint::Ended,
            None if has_keys || !stored.completed().is_empty() => ResumePoint::Further,
            None => ResumePoint::Begun,
        }
    }
}
