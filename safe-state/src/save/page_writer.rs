//! Writes items into the page of a run, where they survive the death of the process until they are saved.

use safe_state_backends::format::Record;
use safe_state_backends::{CarriedChange, Error as BackendError};

use super::Advanced;
use super::owner::Owner;
use super::pages::Pages;
use super::paging::{EndMarks, Paging};
use super::rewriting::{PagedValues, Rewriting};
use crate::items::keyed::UnsavedKeys;
use crate::progress::{BesideItems, Progress, UnpagedItems};

/// The page of a run, with the values and the number of items in it that are not saved yet.
#[derive(Debug, Default)]
pub(crate) struct PageState {
    paging: Paging,
    rewriting: Rewriting,
    /// The number of items that completed with records in the page since the last save.
    completed: u64,
}

/// The page of a run and the store that it is written beside.
#[derive(Debug)]
pub(crate) struct PageWriter<'a> {
    /// `None` if the run saves nothing.
    owner: Option<&'a Owner>,
    state: &'a mut PageState,
}

/// The outcome of writing a loop's progress into the page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Begun {
    /// The page says this by then.
    InPage(Advanced),
    /// The page has no room for the keys, or for the cursor.
    NoRoom,
    NoPage,
}

/// Returns what a page says of `items`.
fn reached(items: UnpagedItems<'_>) -> Advanced {
    let UnpagedItems { loop_id, count, fingerprint, cursor, .. } = items;
    Advanced { loop_id, count, fingerprint, behind: 0, has_cursor: cursor.is_some() }
}

impl PageState {
    /// Returns the state of a run that has no page.
    pub(super) fn off() -> Self {
        PageState { paging: Paging::off(), ..PageState::default() }
    }

    /// Returns whether the run may have a page.
    #[inline]
    pub(crate) fn may_be_used(&self) -> bool {
        !self.paging.is_off()
    }

    /// Returns whether the loop may have a window in the page.
    pub(crate) fn may_have_window(&self) -> bool {
        self.paging.may_have_window()
    }

    pub(crate) fn has_window(&self) -> bool {
        self.paging.has_window()
    }

    /// Returns whether the window has that the item is complete.
    #[inline]
    pub(crate) fn is_in_window(&self, index: u64) -> bool {
        self.paging.is_in_window(index)
    }

    /// Takes the number of items that completed with records in the page since the last save.
    pub(super) fn take_completed(&mut self) -> u64 {
        std::mem::take(&mut self.completed)
    }
}

impl<'a> PageWriter<'a> {
    #[inline]
    pub(super) fn new(owner: Option<&'a Owner>, state: &'a mut PageState) -> Self {
        PageWriter { owner, state }
    }

    /// Writes how far a loop has come since the last save. Returns what the page says by then.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn begin(self, items: UnpagedItems<'_>) -> Result<Begun, BackendError> {
        let Some(owner) = self.owner else { return Ok(Begun::NoPage) };
        let PageState { paging, rewriting, .. } = self.state;
        if !paging.begin(&mut owner.store())? {
            return Ok(Begun::NoPage);
        }
        let at = reached(items);
        let is_written = rewriting.write_cursor(items.cursor)
            && paging.advance_with(at, items.keys, rewriting.next());
        Ok(match is_written {
            true => Begun::InPage(at),
            false if paging.is_off() => Begun::NoPage,
            false => Begun::NoRoom,
        })
    }

    /// Writes how far a loop by index has come. Returns whether that is in the page.
    #[inline]
    pub(crate) fn advance(self, to: Advanced) -> bool {
        self.state.paging.advance(to)
    }

    /// Finds out whether the values that `put` puts in can be written into the page with each item, and writes them with `items`,
    /// which are complete once the item in flight is. Returns what the page says by then; `None` if it can't have that.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn begin_rewriting(
        mut self,
        progress: &Progress,
        items: UnpagedItems<'_>,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> Result<Option<Advanced>, BackendError> {
        let Some(owner) = self.owner else { return Ok(None) };
        let PageState { paging, rewriting, .. } = &mut *self.state;
        let mut store = owner.store();
        let begins = paging.begin_values(&mut store)?
            && rewriting.begin((store.checkpoint(), progress), items.cursor, put);
        drop(store);
        let to = reached(items);
        Ok((begins && self.write_next(to, items.keys)).then_some(to))
    }

    /// Writes the values that `put` puts in into the page, with `items`, which are complete once the item in flight is. Returns
    /// what the page says by then; `None` if it has what it had.
    #[inline]
    pub(crate) fn rewrite_known(
        mut self,
        items: UnpagedItems<'_>,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> Option<Advanced> {
        let to = reached(items);
        let is_written =
            self.state.rewriting.write(items.cursor, put) && self.write_next(to, items.keys);
        is_written.then_some(to)
    }

    /// Writes the values that `put` puts in into the page, with how far the loop by index will have come once the item in flight
    /// is complete. Returns whether that is in the page; if not, the page has what it had.
    #[inline]
    pub(crate) fn rewrite(
        mut self,
        to: Advanced,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> bool {
        self.state.rewriting.write(None, put) && self.write_next(to, UnsavedKeys::default())
    }

    #[inline]
    fn write_next(&mut self, to: Advanced, keys: UnsavedKeys<'_>) -> bool {
        let PageState { paging, rewriting, .. } = &mut *self.state;
        let is_written = paging.advance_with(to, keys, rewriting.next());
        if is_written {
            rewriting.is_written();
        }
        is_written
    }

    /// Takes the values of carried variables that the page alone holds.
    pub(crate) fn take_rewritten(self) -> Vec<CarriedChange> {
        self.state.rewriting.take()
    }

    /// Makes the page follow the last save. Returns whether the run has a page.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn ready(self) -> Result<bool, BackendError> {
        let Some(owner) = self.owner else { return Ok(false) };
        self.state.paging.ready(&mut owner.store())
    }

    /// Writes a record, with which `completed` items completed, into a page that is [ready](Self::ready). Returns a record that
    /// has to be saved now, if the page does not hold this one.
    ///
    /// # Errors
    ///
    /// The record is more than a checkpoint can hold.
    pub(crate) fn record(
        self,
        (record, completed): (Record, u64),
    ) -> Result<Option<Box<Record>>, BackendError> {
        self.state.completed += completed;
        match self.owner {
            Some(owner) => self.state.paging.record(&mut owner.store(), record),
            None => Ok(Some(Box::new(record))),
        }
    }
}

/// The window.
impl PageWriter<'_> {
    /// Lets a loop whose items complete in any order have a window, if the run has a page. Returns the handle for those who end
    /// items.
    pub(crate) fn wants_window(self) -> EndMarks {
        if self.state.may_be_used() {
            self.state.paging.wants_window()
        } else {
            EndMarks::default()
        }
    }

    /// Closes the window, because the loop has been left.
    pub(crate) fn close_window(self) {
        self.state.paging.close_window();
    }

    /// Gives an item a place in the window, which is about to be handed out. Returns whether the window has one.
    #[inline]
    pub(crate) fn make_room(self, index: u64) -> bool {
        self.state.paging.make_room(index)
    }

    /// Makes the page follow the last save, with the window, which it may open. `items` are a loop's that have completed.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn settle_window(
        self,
        items: BesideItems<'_>,
        may_open: bool,
    ) -> Result<(), BackendError> {
        match self.owner {
            Some(owner) if self.state.may_have_window() => {
                self.state.paging.settle_window(&mut owner.store(), items, may_open)
            }
            _ => Ok(()),
        }
    }

    /// Writes into the window up to where a loop's items are complete.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn advance_window(self, items: BesideItems<'_>) -> Result<(), BackendError> {
        match self.owner {
            Some(owner) if self.state.has_window() => {
                self.state.paging.advance_window(&mut owner.store(), items)
            }
            _ => Ok(()),
        }
    }
}
