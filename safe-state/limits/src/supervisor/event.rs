//! The events that a supervisor waits for.

/// An event that a supervisor waits for.
#[derive(Debug)]
pub(super) enum Event {
    /// The run with this number has ended.
    Ended(usize),
    Signal(i32),
}
