//! Retrying the dead letters of all slices of a shared job.

use super::head::Head;
use super::job::{PATIENCE, SharedJob};
use super::reopening::{range_of, reopen, reopen_by_key, slices_to_reopen};
use super::slice;
use super::under_way::unfinished;
use crate::format::FormatError;
use crate::store::Opening;
use crate::{Checkpoint, Cut, DeadLetter, DeadLetterNotRetryable, DeadLetters, Error};

/// The number of dead letters that were put back; or the index of the first that can't be, and the reason.
pub type PutBack = Result<usize, (u64, DeadLetterNotRetryable)>;

/// A slice that may have dead letters to put back.
struct Given {
    loop_id: u16,
    slice: u32,
    letters: Letters,
}

/// The place of a slice's dead letters.
enum Letters {
    /// In the head, for a finished slice: these, with their indices within the slice.
    InHead(Vec<DeadLetter>),
    /// In the checkpoint of a finished slice of a loop that is cut by key. It is kept, as it alone tells which of the slice's
    /// items are complete.
    ByKey,
    /// In the checkpoint of a slice that is not finished, if it has dead letters.
    UnderWay,
}

impl Given {
    /// Returns the index of the first dead letter, with the reason, if the head says that the slice's values are stored apart,
    /// and they are not.
    fn lost_values(
        &self,
        head: &Head,
        found: Option<&Checkpoint>,
    ) -> Option<(u64, DeadLetterNotRetryable)> {
        let Letters::InHead(letters) = &self.letters else { return None };
        let is_there = found.is_some_and(|found| head.has_slice(found));
        if is_there || !head.stays_apart(self.loop_id, self.slice) {
            return None;
        }
        let first = letters.first().map_or(0, DeadLetter::index);
        let before = range_of(head, self.loop_id, self.slice).start;
        Some((first + before, DeadLetterNotRetryable::SliceLost))
    }
}

/// Puts the dead letters of all slices back, so that the next workers do their items. Returns how many they are. The inner error
/// is the index of the first letter that can't be put back, and the reason; then none is put back.
pub(super) fn put_back_dead_letters(job: &SharedJob) -> Result<PutBack, Error> {
    let mut opening = job.while_held(&job.job, PATIENCE)?;
    let Some(mut head) = opening.found().cloned().map(Head::from) else { return Ok(Ok(0)) };
    let given = given_up(job, &head, &mut opening)?;
    // Nothing is written before all slices were checked.
    if let Err(refused) = put_back(job, &given, &mut head.clone(), false)? {
        return Ok(Err(refused));
    }
    // This may fail, as a worker may have taken one of these slices since. Even then, the head no longer counts what was
    // given up in the slices that were put back.
    let is_under_way = |it: &Given| matches!(it.letters, Letters::UnderWay);
    let (under_way, finished): (Vec<_>, Vec<_>) = given.into_iter().partition(is_under_way);
    let of_under_way = put_back(job, &under_way, &mut head, true);
    let before = head.clone();
    let put_back = match of_under_way {
        Ok(Ok(count)) => {
            put_back(job, &finished, &mut head, true).map(|it| it.map(|more| count + more))
        }
        other => other,
    };
    if matches!(put_back, Ok(Ok(_))) {
        head.dead_letters = DeadLetters::default();
        opening.begin_shared(head.into())?;
    } else {
        opening.begin_shared(before.into())?;
    }
    put_back
}

/// Returns the slices that may have dead letters.
fn given_up(job: &SharedJob, head: &Head, opening: &mut Opening) -> Result<Vec<Given>, Error> {
    let mut given = Vec::new();
    let by_key = head.slices().filter(|it| it.cut == Cut::Key && !head.dead_letters.is_empty());
    for slices in by_key {
        let loop_id = slices.loop_id;
        for slice in (0..slices.count).filter(|it| slices.finished.contains(u64::from(*it))) {
            let stored = opening.found_under(&job.slice_name(loop_id, slice))?;
            let has_some =
                |it: &Checkpoint| !it.dead_letters.is_empty() || slice::put_back(it).is_some();
            if stored.as_ref().is_some_and(has_some) {
                given.push(Given { loop_id, slice, letters: Letters::ByKey });
            }
        }
    }
    let in_head = slices_to_reopen(head).into_iter();
    given.extend(in_head.map(|(loop_id, slice, letters)| {
        let letters = Letters::InHead(letters);
        Given { loop_id, slice, letters }
    }));
    for (loop_id, slice, _) in unfinished(head) {
        if opening.found_under(&job.slice_name(loop_id, slice))?.is_some() {
            given.push(Given { loop_id, slice, letters: Letters::UnderWay });
        }
    }
    Ok(given)
}

/// Puts the dead letters of the slices back, one slice after another, each under its own lease: a server has fewer
/// connections than a job has slices. No worker takes a slice that the head says is finished, so the head is written last.
/// Without `writes`, only finds out whether all can be put back.
fn put_back(
    job: &SharedJob,
    given: &[Given],
    head: &mut Head,
    writes: bool,
) -> Result<PutBack, Error> {
    let mut count = 0;
    for it in given {
        let free = free(job, it)?;
        if let Some(refused) = it.lost_values(head, free.found()) {
            return Ok(Err(refused));
        }
        let reopened = reopened(job, head, it, free.found().cloned());
        let reopened = reopened.map_err(|reason| job.unwritable(reason))?;
        let Some(mut stored) = reopened else { continue };
        // An earlier call may have put them back, and ended before it wrote the head.
        let before = match it.letters {
            Letters::ByKey => usize::try_from(slice::put_back(&stored).unwrap_or(0)).unwrap_or(0),
            Letters::InHead(_) | Letters::UnderWay => 0,
        };
        let put_back = match stored.put_back_dead_letters() {
            Ok(put_back) => put_back,
            Err(refused) => return Ok(Err(refused)),
        };
        if matches!(it.letters, Letters::ByKey) {
            slice::note_put_back(&mut stored, put_back);
        }
        count += before + put_back;
        if writes {
            free.begin(stored)?;
        }
        if matches!(it.letters, Letters::UnderWay) {
            head.workers.take_merges(it.loop_id, it.slice);
        }
    }
    Ok(Ok(count))
}

/// Takes the lease on a slice. A worker has a finished one only until it finds that it is finished.
fn free(job: &SharedJob, given: &Given) -> Result<Opening, Error> {
    let Given { loop_id, slice, letters } = given;
    match letters {
        Letters::UnderWay => job.of_nobody(*loop_id, *slice),
        Letters::InHead(_) | Letters::ByKey => {
            job.while_held(&job.slice_name(*loop_id, *slice), PATIENCE)
        }
    }
}

/// Makes a slice unfinished in the head. Returns the slice's new checkpoint, if it has dead letters.
fn reopened(
    job: &SharedJob,
    head: &mut Head,
    given: &Given,
    found: Option<Checkpoint>,
) -> Result<Option<Checkpoint>, FormatError> {
    let Given { loop_id, slice, letters } = given;
    let (loop_id, slice) = (*loop_id, *slice);
    match letters {
        Letters::InHead(letters) => {
            let none = || Checkpoint::new(job.slice_name(loop_id, slice), None);
            let before = found.unwrap_or_else(none);
            reopen(head, (loop_id, slice, letters.clone()), before).map(Some)
        }
        Letters::ByKey => {
            found.map(|stored| reopen_by_key(head, (loop_id, slice), stored)).transpose()
        }
        Letters::UnderWay => Ok(found.filter(|it| !it.dead_letters.is_empty())),
    }
}
