//! The stored form of a job that many workers share: its head, under the job's name, and a checkpoint for each slice that is
//! under way, under a name that no job can have.
//!
//! A worker writes the head under its lease, which it holds only for the write. It does a slice under the slice's lease.

pub(crate) mod apart;
mod clearing;
mod current;
mod head;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod met;
mod put_back;
mod slice_notes;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::format::FormatError;
use crate::lease::wait;
use crate::name::{RESERVED, check_job};
use crate::store::Opening;
use crate::timestamp::Timestamp;
use crate::{
    Backend, Carried, Checkpoint, Cut, DeadLetterNotRetryable, Error, Holder, Lease, LeaseOptions,
    Slices, Store,
};

/// The time to wait for others that write the head. Each takes a moment.
const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST_PAUSE: Duration = Duration::from_millis(40);
/// The number of times that a worker begins to change the head, if it loses the head's lease each time.
const LOST_AT_MOST: u32 = 8;

/// A job that many workers share, in its backend.
#[derive(Clone)]
pub struct SharedJob {
    backend: Arc<dyn Backend>,
    job: String,
    options: LeaseOptions,
    /// The time when the head that is meant began; `None` means any head.
    began: Option<Timestamp>,
}

/// The note in a slice that says how many of its items were put back, until a worker takes the slice.
const PUT_BACK: &str = "put-back!";

/// The number of dead letters that were put back; or the index of the first that can't be, and the reason.
pub type PutBack = Result<usize, (u64, DeadLetterNotRetryable)>;

/// A slice whose items are all complete.
#[derive(Clone, Debug)]
pub struct FinishedSlice {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The slice's number.
    pub slice: u32,
    /// The slice's items, by their indices in the whole input.
    pub range: Range<u64>,
    /// The values of variables at the end of the slice, by their names.
    pub values: Vec<(String, Carried)>,
}

impl fmt::Debug for SharedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedJob").field("job", &self.job).finish_non_exhaustive()
    }
}

impl SharedJob {
    /// Creates a handle to the job `job` in the backend. Its leases are taken with `options`, but never waited for.
    ///
    /// # Errors
    ///
    /// No job can have this name.
    pub fn new(backend: Arc<dyn Backend>, job: &str, options: LeaseOptions) -> Result<Self, Error> {
        check_job(job)?;
        Ok(SharedJob { backend, job: job.to_owned(), options: options.wait(None), began: None })
    }

    /// Restricts the handle to the job that began with `head`: a job that begins anew after it was cleared is another.
    #[must_use]
    pub fn of(self, head: &Checkpoint) -> Self {
        SharedJob { began: Some(head.started_at), ..self }
    }

    /// Returns the job's name.
    pub fn name(&self) -> &str {
        &self.job
    }

    /// Returns the backend that stores the job.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Returns the head; `None` if the job has not begun, or was cleared. Takes no lease, so a replica of the store may return an
    /// older head.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn head(&self) -> Result<Option<Checkpoint>, Error> {
        Ok(Checkpoint::load(&*self.backend, &self.job)?.filter(|head| self.is_of(head)))
    }

    fn is_of(&self, head: &Checkpoint) -> bool {
        self.began.is_none_or(|began| began == head.started_at && !head.is_being_cleared())
    }

    /// Changes the head under its lease. `change` takes the stored head and returns the new one, or `None` to leave it. It is
    /// called again if the lease was lost before the new head was written.
    ///
    /// # Errors
    ///
    /// The error of `change`; or the backend cannot be read or written.
    pub fn change<T, E: From<Error>>(
        &self,
        change: impl FnMut(Option<Checkpoint>) -> Result<(Option<Checkpoint>, T), E>,
    ) -> Result<T, E> {
        self.change_within(PATIENCE, change)
    }

    /// Changes the head under its lease, and waits for that lease no longer than `patience`.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another worker has the head for longer; the error of `change`; or the backend cannot be read or
    /// written.
    pub fn change_within<T, E: From<Error>>(
        &self,
        patience: Duration,
        mut change: impl FnMut(Option<Checkpoint>) -> Result<(Option<Checkpoint>, T), E>,
    ) -> Result<T, E> {
        let mut changed = self.changed(patience, &mut change)?;
        for _ in 1..LOST_AT_MOST {
            if changed.is_ok() {
                break;
            }
            changed = self.changed(patience, &mut change)?;
        }
        Ok(changed?)
    }

    /// Tries once to change the head. The inner error is that the head's lease was lost.
    fn changed<T, E: From<Error>>(
        &self,
        patience: Duration,
        change: &mut impl FnMut(Option<Checkpoint>) -> Result<(Option<Checkpoint>, T), E>,
    ) -> Result<Result<T, Error>, E> {
        let lost = |error| match error {
            lost @ Error::LeaseLost { .. } => Ok(lost),
            other => Err(E::from(other)),
        };
        let opening = match self.while_held(&self.job, patience) {
            Ok(opening) => opening,
            Err(error) => return lost(error).map(Err),
        };
        let (head, given) = change(opening.found().filter(|head| self.is_of(head)).cloned())?;
        match head.map(|head| opening.begin_shared(head)) {
            Some(Err(error)) => lost(error).map(Err),
            _ => Ok(Ok(given)),
        }
    }

    /// Takes the lease on a slice, and loads its checkpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another worker has the slice; or the backend cannot be read.
    pub fn claim(&self, loop_id: u16, slice: u32) -> Result<Opening, Error> {
        let name = self.slice_name(loop_id, slice);
        Store::open_named(&self.backend, &name, self.options)
    }

    /// Returns the name under which a slice under way is stored.
    pub fn slice_name(&self, loop_id: u16, slice: u32) -> String {
        name_of_slice(&self.job, loop_id, slice)
    }

    /// Takes the lease on a step, held by the worker that does the step.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another worker has the step; or the backend cannot be read.
    pub fn claim_step(&self, step: &str) -> Result<Box<dyn Lease>, Error> {
        let name = format!("{RESERVED}shared/step/{step:?}/{}", self.job);
        Arc::clone(&self.backend).lease(&name, self.options)
    }

    /// Takes the lease on a slice, so that no worker has it. The error names the job instead of the slice.
    fn of_nobody(&self, loop_id: u16, slice: u32) -> Result<Opening, Error> {
        self.claim(loop_id, slice).map_err(|error| match error {
            Error::Held { holder, .. } => Error::Held { job: self.job.clone(), holder },
            other => other,
        })
    }

    /// Makes the error of a head that can't be written.
    pub fn unwritable(&self, reason: FormatError) -> Error {
        Error::unwritable(&*self.backend, &self.job, reason)
    }

    fn while_held(&self, name: &str, patience: Duration) -> Result<Opening, Error> {
        wait::while_held(patience, LONGEST_PAUSE, || {
            Store::open_named(&self.backend, name, self.options)
        })
    }
}

/// Returns the name under which a slice of a job is stored while it is under way.
fn name_of_slice(job: &str, loop_id: u16, slice: u32) -> String {
    format!("{RESERVED}shared/{loop_id}/{slice}/{job}")
}

/// Returns the slices that are not finished, with the range of each one's items.
fn unfinished(head: &Checkpoint) -> Vec<(u16, u32, Range<u64>)> {
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
        let Some(stored) = Checkpoint::load(backend, &name)? else { continue };
        let holder = backend.holder(&name).ok().flatten();
        begun.push(BegunSlice { loop_id, slice, range, stored, holder });
    }
    Ok(begun)
}

/// Returns the head with the progress of the begun slices added, to be shown.
pub fn whole(mut head: Checkpoint, begun: &[BegunSlice]) -> Checkpoint {
    for it in begun {
        head.show_slice(it.loop_id, it.range.clone(), &it.stored);
    }
    head.show_end(begun);
    head
}

impl FinishedSlice {
    /// Returns whether the checkpoint `found` of the slice stays, now that `head` says that the slice is finished: the head lacks
    /// the slice's values, or the loop is cut by key and `found` has dead letters.
    pub fn stays(&self, found: &Checkpoint, head: &Checkpoint) -> bool {
        let is_by_key = head.slices_of(self.loop_id).is_some_and(|it| it.cut == Cut::Key);
        let are_apart = !self.values.is_empty() && !head.has_merges_of(self.loop_id, self.slice);
        is_by_key && !found.dead_letters.is_empty() || are_apart
    }

    fn values_stay(&self, found: &Checkpoint, head: &Checkpoint) -> bool {
        let are_there = self.values.iter().all(|(name, _)| found.carried_value(name).is_some());
        !self.values.is_empty() && are_there && head.keeps_apart(self.loop_id, &self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Completed, DeadLetter, MemoryBackend, range_of_slice};

    fn shared() -> SharedJob {
        let backend = Arc::new(MemoryBackend::default());
        SharedJob::new(backend, "job", LeaseOptions::default()).unwrap()
    }

    fn cut(job: &SharedJob, count: u32) {
        let slices = Slices { loop_id: 0, count, cut: Cut::Index, finished: Completed::default() };
        let begun = job.change(|_| {
            let mut head = Checkpoint::new("job", None);
            head.cut(slices.clone(), Some(100)).unwrap();
            Ok::<_, Error>((Some(head), ()))
        });
        begun.unwrap();
    }

    fn finish(job: &SharedJob, slice: u32, count: u32) {
        let range = range_of_slice(slice, count, 100);
        let finished = FinishedSlice { loop_id: 0, slice, range, values: Vec::new() };
        let done = job.change(|head| {
            let mut head = head.unwrap();
            head.finish_slice(finished.clone(), &Checkpoint::new("slice", None)).unwrap();
            Ok::<_, Error>((Some(head), ()))
        });
        done.unwrap();
    }

    #[test]
    fn a_slice_that_is_finished_counts_its_items_once() {
        let job = shared();
        cut(&job, 7);
        finish(&job, 3, 7);
        finish(&job, 3, 7);
        finish(&job, 0, 7);
        let head = job.head().unwrap().unwrap();
        let finished: Vec<_> = head.slices_of(0).unwrap().finished.ranges().collect();
        assert_eq!(finished, [0..1, 3..4]);
        let completed: Vec<_> = head.completed().ranges().collect();
        assert_eq!(completed, [0..14, 42..57]);
    }

    #[test]
    fn what_a_slice_skips_counts_once_after_it_is_done_again() {
        for cut in [Cut::Index, Cut::Key] {
            let mut head = Checkpoint::new("job", None);
            let finished = Completed::default();
            let slices = Slices { loop_id: 0, count: 2, cut: cut.clone(), finished };
            head.cut(slices, Some(100)).unwrap();
            let mut stored = Checkpoint::new("slice", None);
            stored.skipped = 3;
            let finished = FinishedSlice { loop_id: 0, slice: 0, range: 0..50, values: Vec::new() };
            head.finish_slice(finished.clone(), &stored).unwrap();
            let again = match cut {
                Cut::Key => head.reopen_by_key(0, 0, stored),
                Cut::Index | Cut::Splits(_) => head.reopen((0, 0, Vec::new()), stored),
            };
            head.finish_slice(finished, &again.unwrap()).unwrap();
            assert_eq!(head.skipped, 3);
        }
    }

    #[test]
    fn a_slice_is_hidden_and_held_by_one() {
        let job = shared();
        cut(&job, 2);
        let opening = job.claim(0, 1).unwrap();
        assert!(matches!(job.claim(0, 1), Err(Error::Held { .. })));
        let store = opening.begin(Checkpoint::new(job.slice_name(0, 1), None)).unwrap();
        assert_eq!(job.backend().list().unwrap(), ["job"]);
        assert!(matches!(job.clear(), Err(Error::Held { .. })));
        drop(store);
        job.clear().unwrap();
        let slice = Checkpoint::load(&**job.backend(), &job.slice_name(0, 1));
        assert_eq!((job.head().unwrap(), slice.unwrap()), (None, None));
    }

    #[test]
    fn a_dead_letter_of_a_slice_is_one_of_the_whole_input() {
        use crate::{Failure, FailureKind};
        let failure = Failure::new(FailureKind::Error, "E", "no").with_index(Some(2));
        let letter = DeadLetter::new(0, vec![], None, failure.clone());
        assert_eq!(letter.behind(40).index(), 42);
        let inner = DeadLetter::new(1, vec![3], None, failure);
        assert_eq!((inner.clone().behind(40).index(), inner.behind(40).within()), (2, &[43][..]));
    }
}
