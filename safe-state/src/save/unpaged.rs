//! Stands for the page on systems other than Linux, which have none.

use safe_state_backends::format::Record;
use safe_state_backends::{Error as BackendError, Store};

use crate::items::keyed::UnsavedKeys;
use crate::progress::BesideItems;

/// The progress of a loop since the last save.
#[derive(Clone, Copy, Debug, Default)]
pub struct Advanced {
    pub loop_id: u16,
    pub count: u64,
    pub fingerprint: Option<u32>,
    pub behind: u16,
    pub has_cursor: bool,
}

/// A handle that notes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndMarks;

#[expect(clippy::unused_self, reason = "elsewhere there is something")]
impl EndMarks {
    pub(crate) fn ended(&self, _: u64) {}
}

/// Paging that is always off.
#[derive(Debug, Default)]
pub(crate) struct Paging;

#[expect(clippy::unused_self, reason = "elsewhere there is something")]
impl Paging {
    pub(crate) fn off() -> Self {
        Paging
    }

    pub(crate) fn is_off(&self) -> bool {
        true
    }

    pub(crate) fn ready(&mut self, _: &mut Store) -> Result<bool, BackendError> {
        Ok(false)
    }

    pub(crate) fn record(
        &mut self,
        _: &mut Store,
        record: Record,
    ) -> Result<Option<Box<Record>>, BackendError> {
        Ok(Some(Box::new(record)))
    }

    pub(crate) fn begin_values(&mut self, _: &mut Store) -> Result<bool, BackendError> {
        Ok(false)
    }

    pub(crate) fn begin(&mut self, _: &mut Store) -> Result<bool, BackendError> {
        Ok(false)
    }

    pub(crate) fn advance(&mut self, _: Advanced) -> bool {
        false
    }

    pub(crate) fn advance_with(&mut self, _: Advanced, _: UnsavedKeys<'_>, _: &[u8]) -> bool {
        false
    }

    pub(crate) fn wants_window(&mut self) -> EndMarks {
        EndMarks
    }

    pub(crate) fn close_window(&mut self) {}

    pub(crate) fn may_have_window(&self) -> bool {
        false
    }

    pub(crate) fn has_window(&self) -> bool {
        false
    }

    pub(crate) fn make_room(&mut self, _: u64) -> bool {
        false
    }

    pub(crate) fn is_in_window(&self, _: u64) -> bool {
        false
    }

    pub(crate) fn settle_window(
        &mut self,
        _: &mut Store,
        _: BesideItems<'_>,
        _: bool,
    ) -> Result<(), BackendError> {
        Ok(())
    }

    pub(crate) fn advance_window(
        &mut self,
        _: &mut Store,
        _: BesideItems<'_>,
    ) -> Result<(), BackendError> {
        Ok(())
    }
}
