//! The unsaved progress of a loop, in the form for a page.

use safe_state_backends::{Carried, Completed};

use crate::items::keyed::UnsavedKeys;

/// The unsaved progress of a loop, in the form for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpaged<'p> {
    /// Only items that completed.
    Items(UnpagedItems<'p>),
    /// Only items that completed side by side, in a loop that knows them by index.
    Beside,
    /// More than completed items: the page needs the record that a save would append.
    Record,
}

/// Items of a loop that completed, with the marks of the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnpagedItems<'p> {
    pub(crate) loop_id: u16,
    pub(crate) count: u64,
    /// The fingerprint of the last item.
    pub(crate) fingerprint: Option<u32>,
    /// The keys of the items, if the loop knows them by key.
    pub(crate) keys: UnsavedKeys<'p>,
    /// The cursor of the last item, if the loop knows its items by cursor.
    pub(crate) cursor: Option<&'p Carried>,
}

/// The progress of a loop whose items run side by side, in the form for the window of a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BesideItems<'p> {
    pub(crate) loop_id: u16,
    /// The index before which all items have begun.
    pub(crate) begun: u64,
    /// The index of a complete item, and its fingerprint.
    pub(crate) mark: Option<(u64, u32)>,
    /// The complete items, if all of them are saved or in a record.
    pub(crate) recorded: Option<&'p Completed>,
}
