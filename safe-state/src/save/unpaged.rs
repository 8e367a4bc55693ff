//! Stands for the page on systems other than Linux, which have none.

use safe_state_backends::format::Record;
use safe_state_backends::{Error as BackendError, Store};

use crate::items::keyed::UnsavedKeys;

/// The progress of a loop since the last save.
#[derive(Clone, Copy, Debug, Default)]
pub struct Advanced {
    pub loop_id: u16,
    pub count: u64,
    pub fingerprint: Option<u32>,
    pub behind: u16,
    pub has_cursor: bool,
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
}
