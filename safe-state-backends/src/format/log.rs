//! A whole checkpoint and its bytes: a snapshot, and the records behind it.

use super::error::damaged;
use super::frame::{self, Frame, Frames};
use super::pieces::Pieces;
use super::{FormatError, kind, record};
use crate::checkpoint::apply::apply;
use crate::checkpoint::differing::has_differing;
use crate::limits::DIFFERING_LIMIT;
use crate::{Carried, Checkpoint};

/// The number of zeros behind the last record that show that no other follows.
const NOTHING_FOLLOWS: usize = 4 * 1024;

/// Returns whether the last record of a checkpoint ends within these bytes, which are its beginning.
pub(crate) fn ends_within(beginning: &[u8]) -> bool {
    let Ok(mut frames) = Frames::open(beginning) else { return false };
    while let Ok(Some(_)) = frames.next_frame() {}
    frames.rest_in_use() == 0 && frames.rest_len() >= NOTHING_FOLLOWS
}

/// Decodes a stored checkpoint. A torn tail, which a crash in the middle of a save leaves, is dropped.
pub(crate) fn decode(bytes: &[u8]) -> Result<Checkpoint, FormatError> {
    let mut frames = Frames::open(bytes)?;
    let mut checkpoint = match frames.next_frame()? {
        Some(Frame { kind: kind::SNAPSHOT, payload, offset, .. }) => {
            record::snapshot(payload, offset)?
        }
        Some(Frame { kind, offset, .. }) => return Err(no_snapshot(kind, offset)),
        None => return Err(damaged(frame::HEADER_LEN, "the snapshot is cut off or damaged")),
    };
    let mut differing = 0;
    while let Some(frame) = frames.next_frame()? {
        let record = record::decode(&frame)?;
        differing += u32::from(has_differing(&record));
        if differing > DIFFERING_LIMIT {
            return Err(damaged(frame.offset, "too many values that tell how they differ"));
        }
        apply(&mut checkpoint, record).map_err(|what| damaged(frame.offset, what))?;
    }
    Ok(checkpoint)
}

/// Encodes the checkpoint for storage, as one snapshot.
pub(crate) fn encode(checkpoint: &Checkpoint) -> Result<Vec<u8>, FormatError> {
    let values = checkpoint.carried.values();
    let mut bytes = Vec::with_capacity(record::sum(values.map(Carried::size)) + 1024);
    bytes.extend_from_slice(&frame::header());
    record::write_snapshot(checkpoint, &mut bytes)?;
    Ok(bytes)
}

/// Returns the error for a first record that is whole, but of the kind `kind` instead of a snapshot.
pub(super) fn no_snapshot(kind: u8, offset: usize) -> FormatError {
    match kind {
        kind::EFFECTS => FormatError::OtherKind("an idempotency cache, and not a checkpoint"),
        kind::REPORT => FormatError::OtherKind("a report, and not a checkpoint"),
        kind::OUTPUT => {
            FormatError::OtherKind("a note of which job writes a file, and no checkpoint")
        }
        kind::SEALED_SNAPSHOT => FormatError::Encrypted,
        kind::PRESSES => FormatError::OtherKind("a note of who pressed buttons, and no checkpoint"),
        kind::REQUEST => FormatError::OtherKind("a request to a job, and not a checkpoint"),
        _ => damaged(offset, "the first record is no snapshot"),
    }
}

/// Encodes a checkpoint as a snapshot, without copying large values.
pub(crate) fn snapshot_in_pieces(checkpoint: &Checkpoint) -> Result<Pieces, FormatError> {
    let mut pieces = Pieces::default();
    pieces.small_mut().extend_from_slice(&frame::header());
    record::write_snapshot_in_pieces(checkpoint, &mut pieces)?;
    Ok(pieces)
}
