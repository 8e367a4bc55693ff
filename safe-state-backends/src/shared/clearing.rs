//! The clearing of a job that many workers share.

use super::head::Head;
use super::job::{PATIENCE, SharedJob};
use crate::{Checkpoint, Completed, DeadLetters, Error, Slices};

/// Removes all that is stored of the job, if `is_meant` returns true for its head.
pub(super) fn clear_if(job: &SharedJob, is_meant: impl FnOnce(&Head) -> bool) -> Result<(), Error> {
    let opening = job.while_held(&job.job, PATIENCE)?;
    let Some(head) = opening.found().cloned().map(Head::from) else { return opening.delete() };
    if !is_meant(&head) {
        return Ok(());
    }
    let stored = stored_slices(job, &head)?;
    let is_finished = |(loop_id, slice): &(u16, u32)| {
        head.slices_of(*loop_id).is_some_and(|it| it.finished.contains(u64::from(*slice)))
    };
    for (loop_id, slice) in &stored {
        let free = job.of_nobody(*loop_id, *slice)?;
        if !stored.iter().any(is_finished) && free.found().is_some() {
            free.delete()?;
        }
    }
    if !stored.iter().any(is_finished) {
        return opening.delete();
    }
    // The head is marked before any slice is gone. Otherwise, if this process were killed on its way, slices that the head
    // says are finished would count as done. A worker that has taken a slice since finds the mark, and leaves the slice.
    let mut store = opening.begin_shared(marked_as_going(head).into())?;
    for (loop_id, slice) in stored {
        let free = job.while_held(&job.slice_name(loop_id, slice), PATIENCE)?;
        if free.found().is_some() {
            free.delete()?;
        }
    }
    store.delete()
}

/// Returns the slices that have a stored checkpoint.
fn stored_slices(job: &SharedJob, head: &Checkpoint) -> Result<Vec<(u16, u32)>, Error> {
    let mut stored = Vec::new();
    for slices in head.slices() {
        for slice in 0..slices.count {
            if job.backend.exists(&job.slice_name(slices.loop_id, slice))? {
                stored.push((slices.loop_id, slice));
            }
        }
    }
    Ok(stored)
}

/// Returns the head with no slice finished, marked as one that no worker goes on from.
fn marked_as_going(mut head: Head) -> Head {
    head.note_clearing();
    for slices in std::mem::take(&mut head.workers).slices() {
        if let Some(progress) = head.loops.get_mut(&slices.loop_id) {
            progress.forget_range(0..u64::MAX);
        }
        let finished = Completed::default();
        head.workers.set_slices(Slices { finished, ..slices.clone() });
    }
    head.dead_letters = DeadLetters::default();
    (head.skipped, head.finished) = (0, false);
    head
}
