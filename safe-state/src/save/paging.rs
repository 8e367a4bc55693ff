//! The page of a run: a complete item in it survives the death of the process before the item is saved.

use std::io;
use std::sync::{Arc, OnceLock};

use safe_state_backends::format::{Change, Record};
use safe_state_backends::{Advanced, Error as BackendError, InPage, LoopKeys, Page, Store, Window};

use super::pages::Pages;
use crate::items::keyed::UnsavedKeys;
use crate::progress::BesideItems;

/// A page beside the checkpoint that holds how far a loop has come since the last save.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    page: Option<Page>,
    /// The end of the save that the page follows.
    behind: Option<(u32, u64)>,
    /// Whether the run has no page, or can have none any more.
    is_off: bool,
    beside: Beside,
}

/// The window of the page, for items that complete in any order.
#[derive(Debug, Default)]
struct Beside {
    /// The handle of those who end items, in a loop that may have a window.
    marks: Option<EndMarks>,
    /// Whether the window is in the page.
    is_open: bool,
    /// The index before which the items had begun when the last slot was written.
    begun: u64,
}

/// A handle by which whoever ends an item of a loop notes that in the page at once, on any thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndMarks(Arc<OnceLock<Window>>);

impl EndMarks {
    /// Notes that the body of the item `index` has come to its end. Does nothing while the page has no place for the item.
    #[inline]
    pub(crate) fn ended(&self, index: u64) {
        if let Some(window) = self.0.get() {
            window.complete(index);
        }
    }
}

impl Paging {
    fn move_to(
        &mut self,
        store: &mut Store,
        behind: Option<(u32, u64)>,
    ) -> Result<bool, BackendError> {
        let Some(base) = store.base() else {
            // The stored state is unknown, as after an error, or is in no file. Only in the second case the run has no
            // page any more.
            self.is_off = behind.is_some();
            return Ok(false);
        };
        if let Some(page) = self.page.as_mut().filter(|page| page.is_in_place()) {
            page.rebase(base);
        } else {
            if self.beside.is_open {
                // The window was in the page before, and its marks are of no use.
                self.beside = Beside::default();
            }
            self.page = store.page().inspect_err(|_| self.is_off = true)?;
            self.is_off = self.page.is_none();
        }
        self.behind = behind;
        Ok(!self.is_off)
    }

    fn advance_behind_record(&mut self) -> bool {
        if self.beside.is_open {
            self.write_window(self.beside.begun, None)
        } else {
            self.advance(Advanced::default())
        }
    }

    #[cold]
    fn give_up(&mut self, error: &io::Error) -> bool {
        tracing::warn!(target: "safe_state", %error, "the page can't be written; items are saved without it");
        (self.page, self.is_off) = (None, true);
        self.beside = Beside::default();
        false
    }

    fn write_window(&mut self, begun: u64, mark: Option<(u64, u32)>) -> bool {
        self.beside.begun = begun;
        match self.page.as_mut().map(|page| page.advance_window(begun, mark)) {
            Some(Ok(is_written)) => is_written,
            Some(Err(error)) => self.give_up(&error),
            None => false,
        }
    }
}

impl Pages for Paging {
    type EndMarks = EndMarks;

    fn off() -> Self {
        Paging { is_off: true, ..Paging::default() }
    }

    fn is_off(&self) -> bool {
        self.is_off
    }

    fn ready(&mut self, store: &mut Store) -> Result<bool, BackendError> {
        if self.is_off {
            return Ok(false);
        }
        let behind = store.saved_up_to();
        if behind.is_some() && behind == self.behind {
            Ok(true)
        } else {
            self.move_to(store, behind)
        }
    }

    fn begin(&mut self, store: &mut Store) -> Result<bool, BackendError> {
        let is_ready = self.ready(store)?;
        if is_ready {
            store.is_paged();
        }
        Ok(is_ready)
    }

    fn begin_values(&mut self, store: &mut Store) -> Result<bool, BackendError> {
        let is_ready = self.ready(store)? && store.page_has_room();
        if is_ready {
            store.is_paged();
        }
        Ok(is_ready)
    }

    fn record(
        &mut self,
        store: &mut Store,
        record: Record,
    ) -> Result<Option<Box<Record>>, BackendError> {
        let framed = match store.record_in_page(record)? {
            InPage::Framed(framed) => framed,
            InPage::NoRoom(record) => return Ok(Some(record)),
        };
        let appended = self.page.as_mut().map_or(Ok(false), |page| page.append(framed));
        match appended {
            Ok(true) if self.advance_behind_record() => return Ok(None),
            Ok(_) => {}
            Err(error) => _ = self.give_up(&error),
        }
        // The store has taken the record in, so saving an empty change writes it.
        Ok(Some(Box::new(Change::default().into())))
    }

    #[inline]
    fn advance(&mut self, to: Advanced) -> bool {
        self.advance_with(to, UnsavedKeys::default(), &[])
    }

    #[inline]
    fn advance_with(&mut self, to: Advanced, keys: UnsavedKeys<'_>, values: &[u8]) -> bool {
        let UnsavedKeys { made_by, complete, next } = keys;
        let keys = LoopKeys { made_by, complete, next };
        match self.page.as_mut().map(|page| page.advance(to, keys, values)) {
            Some(Ok(is_written)) => is_written,
            Some(Err(error)) => self.give_up(&error),
            None => false,
        }
    }

    fn wants_window(&mut self) -> EndMarks {
        let marks = EndMarks::default();
        self.beside = Beside { marks: Some(marks.clone()), ..Beside::default() };
        marks
    }

    fn close_window(&mut self) {
        self.beside = Beside::default();
        if let Some(page) = &mut self.page {
            page.close_window();
        }
    }

    fn may_have_window(&self) -> bool {
        self.beside.marks.is_some()
    }

    fn has_window(&self) -> bool {
        self.beside.is_open
    }

    #[inline]
    fn make_room(&mut self, index: u64) -> bool {
        if !self.beside.is_open {
            return false;
        }
        match self.page.as_mut().map(|page| page.make_room(index)) {
            Some(Ok(has_room)) => has_room,
            Some(Err(error)) => self.give_up(&error),
            None => false,
        }
    }

    #[inline]
    fn is_in_window(&self, index: u64) -> bool {
        let marks = self.beside.marks.as_ref().filter(|_| self.beside.is_open);
        let window = marks.and_then(|EndMarks(window)| window.get());
        window.is_some_and(|window| window.contains(index))
    }

    fn settle_window(
        &mut self,
        store: &mut Store,
        items: BesideItems<'_>,
        may_open: bool,
    ) -> Result<(), BackendError> {
        let BesideItems { loop_id, begun, recorded: Some(complete), .. } = items else {
            return Ok(());
        };
        if !self.begin(store)? {
            return Ok(());
        }
        let Paging { page: Some(page), beside, .. } = self else { return Ok(()) };
        let Some(EndMarks(marks)) = &beside.marks else { return Ok(()) };
        if !beside.is_open {
            if !may_open || marks.get().is_some() {
                return Ok(());
            }
            let Some(window) = page.open_window(loop_id, complete.prefix()) else { return Ok(()) };
            beside.is_open = marks.set(window).is_ok();
        }
        let mut settle = || {
            // Both slots name the present state before the window has what only a record of that state has: a dead letter is no
            // complete item beside an older file that was put back.
            page.advance_window(begun, None)?;
            page.advance_window(begun, None)?;
            page.add_to_window(complete.ranges())
        };
        match settle() {
            Ok(()) => _ = self.write_window(begun, None),
            Err(error) => _ = self.give_up(&error),
        }
        Ok(())
    }

    fn advance_window(
        &mut self,
        store: &mut Store,
        items: BesideItems<'_>,
    ) -> Result<(), BackendError> {
        if self.begin(store)? && self.beside.is_open {
            self.write_window(items.begun, items.mark);
        }
        Ok(())
    }
}
