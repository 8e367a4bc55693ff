//! The calls that a run makes to its page, on all systems.

#[cfg(target_os = "linux")]
pub(crate) use safe_state_backends::Advanced;
use safe_state_backends::format::Record;
use safe_state_backends::{Error as BackendError, Store};

use crate::items::keyed::UnsavedKeys;
use crate::progress::BesideItems;

/// The progress of a loop since the last save.
#[cfg(not(target_os = "linux"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Advanced {
    pub(crate) loop_id: u16,
    pub(crate) count: u64,
    pub(crate) fingerprint: Option<u32>,
    pub(crate) behind: u16,
    pub(crate) has_cursor: bool,
}

/// The page of a run. On systems without pages, it is one that is always off.
pub(super) trait Pages {
    /// The handle by which whoever ends an item of a loop notes that in the page at once, on any thread.
    type EndMarks;

    /// Returns the paging of a run that has no page.
    fn off() -> Self;

    fn is_off(&self) -> bool;

    /// Makes the page follow the last save. Returns whether the run has a page.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    fn ready(&mut self, store: &mut Store) -> Result<bool, BackendError>;

    /// Makes the page follow the last save, and tells `store` that the page is about to hold more. Returns whether the run has a
    /// page.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    fn begin(&mut self, store: &mut Store) -> Result<bool, BackendError>;

    /// Makes the page follow the last save, and tells `store` that the page is about to hold more. Returns whether the run has a
    /// page with room for a record that takes the place of a slot's values.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    fn begin_values(&mut self, store: &mut Store) -> Result<bool, BackendError>;

    /// Takes a record into `store`, and writes it into a page that is [ready](Self::ready). Returns a record that has
    /// to be saved now, if the page does not hold this one.
    ///
    /// # Errors
    ///
    /// The record is more than a checkpoint can hold.
    fn record(
        &mut self,
        store: &mut Store,
        record: Record,
    ) -> Result<Option<Box<Record>>, BackendError>;

    /// Writes how far a loop by index has come. Returns whether that is in the page. If the page can't be written, the run has
    /// none any more.
    fn advance(&mut self, to: Advanced) -> bool;

    /// Writes how far a loop has come, with the keys of its items, and values. Returns whether that is in the page. If the page
    /// can't be written, the run has none any more.
    fn advance_with(&mut self, to: Advanced, keys: UnsavedKeys<'_>, values: &[u8]) -> bool;

    /// Lets a loop have a window, whose items complete in any order. Returns the handle for those who end them.
    fn wants_window(&mut self) -> Self::EndMarks;

    /// Closes the window, because the loop has been left.
    fn close_window(&mut self);

    /// Returns whether the loop may have a window.
    fn may_have_window(&self) -> bool;

    fn has_window(&self) -> bool;

    /// Gives an item a place in the window, which is about to be handed out. Returns whether the window has one.
    fn make_room(&mut self, index: u64) -> bool;

    /// Returns whether the window has that the item is complete.
    fn is_in_window(&self, index: u64) -> bool;

    /// Makes the page follow the last save, with the window, which it may open. `items` are a loop's that have completed, all
    /// of them by what was saved or is in records.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    fn settle_window(
        &mut self,
        store: &mut Store,
        items: BesideItems<'_>,
        may_open: bool,
    ) -> Result<(), BackendError>;

    /// Writes into the page up to where a loop's items are complete, and which have begun.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    fn advance_window(
        &mut self,
        store: &mut Store,
        items: BesideItems<'_>,
    ) -> Result<(), BackendError>;
}
