//! What is unsaved of a loop, for a page.

/// What is to be said of the items that completed since the last save, before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpaged {
    /// How many there are, and the fingerprint of the last.
    Advance { loop_id: u16, count: u64, fingerprint: Option<u32> },
    /// Something else has to be saved first.
    SavedFirst,
    /// More than an advance can say belongs to each of them.
    Never,
}
