//! The checkpoint of a slice: what it notes, and how many of its items are complete.

use crate::Checkpoint;

/// The note on how many items of the slice were put back, until a worker takes the slice.
const PUT_BACK: &str = "put-back!";
/// The note on the number of the head that the slice belongs to.
const HEAD: &str = "head!";

/// Prepares the slice for a worker that takes it as one of the head with the number `head`.
pub(super) fn begin(slice: &mut Checkpoint, head: u32) {
    slice.forget_note(PUT_BACK);
    slice.forget_note(HEAD);
    slice.note(HEAD, Some(head));
}

/// Returns the number of the head that the slice belongs to; `None` if an older release has stored the slice.
pub(super) fn head_of(slice: &Checkpoint) -> Option<u32> {
    slice.noted(HEAD)
}

/// Returns how many of the slice's items were put back since a worker had it; `None` if none were.
pub(super) fn put_back(slice: &Checkpoint) -> Option<u32> {
    slice.noted(PUT_BACK)
}

/// Notes that `count` more of the slice's items were put back.
pub(super) fn note_put_back(slice: &mut Checkpoint, count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let before = put_back(slice).unwrap_or(0);
    slice.note(PUT_BACK, Some(before.saturating_add(count)));
}

/// Returns how many items of the slice are complete, in a loop that knows them by key.
pub(super) fn known_by_key(slice: &Checkpoint, loop_id: u16) -> u64 {
    let keys = slice.loop_progress(loop_id).and_then(|progress| progress.keys());
    keys.map_or(0, |keys| keys.len() as u64)
}
