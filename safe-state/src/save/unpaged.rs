//! Stands for the page on systems other than Linux, which have none.

use safe_state_backends::format::Record;
use safe_state_backends::{Error as BackendError, Store};

use super::pages::{Advanced, Pages};
use crate::items::keyed::UnsavedKeys;
use crate::progress::BesideItems;

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

impl Pages for Paging {
    type EndMarks = EndMarks;

    fn off() -> Self {
        Paging
    }

    fn is_off(&self) -> bool {
        true
    }

    fn ready(&mut self, _: &mut Store) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn record(
        &mut self,
        _: &mut Store,
        record: Record,
    ) -> Result<Option<Box<Record>>, BackendError> {
        Ok(Some(Box::new(record)))
    }

    fn begin_values(&mut self, _: &mut Store) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn begin(&mut self, _: &mut Store) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn advance(&mut self, _: Advanced) -> bool {
        false
    }

    fn advance_with(&mut self, _: Advanced, _: UnsavedKeys<'_>, _: &[u8]) -> bool {
        false
    }

    fn wants_window(&mut self) -> EndMarks {
        EndMarks
    }

    fn close_window(&mut self) {}

    fn may_have_window(&self) -> bool {
        false
    }

    fn has_window(&self) -> bool {
        false
    }

    fn make_room(&mut self, _: u64) -> bool {
        false
    }

    fn is_in_window(&self, _: u64) -> bool {
        false
    }

    fn settle_window(
        &mut self,
        _: &mut Store,
        _: BesideItems<'_>,
        _: bool,
    ) -> Result<(), BackendError> {
        Ok(())
    }

    fn advance_window(&mut self, _: &mut Store, _: BesideItems<'_>) -> Result<(), BackendError> {
        Ok(())
    }
}
