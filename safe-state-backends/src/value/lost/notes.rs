//! The findings of a comparison of a value with the same value, written again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::super::read::{Conversion, Look, ReadError, ScalarValue, Trace};

/// The most conversions that are checked.
const CONVERSION_LIMIT: usize = 16;

/// Notes on a comparison.
pub(super) struct Notes<'a> {
    pub(super) trace: &'a Trace,
    /// The conversion that is checked: its stored value was replaced by another one, which must not be converted to the same
    /// value.
    with_another: Option<&'a Conversion>,
    /// Whether the other value was converted to the same value.
    pub(super) is_taken_as_any: Cell<bool>,
    converted: RefCell<BTreeSet<Conversion>>,
    /// The fields that are new in structs that were stored.
    added: RefCell<BTreeSet<String>>,
    /// Whether the values that are compared may be different elements of a set.
    is_tentative: Cell<bool>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(trace: &'a Trace, with_another: Option<&'a Conversion>) -> Self {
        Notes {
            trace,
            with_another,
            is_taken_as_any: Cell::new(false),
            converted: RefCell::default(),
            added: RefCell::default(),
            is_tentative: Cell::new(false),
        }
    }

    /// Runs a comparison without noting its conversions. Returns whether it found no loss.
    pub(super) fn tentatively(&self, compare: impl FnOnce() -> Result<(), ReadError>) -> bool {
        let before = self.is_tentative.replace(true);
        let is_right = compare().is_ok();
        self.is_tentative.set(before);
        is_right
    }

    pub(super) fn note_added(&self, field: &str) {
        self.added.borrow_mut().insert(field.to_owned());
    }

    /// Notes that a number, a text or the name of a variant has become another one.
    pub(super) fn note_words(&self, old: &Look<'_>, new: &Look<'_>) -> Result<(), ReadError> {
        let (Some(stored), Some(again)) = (word(old), word(new)) else { return Ok(()) };
        if stored == again {
            return Ok(());
        }
        if let (Look::Scalar(old), Look::Scalar(new)) = (old, new) {
            check_rounded(old, new)?;
        }
        self.note_conversion(stored, again)
    }

    pub(super) fn note_conversion(&self, stored: String, again: String) -> Result<(), ReadError> {
        if self.is_tentative.get() {
            return Ok(());
        }
        let conversion = Conversion { stored, again };
        if self.with_another == Some(&conversion) {
            self.is_taken_as_any.set(true);
            return Err(ReadError::taken_as(&conversion));
        }
        self.note(conversion);
        Ok(())
    }

    fn note(&self, conversion: Conversion) {
        let mut converted = self.converted.borrow_mut();
        // Values that became the same one were converted in the same way, so one of them is enough.
        let is_known = converted.iter().any(|it| it.again == conversion.again);
        if converted.len() < CONVERSION_LIMIT && !is_known {
            converted.insert(conversion);
        }
    }

    /// Refuses a stored field that its struct no longer reads, if a struct has a new field of that name.
    pub(super) fn check_moved(&self) -> Result<(), ReadError> {
        let added = self.added.borrow();
        match added.iter().find(|name| self.trace.is_ignored_anywhere(name)) {
            Some(name) => Err(ReadError::moved(name)),
            None => Ok(()),
        }
    }

    pub(super) fn into_converted(self) -> Vec<Conversion> {
        self.converted.into_inner().into_iter().collect()
    }
}

/// Returns the text of a number, a text or the name of a variant; `None` for any other value, such as a `bool`.
fn word(look: &Look<'_>) -> Option<String> {
    match look {
        Look::Scalar(ScalarValue::Unit | ScalarValue::Bool(_) | ScalarValue::Bytes(_)) => None,
        Look::Scalar(value) => Some(value.text()),
        Look::Variant(name, _) => Some((*name).to_owned()),
        _ => None,
    }
}

/// Refuses a number that was rounded to the nearest floating-point number.
fn check_rounded(old: &ScalarValue<'_>, new: &ScalarValue<'_>) -> Result<(), ReadError> {
    if old.is_rounded_to(new) { Err(ReadError::rounded(old, new)) } else { Ok(()) }
}
