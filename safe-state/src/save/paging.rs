//! The page of a run: a complete item in it survives the death of the process before the item is saved.

use std::io;

use safe_state_backends::format::{Change, Record};
use safe_state_backends::{Advanced, Error as BackendError, InPage, LoopKeys, Page, Store};

use crate::items::keyed::UnsavedKeys;

/// A page beside the checkpoint that holds how far a loop has come since the last save.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    page: Option<Page>,
    /// The end of the save that the page follows.
    behind: Option<(u32, u64)>,
    /// Whether the run has no page, or can have none any more.
    is_off: bool,
}

impl Paging {
    /// Returns the paging of a run that has no page.
    pub(crate) fn off() -> Self {
        Paging { is_off: true, ..Paging::default() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.is_off
    }

    /// Makes the page follow the last save. Returns whether the run has a page.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn ready(&mut self, store: &mut Store) -> Result<bool, BackendError> {
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
            self.page = store.page().inspect_err(|_| self.is_off = true)?;
            self.is_off = self.page.is_none();
        }
        self.behind = behind;
        Ok(!self.is_off)
    }

    /// Makes the page follow the last save, and tells `store` that the page is about to hold more. Returns whether the run has a
    /// page.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn begin(&mut self, store: &mut Store) -> Result<bool, BackendError> {
        let is_ready = self.ready(store)?;
        if is_ready {
            store.is_paged();
        }
        Ok(is_ready)
    }

    /// Makes the page follow the last save, and tells `store` that the page is about to hold more. Returns whether the run has a
    /// page with room for a record that takes the place of a slot's values.
    ///
    /// # Errors
    ///
    /// The page cannot be used. From then on, the run has none.
    pub(crate) fn begin_values(&mut self, store: &mut Store) -> Result<bool, BackendError> {
        let is_ready = self.ready(store)? && store.page_has_room();
        if is_ready {
            store.is_paged();
        }
        Ok(is_ready)
    }

    /// Takes a record into `store`, and writes it into a page that is [ready](Self::ready). Returns a record that has
    /// to be saved now, if the page does not hold this one.
    ///
    /// # Errors
    ///
    /// The record is more than a checkpoint can hold.
    pub(crate) fn record(
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
            Ok(true) if self.advance(Advanced::default()) => return Ok(None),
            Ok(_) => {}
            Err(error) => _ = self.give_up(&error),
        }
        // The store has taken the record in, so saving an empty change writes it.
        Ok(Some(Box::new(Change::default().into())))
    }

    /// Writes how far a loop by index has come. Returns whether that is in the page. If the page can't be written, the run has
    /// none any more.
    #[inline]
    pub(crate) fn advance(&mut self, to: Advanced) -> bool {
        self.advance_with(to, UnsavedKeys::default(), &[])
    }

    /// Writes how far a loop has come, with the keys of its items, and values. Returns whether that is in the page. If the page
    /// can't be written, the run has none any more.
    #[inline]
    pub(crate) fn advance_with(
        &mut self,
        to: Advanced,
        keys: UnsavedKeys<'_>,
        values: &[u8],
    ) -> bool {
        let UnsavedKeys { made_by, complete, next } = keys;
        let keys = LoopKeys { made_by, complete, next };
        match self.page.as_mut().map(|page| page.advance(to, keys, values)) {
            Some(Ok(is_written)) => is_written,
            Some(Err(error)) => self.give_up(&error),
            None => false,
        }
    }

    #[cold]
    fn give_up(&mut self, error: &io::Error) -> bool {
        tracing::warn!(target: "safe_state", %error, "the page can't be written; items are saved without it");
        (self.page, self.is_off) = (None, true);
        false
    }
}
