//! The unsaved progress of a loop, in the form for a page.

/// The unsaved progress of a loop, in the form for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpaged {
    /// Only items that completed: their number, and the fingerprint of the last one.
    Advance { loop_id: u16, count: u64, fingerprint: Option<u32> },
    /// More than completed items: the page needs the record that a save would append.
    Record,
}
