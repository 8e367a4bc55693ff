//! The clearing of a job that many workers share, and how workers that do not know of it yet are recognised.

use super::{PATIENCE, PUT_BACK, SharedJob};
use crate::{Checkpoint, Completed, Error, Slices};

/// The note in a slice that says which head it belongs to.
const HEAD: &str = "head!";
/// The note in a head that says that its slices are being removed.
const CLEARING: &str = "clearing!";

impl SharedJob {
    /// Removes all that is stored of the job.
    ///
    /// # Errors
    ///
    /// A worker has a slice of the job; or the backend cannot be written.
    pub fn clear(&self) -> Result<(), Error> {
        self.clear_if(|_| true)
    }

    /// Removes all that is stored of the job, if `is_meant` returns true for its head.
    ///
    /// # Errors
    ///
    /// A worker has a slice of the job; or the backend cannot be written.
    pub fn clear_if(&self, is_meant: impl FnOnce(&Checkpoint) -> bool) -> Result<(), Error> {
        let opening = self.while_held(&self.job, PATIENCE)?;
        let Some(head) = opening.found().cloned() else { return opening.delete() };
        if !is_meant(&head) {
            return Ok(());
        }
        let stored = self.stored_slices(&head)?;
        let is_finished = |(loop_id, slice): &(u16, u32)| {
            head.slices_of(*loop_id).is_some_and(|it| it.finished.contains(u64::from(*slice)))
        };
        for (loop_id, slice) in &stored {
            let free = self.of_nobody(*loop_id, *slice)?;
            if !stored.iter().any(is_finished) && free.found().is_some() {
                free.delete()?;
            }
        }
        if !stored.iter().any(is_finished) {
            return opening.delete();
        }
        // The head is marked before any slice is gone. Otherwise, if this process were killed on its way, slices that the head
        // says are finished would count as done. A worker that has taken a slice since finds the mark, and leaves the slice.
        let mut store = opening.begin_shared(head.marked_as_going())?;
        for (loop_id, slice) in stored {
            let free = self.while_held(&self.slice_name(loop_id, slice), PATIENCE)?;
            if free.found().is_some() {
                free.delete()?;
            }
        }
        store.delete()
    }

    /// Returns the slices that have a stored checkpoint.
    fn stored_slices(&self, head: &Checkpoint) -> Result<Vec<(u16, u32)>, Error> {
        let mut stored = Vec::new();
        for slices in head.slices() {
            for slice in 0..slices.count {
                if self.backend.exists(&self.slice_name(slices.loop_id, slice))? {
                    stored.push((slices.loop_id, slice));
                }
            }
        }
        Ok(stored)
    }
}

impl Checkpoint {
    /// Prepares the slice for a worker that takes it as a slice of `head`.
    pub fn begin_slice(&mut self, head: &Checkpoint) {
        self.forget_note(PUT_BACK);
        self.forget_note(HEAD);
        self.note(HEAD, Some(head.number()));
    }

    /// Notes in the slice that `count` more of its items were put back.
    pub(super) fn note_put_back(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let before = self.noted(PUT_BACK).unwrap_or(0);
        self.note(PUT_BACK, Some(before.saturating_add(count)));
    }

    /// Returns whether this is a slice of `head`, and not of a head that existed before the job was cleared.
    pub fn is_slice_of(&self, head: &Checkpoint) -> bool {
        self.noted(HEAD).is_none_or(|number| number == head.number())
    }

    /// Returns a number that tells this head from earlier and later ones of the job.
    fn number(&self) -> u32 {
        u32::try_from(self.started_at.micros() & u64::from(u32::MAX)).unwrap_or(0)
    }

    /// Returns whether the job is being removed, or was when the removal was interrupted.
    pub fn is_being_cleared(&self) -> bool {
        self.noted(CLEARING).is_some()
    }

    /// Returns the head with no slice finished, marked as one that no worker goes on from.
    fn marked_as_going(mut self) -> Checkpoint {
        self.note(CLEARING, Some(1));
        for slices in std::mem::take(&mut self.workers).slices() {
            if let Some(progress) = self.loops.get_mut(&slices.loop_id) {
                progress.forget_range(0..u64::MAX);
            }
            let finished = Completed::default();
            self.workers.set_slices(Slices { finished, ..slices.clone() });
        }
        self.forget_dead_letters();
        (self.skipped, self.finished) = (0, false);
        self
    }
}
