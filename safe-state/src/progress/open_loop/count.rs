//! How far a loop has come.

/// The position of a loop, and its items since the last save.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    /// The index of the next item to complete.
    pub(super) position: u64,
    /// Whether the item at `position` has been handed out and its body has not ended.
    pub(super) in_flight: bool,
    /// The number of items that completed since the last save.
    pub(super) unsaved: u64,
    /// The number of items passed over since the last save, in a loop that learns item by item whether they are
    /// complete.
    pub(super) passed_over: u64,
}

impl Count {
    /// Begins with the item at `position`.
    pub(super) fn at(position: u64) -> Self {
        Count { position, in_flight: false, unsaved: 0, passed_over: 0 }
    }
}
