//! Slices that are finished, and are opened again because their dead letters are put back.

use std::ops::Range;

use super::{apart, slice};
use crate::format::{Change, FormatError, LoopChange};
use crate::{Checkpoint, DeadLetter, RunEnd, Slices, Timings};

/// Returns the name of the note on how many slices of the loop were made unfinished again.
fn name_of_note(loop_id: u16) -> String {
    format!("reopened!{loop_id}")
}

/// Returns the slices that have dead letters, with these letters, whose indices count from the start of the slice.
pub(super) fn slices_to_reopen(head: &Checkpoint) -> Vec<(u16, u32, Vec<DeadLetter>)> {
    let mut found: Vec<(u16, u32, Vec<DeadLetter>)> = Vec::new();
    for letter in &head.dead_letters {
        let of = head.slices().find_map(|slices| slice_of(head, slices, &letter));
        let Some((loop_id, slice, before)) = of else { continue };
        let letter = letter.after(before);
        match found.iter_mut().find(|(of, at, _)| (*of, *at) == (loop_id, slice)) {
            Some((.., letters)) => letters.push(letter),
            None => found.push((loop_id, slice, vec![letter])),
        }
    }
    found
}

/// Returns the slice of the dead letter, and the number of items before that slice.
fn slice_of(head: &Checkpoint, slices: &Slices, letter: &DeadLetter) -> Option<(u16, u32, u64)> {
    let (outermost, index) = match letter.within.first() {
        Some(outermost) => (slices.loop_id <= letter.loop_id, *outermost),
        None => (slices.loop_id == letter.loop_id, letter.index()),
    };
    let total = head.loop_progress(slices.loop_id)?.total?;
    let range = |slice| slices.range(slice, total);
    let slice = (0..slices.count).find(|slice| range(*slice).contains(&index))?;
    outermost.then(|| (slices.loop_id, slice, range(slice).start))
}

/// Returns the items of a slice, by their indices in the whole input.
pub(super) fn range_of(head: &Checkpoint, loop_id: u16, slice: u32) -> Range<u64> {
    let total = head.loop_progress(loop_id).and_then(|it| it.total).unwrap_or(0);
    head.slices_of(loop_id).map_or(0..0, |slices| slices.range(slice, total))
}

/// Makes a slice unfinished, whose checkpoint was `before`, and moves its dead letters there. Returns the slice's new
/// checkpoint: all of its items are complete, and some are dead letters.
pub(super) fn reopen(
    head: &mut Checkpoint,
    (loop_id, slice, letters): (u16, u32, Vec<DeadLetter>),
    mut before: Checkpoint,
) -> Result<Checkpoint, FormatError> {
    let range = range_of(head, loop_id, slice);
    let count = range.end - range.start;
    make_unfinished(head, (loop_id, slice), &mut before)?;
    before.loops.clear();
    let begun = Some(Vec::new());
    let whole = LoopChange { loop_id, begun, count, total: Some(count), ..LoopChange::default() };
    let end = Some(RunEnd::Stopped);
    before.take_in(Change { loops: vec![whole], end, ..Change::default() })?;
    before.dead_letters = letters.into_iter().collect();
    if let Some(progress) = head.loops.get_mut(&loop_id) {
        progress.forget_range(range);
    }
    Ok(before)
}

/// Reopens a slice of a loop that is cut by key, whose checkpoint `stored` was kept.
pub(super) fn reopen_by_key(
    head: &mut Checkpoint,
    (loop_id, slice): (u16, u32),
    mut stored: Checkpoint,
) -> Result<Checkpoint, FormatError> {
    make_unfinished(head, (loop_id, slice), &mut stored)?;
    if let Some(progress) = head.loops.get_mut(&loop_id) {
        let put_back = u64::from(slice::put_back(&stored).unwrap_or(0));
        progress.complete_fewer(slice::known_by_key(&stored, loop_id) + put_back);
    }
    Ok(stored)
}

/// Makes a slice unfinished in the head. Moves the values that the head has of it to the slice's checkpoint `stored`.
fn make_unfinished(
    head: &mut Checkpoint,
    (loop_id, slice): (u16, u32),
    stored: &mut Checkpoint,
) -> Result<(), FormatError> {
    let unknown = FormatError::TooMany("a slice of a loop that has none");
    let mut slices = head.slices_of(loop_id).cloned().ok_or(unknown)?;
    head.skipped = head.skipped.saturating_sub(stored.skipped);
    stored.timings = Timings::default();
    stored.carried.extend(head.workers.take_merges(loop_id, slice));
    apart::note(head, loop_id, slice, false)?;
    slices.finished.remove(u64::from(slice));
    head.workers.set_slices(slices);
    let count = count(head, loop_id).wrapping_add(1);
    head.forget_note(&name_of_note(loop_id));
    head.note(&name_of_note(loop_id), Some(count));
    head.finished = false;
    Ok(())
}

/// Returns how many slices of the loop were reopened because their dead letters were put back.
pub(super) fn count(head: &Checkpoint, loop_id: u16) -> u32 {
    head.noted(&name_of_note(loop_id)).unwrap_or(0)
}
