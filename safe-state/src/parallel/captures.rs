//! Values recorded of an item whose body runs beside the run.

use std::fmt::Arguments;
use std::sync::{Mutex, PoisonError};

use safe_state_backends::Captured;

use crate::bounded::bounded;
use crate::items::capture::LIMIT;

/// The values recorded of one item.
#[derive(Debug, Default)]
pub struct Captures(Mutex<Vec<Captured>>);

impl Captures {
    /// Records values of the item, in place of earlier ones.
    pub fn capture(&self, values: &[(&str, Arguments<'_>)]) {
        let captured = values.iter().map(|(name, value)| Captured {
            name: (*name).to_owned(),
            value: bounded(LIMIT, *value),
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = captured.collect();
    }

    pub(super) fn take(&self) -> Vec<Captured> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
