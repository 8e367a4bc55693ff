//! A worker's view of a shared job: its terms, the slice under way and where to look for the next.

use std::fmt;
use std::time::{Duration, Instant};

use safe_state_backends::format::Change;
use safe_state_backends::{
    Carried, CarriedChange, Carry, Failure, FinishedSlice, Head, RunEnd, SharedJob, Store,
};

use super::hunt::{Done, Hunt, Passed, SliceAt, Turn};
use super::input::Sampled;
use super::steps::Steps;
use crate::job::shared::{OnIdle, SharedTerms};
use crate::progress::Progress;
use crate::save::schedule::SaveEvery;
use crate::{Error, Job};

/// A worker of a job that many workers share.
pub(crate) struct Sharing {
    job: SharedJob,
    /// When the progress of a slice is saved, and whether each item is timed.
    saves: (SaveEvery, bool),
    terms: SharedTerms,
    /// The job's number of cancellations when this worker began; another number in the head tells it to stop.
    cancelled: u32,
    pub(crate) steps: Steps,
    /// The time of the next look at how many workers divide the job's rate, if the job has one.
    divided: Option<Divided>,
    /// The slice under way.
    at: Option<UnderWay>,
    looking: Looking,
}

/// The worker's search in the loop that it is at.
#[derive(Default)]
struct Looking {
    /// The result of all workers, once all slices of a loop are finished.
    done: Option<Done>,
    /// The search for slices of the loop.
    hunt: Option<Hunt>,
    passed: Vec<Passed>,
    /// Whether the worker was refused because it differs from those before it.
    is_refused: bool,
}

/// The time after which a worker that divides a rate looks again how many workers there are.
const DIVIDED_AGAIN: Duration = Duration::from_secs(1);

/// The state of a rate that all workers divide.
#[derive(Debug, Default)]
struct Divided {
    next: Option<Instant>,
}

/// The number of a loop's items, and the way in which the loop knows them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KnownItems {
    ByIndex {
        total: u64,
        sampled: Sampled,
    },
    ByKey {
        total: u64,
        /// A checksum of all keys.
        keys: u32,
    },
}

/// A slice under way.
struct UnderWay {
    slice: SliceAt,
    /// The progress of the run outside the slice.
    outside: Progress,
    /// The values of variables at the end of the slice.
    values: Vec<(String, Carried)>,
}

impl Sharing {
    /// Creates a worker of the job as `stored`, which has been cancelled `cancelled` times.
    pub(crate) fn new(job: &Job, stored: SharedJob, cancelled: u32) -> Self {
        let steps = Steps::new(stored.clone());
        Sharing {
            job: stored,
            saves: (job.saves.every, job.saves.timings),
            terms: job.saves.shared.clone().unwrap_or_default(),
            cancelled,
            steps,
            divided: job.watch.rate.map(|_| Divided::default()),
            at: None,
            looking: Looking::default(),
        }
    }

    pub(crate) fn job(&self) -> &SharedJob {
        &self.job
    }

    pub(crate) fn save_every(&self) -> SaveEvery {
        self.saves.0
    }

    /// Returns whether each item is timed.
    pub(crate) fn times_items(&self) -> bool {
        self.saves.1
    }

    /// Returns whether the worker ends, instead of waiting, when other workers have all that is left.
    pub(crate) fn leaves(&self) -> bool {
        self.terms.on_idle == OnIdle::Leave
    }

    /// Returns whether a slice is under way.
    pub(crate) fn is_in_slice(&self) -> bool {
        self.at.is_some()
    }

    /// Returns whether the worker was refused because it differs from those before it. The job has not failed then.
    pub(crate) fn is_refused(&self) -> bool {
        self.looking.is_refused
    }

    /// Notes the answer of a turn of the search, and returns it.
    pub(crate) fn turned(&mut self, turn: Result<Turn, Error>) -> Result<Turn, Error> {
        self.looking.is_refused = matches!(turn, Err(Error::WorkerDiffers { .. }));
        turn
    }

    /// Returns the loop and the slice under way.
    pub(crate) fn slice(&self) -> Option<(u16, u32)> {
        self.at.as_ref().map(|at| (at.slice.loop_id, at.slice.slice))
    }

    /// Takes the search for slices of the loop `loop_id`, or begins one. `accepts` tells that the input may have
    /// changed.
    ///
    /// # Errors
    ///
    /// The ranges that the program gives do not fit the input.
    pub(crate) fn hunt(
        &mut self,
        (loop_id, carries): (u16, bool),
        known: KnownItems,
        accepts: bool,
    ) -> Result<Hunt, Error> {
        if let Some(before) = self.looking.hunt.take().filter(|hunt| hunt.loop_id() == loop_id) {
            return Ok(before);
        }
        let (cutting, sampled) = match known {
            KnownItems::ByIndex { total, sampled } => (self.terms.cut(total), sampled),
            KnownItems::ByKey { total, keys } => {
                (self.terms.cut_by_key(total, keys), Sampled::default())
            }
        };
        let job = || self.job.name().to_owned();
        let cutting = cutting.map_err(|reason| Error::Slices { job: job(), reason })?;
        let hunt = Hunt::new(self.job.clone(), (loop_id, carries), cutting, self.cancelled);
        let hunt = hunt.sampled_so(sampled, accepts);
        Ok(if self.divided.is_some() { hunt.noting() } else { hunt })
    }

    /// Returns the number of slices of a loop of `total` items that are known by key.
    pub(crate) fn slices_by_key(&self, total: u64) -> u32 {
        self.terms.cut_by_key(total, 0).map_or(1, |cutting| cutting.count)
    }

    /// Returns the job, to be asked how many workers divide its rate, if it is time.
    pub(crate) fn asks_for_share(&mut self, now: Instant) -> Option<SharedJob> {
        let Divided { next } = self.divided.as_mut()?;
        if self.at.is_none() || next.is_some_and(|next| now < next) {
            return None;
        }
        *next = Some(now + DIVIDED_AGAIN);
        Some(self.job.clone())
    }

    /// Notes that all slices of the loop are finished.
    pub(crate) fn all_finished(&mut self, done: Done) {
        self.looking.passed.push(done.passed());
        (self.looking.done, self.looking.hunt) = (Some(done), None);
    }

    /// The loops that the worker has passed.
    pub(crate) fn passed(&self) -> &[Passed] {
        &self.looking.passed
    }

    /// Returns what all workers have done with the loop that was finished last.
    pub(crate) fn done(&self) -> Option<&Done> {
        self.looking.done.as_ref()
    }

    /// Begins a slice. `outside` is the progress outside the slice.
    pub(crate) fn begin(&mut self, slice: SliceAt, hunt: Hunt, outside: Progress) {
        self.looking.hunt = Some(hunt);
        self.at = Some(UnderWay { slice, outside, values: Vec::new() });
    }

    /// Keeps the value of a variable at the end of the slice.
    pub(crate) fn keep<T: Carry>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let change = value.change(name, Vec::new(), None);
        let job = || self.job.name().to_owned();
        let change = change.map_err(|carried| Error::Carried { job: job(), carried })?;
        if let (Some(at), Some(CarriedChange { name, value, .. })) = (&mut self.at, change) {
            at.values.push((name, value));
        }
        Ok(())
    }

    /// Ends the slice. Returns what the head has to note of it, and the progress outside the slice.
    pub(crate) fn finish(&mut self) -> Option<(FinishedSlice, Progress)> {
        let UnderWay { slice, outside, values } = self.at.take()?;
        let SliceAt { loop_id, slice, range } = slice;
        Some((FinishedSlice { loop_id, slice, range, values }, outside))
    }

    /// Updates the search for slices from the head as it is after the slice was finished.
    pub(crate) fn finished(&mut self, head: &Head) {
        if let Some(hunt) = &mut self.looking.hunt {
            hunt.knows(head);
        }
    }
}

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharing").field("job", &self.job).finish_non_exhaustive()
    }
}

/// Marks the slice finished in the head, and removes the slice's own checkpoint unless the head can't hold its values. Returns the
/// head as it is then.
///
/// # Errors
///
/// The backend cannot be read or written, another worker has the slice, or the job was cleared.
pub(crate) fn finish_slice(
    job: &SharedJob,
    finished: &FinishedSlice,
    store: &mut Store,
) -> Result<Head, Error> {
    let (head, stays) = job.change(|head| {
        let Some(mut head) = head else {
            return Err(Error::Cleared { job: job.name().to_owned() });
        };
        // While this worker stood still, another may have finished the slice, and its dead letters may have been put back. Each of
        // these needs the head, whose lease is held here, so a slice that can still be written is this worker's.
        store.save(Change { end: Some(RunEnd::Stopped), ..Change::default() })?;
        let found = store.checkpoint();
        head.finish_slice(finished.clone(), found).map_err(|reason| job.unwritable(reason))?;
        let stays = head.keeps(finished, found);
        Ok((Some(head.clone()), (head, stays)))
    })?;
    if !stays {
        // One that is left is passed over by all workers, and goes when the job is cleared.
        let _ = store.delete();
    }
    Ok(head)
}

/// Notes the failure in the head, or else marks the job finished, unless it is. Returns how many items are complete; none if dead
/// letters were put back of loops that the worker had passed.
///
/// # Errors
///
/// The backend cannot be read or written.
pub(crate) fn end_job(
    job: &SharedJob,
    passed: &[Passed],
    failure: Option<&Failure>,
) -> Result<Option<u64>, safe_state_backends::Error> {
    job.change(|head| {
        let Some(mut head) = head else { return Ok((None, Some(0))) };
        let count = Some(head.completed_from(0));
        let is_as_it_was = |it: &Passed| head.reopened_slices(it.loop_id) == it.reopened;
        if failure.is_none() && !passed.iter().all(is_as_it_was) {
            return Ok((None, None));
        }
        match failure {
            _ if head.is_finished() => return Ok((None, count)),
            Some(failure) => head.note_failure(Some(failure.clone())),
            // Other workers have slices of a loop that this one did not come to.
            None if head.has_unfinished_slices() => return Ok((None, count)),
            None => head.finish(),
        }
        Ok((Some(head), count))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use safe_state_backends::{LeaseOptions, MemoryBackend};

    use super::*;
    use crate::job::shared::Cutting;
    use crate::shared::hunt::{Claimed, share_of};

    fn claimed(job: &SharedJob) -> Claimed {
        let cutting = Cutting::by_index(100, 4);
        let mut hunt = Hunt::new(job.clone(), (0, false), cutting, 0).noting();
        match hunt.turn().unwrap() {
            Turn::Claimed(claimed) => *claimed,
            turn => panic!("{turn:?}"),
        }
    }

    #[test]
    fn a_worker_that_divides_a_rate_is_told_among_how_many() {
        let backend = Arc::new(MemoryBackend::default());
        let job = SharedJob::new(backend, "job", LeaseOptions::default()).unwrap();
        job.change(|_| Ok::<_, Error>((Some(Head::new("job")), ()))).unwrap();
        let mut workers: Vec<Claimed> = (0..3).map(|_| claimed(&job)).collect();
        assert_eq!(workers.iter().map(|it| it.workers).collect::<Vec<_>>(), [1, 2, 3]);
        let mut done = workers.remove(0);
        let SliceAt { loop_id, slice, range } = done.at.clone();
        let finished = FinishedSlice { loop_id, slice, range, values: Vec::new() };
        let head = finish_slice(&job, &finished, &mut done.take().unwrap()).unwrap();
        assert_eq!(share_of(&head), 2);
        // A dead worker keeps its part of the rate until another takes its slice.
        drop(workers.remove(0));
        assert_eq!(share_of(&job.head().unwrap().unwrap()), 2);
    }

    #[test]
    fn a_worker_that_divides_a_rate_keeps_no_slice_from_one_that_has_the_head() {
        let backend = Arc::new(MemoryBackend::default());
        let job = SharedJob::new(backend, "job", LeaseOptions::default()).unwrap();
        job.change(|_| Ok::<_, Error>((Some(Head::new("job")), ()))).unwrap();
        let hunt = || Hunt::new(job.clone(), (0, false), Cutting::by_index(1, 1), 0).noting();
        drop(hunt().turn().unwrap());
        let mut head = Arc::clone(job.backend()).lease("job", LeaseOptions::default()).unwrap();
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let mut hunt = hunt();
                loop {
                    match hunt.turn() {
                        Ok(Turn::Wait(..)) => {}
                        turn => break turn,
                    }
                }
            });
            while job.claim(0, 0).is_ok() {}
            let free = loop {
                if let Ok(free) = job.claim(0, 0) {
                    break free;
                }
                thread::yield_now();
            };
            free.delete().unwrap();
            head.delete().unwrap();
            drop(head);
            let turn = worker.join().unwrap();
            assert!(matches!(turn, Err(Error::Cleared { .. })), "{turn:?}");
        });
    }
}
