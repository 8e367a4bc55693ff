//! The contents of frames: records in their Postcard form.

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::error::damaged;
use super::frame::{self, FramePlace};
use super::pieces::{Growing, LARGE, Pieces};

/// A record that can stand in a frame.
pub(crate) trait Framed {
    /// Appends the record to `buffer`, framed for the place `place`.
    fn write(&self, place: FramePlace, buffer: &mut Vec<u8>) -> Result<(), FormatError>;

    /// Appends the record to `pieces`, framed for the place `place`, without copying large values.
    fn write_in_pieces(&self, place: FramePlace, pieces: &mut Pieces) -> Result<(), FormatError> {
        self.write(place, pieces.small_mut())
    }

    /// Returns a lower bound of the record's length in bytes.
    fn least_len(&self) -> usize {
        0
    }

    /// Returns whether the values are so large that memory should hold no second copy of them.
    fn is_large(&self) -> bool {
        self.least_len() > LARGE
    }
}

pub(super) fn payload<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    offset: usize,
) -> Result<T, FormatError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(damaged(offset, "a record is longer than what it holds")),
        Err(_) => Err(damaged(offset, "a record does not hold what its kind says")),
    }
}

pub(super) fn push(
    kind: u8,
    value: &impl Serialize,
    place: FramePlace,
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let start = frame::begin(buffer);
    let written = postcard::serialize_with_flavor(value, Growing(std::mem::take(buffer)));
    // Serialising our own types into memory fails only for their size.
    *buffer = written.map_err(|_| FormatError::TooLarge(usize::MAX))?;
    frame::end(buffer, start, place, kind)
}
