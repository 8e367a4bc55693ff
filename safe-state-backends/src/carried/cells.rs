//! Refuses cells that would not be the same after a resume.

use std::any::type_name;

use serde::de::DeserializeOwned;

use super::CarriedError;
use super::names::Names;
use super::written::unserializable;
use crate::value::{Cells, Parts, Section, Trace};

/// Refuses elements that can change after they were saved, because a list saves each of them once.
pub(super) fn check_elements<T: DeserializeOwned>(
    name: &str,
    (names, is_new): (&Names, bool),
    section: Section,
    bytes: &[u8],
) -> Result<(), CarriedError> {
    let Some(found) = find::<T>(Cells::All, (names, is_new), section, bytes) else { return Ok(()) };
    let reason = format!(
        "an element holds a `{found}`, which may change after it was saved, when it is not saved again; carry a `Vec` or a \
         `VecDeque` of these elements"
    );
    Err(unserializable::<T>(name, reason))
}

/// Refuses cells that parts of the value may share. They come back as several cells.
pub(super) fn check_shared<T: DeserializeOwned>(
    name: &str,
    (names, is_new): (&Names, bool),
    section: Section,
    bytes: &[u8],
) -> Result<(), CarriedError> {
    let cells = Cells::SharedWithin(type_name::<T>());
    let Some(found) = find::<T>(cells, (names, is_new), section, bytes) else { return Ok(()) };
    let reason = format!(
        "it holds a `{found}`, which is not shared any more after a resume; keep the values in a list, and their indices in \
         place of what is shared"
    );
    Err(unserializable::<T>(name, reason))
}

/// Returns the first type in the values that has one of the `cells`, if the values have a new shape.
fn find<T: DeserializeOwned>(
    cells: Cells,
    (names, is_new): (&Names, bool),
    section: Section,
    bytes: &[u8],
) -> Option<&'static str> {
    let schema = names.schema().filter(|_| is_new)?;
    let (trace, sections) = (Trace::looking_for(cells), [section]);
    // Values that do not read were refused before.
    Parts::<T>::new(schema, &sections, bytes).traced(&trace).for_each(drop);
    trace.found()
}
