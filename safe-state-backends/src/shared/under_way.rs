//! The slices of a shared job that are not finished, and the job with their progress.

use std::ops::Range;

use super::job::name_of_slice;
use super::slice::known_by_key;
use crate::loading;
use crate::{Backend, Checkpoint, Cut, Error, Holder, RunEnd, Slices};

/// A slice that has begun, and is not finished.
#[derive(Clone, Debug)]
pub struct BegunSlice {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The slice's number.
    pub slice: u32,
    /// The slice's items, by their indices in the whole input; empty if the loop is cut by key.
    pub range: Range<u64>,
    /// The slice's checkpoint.
    pub stored: Checkpoint,
    /// The worker that has the slice, as far as the backend tells.
    pub holder: Option<Holder>,
}

/// Loads the slices of the job with the head `head` that have begun and are not finished. Takes no lease.
///
/// # Errors
///
/// The backend cannot be read.
pub fn begun_slices(
    backend: &dyn Backend,
    job: &str,
    head: &Checkpoint,
) -> Result<Vec<BegunSlice>, Error> {
    let mut begun = Vec::new();
    let unfinished = unfinished(head);
    let name = |(loop_id, slice, _): &(u16, u32, _)| name_of_slice(job, *loop_id, *slice);
    let are_stored = backend.stored_under(&unfinished.iter().map(name).collect::<Vec<_>>())?;
    for (loop_id, slice, range) in unfinished {
        let name = name_of_slice(job, loop_id, slice);
        if are_stored.as_ref().is_some_and(|stored| !stored.contains(&name)) {
            continue;
        }
        let Some(stored) = loading::load(backend, &name)? else { continue };
        let holder = backend.holder(&name).ok().flatten();
        begun.push(BegunSlice { loop_id, slice, range, stored, holder });
    }
    Ok(begun)
}

/// Returns the head with the progress of the begun slices added, to be shown.
pub fn whole(mut head: Checkpoint, begun: &[BegunSlice]) -> Checkpoint {
    for it in begun {
        show_slice(&mut head, it);
    }
    show_end(&mut head, begun);
    head
}

/// Returns the slices that are not finished, with the range of each one's items.
pub(super) fn unfinished(head: &Checkpoint) -> Vec<(u16, u32, Range<u64>)> {
    let of_loop = |slices: &Slices| {
        let (loop_id, count) = (slices.loop_id, slices.count);
        let total = head.loop_progress(loop_id).and_then(|it| it.total).unwrap_or(0);
        let finished = slices.finished.clone();
        let left = (0..count).filter(move |slice| !finished.contains(u64::from(*slice)));
        let cut = slices.cut.clone();
        left.map(move |slice| (loop_id, slice, cut.range(slice, count, total)))
    };
    head.slices().flat_map(of_loop).collect()
}

/// Adds the progress of a slice under way, to be shown.
fn show_slice(head: &mut Checkpoint, begun: &BegunSlice) {
    let BegunSlice { loop_id, range, stored: slice, .. } = begun;
    let loop_id = *loop_id;
    let is_by_key = head.slices_of(loop_id).is_some_and(|slices| slices.cut == Cut::Key);
    if let Some(ours) = head.loops.get_mut(&loop_id) {
        let before = ours.completed().len();
        if is_by_key {
            ours.complete_more(known_by_key(slice, loop_id));
        } else if let Some(theirs) = slice.loop_progress(loop_id) {
            for complete in theirs.completed.ranges() {
                ours.complete_range(complete.start + range.start..complete.end + range.start);
            }
        }
        head.history.complete(ours.completed().len().saturating_sub(before));
    }
    let letters = slice.dead_letters.iter().map(|letter| letter.behind(range.start));
    head.dead_letters.add(&letters.collect());
    head.skipped = head.skipped.saturating_add(slice.skipped);
    head.timings.add_slice(&slice.timings, range.start);
    let failure = slice.failure.clone().map(|failure| {
        let index = failure.index().map(|index| index.saturating_add(range.start));
        failure.with_index(index)
    });
    head.failure = head.failure.take().or(failure);
    head.updated_at = head.updated_at.max(slice.updated_at);
    head.item_nanos = head.item_nanos.or(slice.item_nanos);
}

/// Shows how the run has ended, if no worker has one of the `begun` slices, and none has died in one.
fn show_end(head: &mut Checkpoint, begun: &[BegunSlice]) {
    let is_over = |it: &BegunSlice| it.holder.is_none() && !it.stored.is_open();
    if !head.finished && begun.iter().all(is_over) {
        let end = if head.failure.is_some() { RunEnd::Failed } else { RunEnd::Stopped };
        head.history.end(end, head.updated_at);
    }
}
