//! What is unsaved of a loop, for a page.

/// What is unsaved, for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpaged {
    /// Items that completed, and nothing else: how many, and the fingerprint of the last.
    Advance { loop_id: u16, count: u64, fingerprint: Option<u32> },
    /// More than that: the record that a save would append.
    Record,
}
