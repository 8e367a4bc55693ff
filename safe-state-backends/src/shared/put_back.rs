//! Retrying the dead letters of all slices of a shared job.

use super::{PUT_BACK, PutBack, SharedJob, unfinished};
use crate::store::Opening;
use crate::{Checkpoint, Cut, Error, Slices};

impl SharedJob {
    /// Puts the dead letters of all slices back, so that the next workers do their items. Returns how many they are.
    ///
    /// # Errors
    ///
    /// A worker has a slice with dead letters; or the backend cannot be read or written. The inner error is the index of the
    /// first letter that can't be put back, and the reason; then none is put back.
    pub fn put_back_dead_letters(&self) -> Result<PutBack, Error> {
        let opening = self.while_held(&self.job)?;
        let Some(mut head) = opening.found().cloned() else { return Ok(Ok(0)) };
        let mut written = Vec::new();
        let (mut count, letters) = (0, head.slices_to_reopen());
        count += self.reopen_by_key(&mut head, &mut written)?;
        let by_key = written.len();
        for (loop_id, slice, letters) in letters {
            let free = self.of_nobody(loop_id, slice)?;
            let none = || Checkpoint::new(self.slice_name(loop_id, slice), None);
            let before = free.found().cloned().unwrap_or_else(none);
            let stored = head.reopen((loop_id, slice, letters), before);
            written.push((free, stored.map_err(|reason| self.unwritable(reason))?));
        }
        self.add_with_letters(&mut head, &mut written)?;
        for (at, (_, stored)) in written.iter_mut().enumerate() {
            match stored.put_back_dead_letters() {
                Ok(put_back) => {
                    count += put_back;
                    if at < by_key {
                        stored.note_put_back(put_back);
                    }
                }
                Err(refused) => return Ok(Err(refused)),
            }
        }
        // The slices are written before the head: no worker takes a slice that the head says is finished.
        for (free, stored) in written {
            free.begin(stored)?;
        }
        head.forget_dead_letters();
        opening.begin_shared(head)?;
        Ok(Ok(count))
    }

    /// Reopens the finished slices that have dead letters, of loops that are cut by key. The checkpoint of each was kept, as
    /// only it says which of its items are complete. Returns how many letters an earlier call had put back that ended before it
    /// wrote the head.
    fn reopen_by_key(
        &self,
        head: &mut Checkpoint,
        written: &mut Vec<(Opening, Checkpoint)>,
    ) -> Result<usize, Error> {
        let mut before = 0;
        let by_key =
            head.slices().filter(|slices| slices.cut == Cut::Key && head.has_dead_letters());
        let finished = |slices: &Slices| {
            let (loop_id, finished) = (slices.loop_id, slices.finished.clone());
            (0..slices.count)
                .filter(move |it| finished.contains(u64::from(*it)))
                .map(move |it| (loop_id, it))
        };
        for (loop_id, slice) in by_key.flat_map(finished).collect::<Vec<_>>() {
            let Some(stored) = self.slice(loop_id, slice)? else { continue };
            if stored.dead_letters.is_empty() && stored.noted(PUT_BACK).is_none() {
                continue;
            }
            before += usize::try_from(stored.noted(PUT_BACK).unwrap_or(0)).unwrap_or(0);
            let free = self.of_nobody(loop_id, slice)?;
            let reopened = head.reopen_by_key(loop_id, slice, stored);
            written.push((free, reopened.map_err(|reason| self.unwritable(reason))?));
        }
        Ok(before)
    }

    /// Adds the slices under way that have dead letters.
    fn add_with_letters(
        &self,
        head: &mut Checkpoint,
        written: &mut Vec<(Opening, Checkpoint)>,
    ) -> Result<(), Error> {
        for (loop_id, slice, _) in unfinished(head) {
            let name = self.slice_name(loop_id, slice);
            let is_new = written.iter().any(|(_, stored)| stored.job == name);
            if is_new || self.slice(loop_id, slice)?.is_none() {
                continue;
            }
            let free = self.of_nobody(loop_id, slice)?;
            let stored = free.found().filter(|it| !it.dead_letters.is_empty()).cloned();
            let Some(stored) = stored else { continue };
            // The slice has no items given up any more, so its note is removed.
            head.workers.take_merges(loop_id, slice);
            written.push((free, stored));
        }
        Ok(())
    }
}
