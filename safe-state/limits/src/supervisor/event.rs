//! What a supervisor waits for.

/// What has happened.
#[derive(Debug)]
pub(super) enum Event {
    /// The run of that number has ended.
    Ended(usize),
    Signal(i32),
}
