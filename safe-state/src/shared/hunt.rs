//! The search of a worker for a slice: it tries the free slices one after the other, and waits while other workers have
//! all of them.

mod agreed;

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use safe_state_backends::{
    Carried, Checkpoint, Completed, Cut, Error as BackendError, Head, Opening, RunEnd, SharedJob,
    Slices, Store, format::Change,
};

use safe_state_base::engine;
use safe_state_base::status::TASK;

use super::input::Sampled;
use super::join::CANCELLED;
use super::order::Order;
use crate::Error;
use crate::job::shared::Cutting;
use crate::observe::whole::Whole;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long others may have the head while this worker has a slice that it has not begun.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it gives such a slice back, and tries again.
const GIVEN_BACK: u32 = 100;
/// For how long it leaves it free then: others try for it less often than that.
const FREE: Duration = Duration::from_millis(200);

/// The search for slices of one loop. It may go to another thread, and come back.
#[derive(Debug)]
pub(crate) struct Hunt {
    job: SharedJob,
    /// The loop, and whether it carries variables.
    of: (u16, bool),
    cutting: Cutting,
    cancelled: u32,
    order: Order,
    /// The slices that are finished, as far as the worker knows.
    finished: Option<Completed>,
    pause: Duration,
    how: How,
}

/// The terms of a search.
#[derive(Clone, Copy, Debug, Default)]
struct How {
    /// Whether the head notes each slice under way.
    notes: bool,
    /// Whether the input may have other items than the input of the workers before.
    accepts: bool,
    /// Samples of the items, in a loop that is cut by index.
    sampled: Sampled,
}

/// A slice of a loop.
#[derive(Clone, Debug)]
pub(crate) struct SliceAt {
    pub(crate) loop_id: u16,
    pub(crate) slice: u32,
    pub(crate) range: Range<u64>,
}

/// The answer of one turn of the search.
#[derive(Debug)]
pub(crate) enum Turn {
    /// This worker has a slice.
    Claimed(Box<Claimed>),
    /// All slices are finished.
    Over(Box<Done>),
    /// Other workers have all that is left; look again after this time. The second value is the state of the
    /// loop.
    Wait(Duration, Whole),
    /// The job was cancelled since the worker joined.
    Cancelled,
}

/// The result of all workers for a loop.
#[derive(Debug)]
pub(crate) struct Done {
    head: Head,
    /// The checkpoints of slices whose values are not in the head, because they are too large.
    apart: BTreeMap<u32, Checkpoint>,
    loop_id: u16,
    /// Where the loop stands.
    pub(crate) whole: Whole,
}

/// A loop that a worker has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    pub(crate) loop_id: u16,
    /// How many of its slices had been made unfinished before.
    pub(crate) reopened: u32,
}

impl Done {
    /// That the worker passes the loop.
    pub(crate) fn passed(&self) -> Passed {
        let loop_id = self.loop_id;
        Passed { loop_id, reopened: self.head.reopened_slices(loop_id) }
    }

    /// Returns the values of the variable `name` at the ends of the slices, in their order.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Carried> + 'a {
        let in_head = self.head.merges_of(self.loop_id, name);
        let apart = self
            .apart
            .iter()
            .filter_map(|(slice, stored)| stored.carried_value(name).map(|value| (*slice, value)));
        let mut all: BTreeMap<u32, &Carried> = in_head.collect();
        for (slice, value) in apart {
            all.entry(slice).or_insert(value);
        }
        all.into_values()
    }
}

/// A slice that a worker has claimed.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) at: SliceAt,
    /// Whether the worker that had the slice before died.
    pub(crate) has_crashed: bool,
    /// The number of workers that have slices, if the head notes these; at least 1.
    pub(crate) workers: u32,
    /// Where its loop stands.
    pub(crate) whole: Whole,
    store: Option<Store>,
}

impl Claimed {
    /// Takes the store of the slice's checkpoint.
    pub(crate) fn take(&mut self) -> Option<Store> {
        self.store.take()
    }
}

/// Saves a slice that nobody takes, because a future was dropped, as stopped: its worker must not count as dead.
impl Drop for Claimed {
    fn drop(&mut self) {
        if let Some(mut store) = self.store.take()
            && let Err(error) =
                store.save(Change { end: Some(RunEnd::Stopped), ..Change::default() })
        {
            tracing::error!(target: "safe_state", %error, "not saved");
        }
    }
}

impl Hunt {
    pub(crate) fn new(job: SharedJob, of: (u16, bool), cutting: Cutting, cancelled: u32) -> Self {
        let (order, finished, pause) = (Order::new(cutting.count), None, FIRST_PAUSE);
        Hunt { job, of, cutting, cancelled, order, finished, pause, how: How::default() }
    }

    /// Makes the head note each slice under way, so that workers know how many they are.
    pub(crate) fn noting(self) -> Self {
        Hunt { how: How { notes: true, ..self.how }, ..self }
    }

    /// Sets the samples of the items. If `accepts`, they may differ from those of the workers before.
    pub(crate) fn sampled_so(self, sampled: Sampled, accepts: bool) -> Self {
        Hunt { how: How { accepts, sampled, ..self.how }, ..self }
    }

    /// Notes the slices whose items are in memory.
    pub(crate) fn has_at_hand(&mut self, slices: impl Iterator<Item = u32>) {
        self.order.has_at_hand(slices);
    }

    pub(crate) fn loop_id(&self) -> u16 {
        self.of.0
    }

    /// Updates the finished slices from the head.
    pub(crate) fn knows(&mut self, head: &Head) {
        self.finished = head.slices_of(self.loop_id()).map(|slices| slices.finished.clone());
    }

    /// Tries all free slices, until this worker has claimed one.
    ///
    /// # Errors
    ///
    /// The backend cannot be read or written; the job was cleared; or other workers have another input.
    pub(crate) fn turn(&mut self) -> Result<Turn, Error> {
        let mut finished = match self.finished.take() {
            Some(finished) => finished,
            None => self.looked_up()?,
        };
        let mut given_back = 0;
        while let Some(slice) = self.order.next(&finished, self.cutting.count) {
            match self.job.claim(self.loop_id(), slice) {
                Ok(mut opening) => {
                    let head = match self.head_with(slice, &mut opening) {
                        // Whoever has the head may wait for the slice, as one that clears the job does.
                        Err(Error::Backend(BackendError::Held { .. }))
                            if given_back < GIVEN_BACK =>
                        {
                            given_back += 1;
                            drop(opening);
                            thread::sleep(FREE);
                            continue;
                        }
                        head => head?,
                    };
                    if head.noted(CANCELLED).unwrap_or(0) != self.cancelled {
                        return Ok(Turn::Cancelled);
                    }
                    finished = self.checked(&head)?.unwrap_or_default();
                    if !finished.contains(u64::from(slice)) {
                        self.order.claimed(slice);
                        self.pause = FIRST_PAUSE;
                        let begun = self.begun(opening, slice, &head)?;
                        return Ok(Turn::Claimed(Box::new(begun)));
                    }
                }
                Err(BackendError::Held { .. }) => self.order.is_held(slice, self.cutting.count),
                Err(error) => return Err(error.into()),
            }
        }
        self.order.has_waited();
        let Some((head, finished)) = self.looked_again()? else { return Ok(Turn::Cancelled) };
        if finished.len() == u64::from(self.cutting.count)
            && let Some(done) = self.done(&head)?
        {
            return Ok(Turn::Over(Box::new(done)));
        }
        let whole = self.whole(&head, 0);
        self.finished = Some(finished);
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        Ok(Turn::Wait(pause, whole))
    }

    /// Returns the result of all workers. Values that are not in the head are read from the slices' own checkpoints.
    /// Returns `None` if a slice was opened again since the head was read.
    fn done(&self, head: &Head) -> Result<Option<Done>, Error> {
        let (loop_id, carries) = self.of;
        let lacks = |slice: &u32| carries && !head.has_merges_of(loop_id, *slice);
        let lacking: Vec<u32> = (0..self.cutting.count).filter(lacks).collect();
        let mut apart = self.job.finished_slices(loop_id, &lacking)?;
        apart.retain(|_, stored| head.has_slice(stored));
        let is_lacking = |slice: &u32| !apart.contains_key(slice);
        let lacking: Vec<u32> = lacking.into_iter().filter(is_lacking).collect();
        if !lacking.is_empty() && !self.had_nothing(head, &lacking)? {
            return Ok(None);
        }
        Ok(Some(Done { head: head.clone(), apart, loop_id, whole: self.whole(head, 0) }))
    }

    /// Returns whether the variables of these slices, whose checkpoints are gone, had nothing to store. Returns `false` if one of them
    /// has been opened again since.
    ///
    /// # Errors
    ///
    /// [`Error::SliceLost`] if the head says that one of them stores its values apart; [`Error::Cleared`] if the job is being cleared.
    fn had_nothing(&self, head: &Head, lacking: &[u32]) -> Result<bool, Error> {
        let loop_id = self.loop_id();
        let mut apart = lacking.iter().filter(|slice| head.stays_apart(loop_id, **slice)).copied();
        let first = apart.next();
        self.job.change(|now| {
            let now = now.ok_or_else(|| self.cleared())?;
            match first {
                None => Ok((None, true)),
                Some(slice) if now.stays_apart(loop_id, slice) => {
                    Err(Error::SliceLost { job: self.job.name().to_owned(), slice })
                }
                Some(_) => Ok((None, false)),
            }
        })
    }

    /// Returns where the loop stands, whose slice begins with the item `first`.
    fn whole(&self, head: &Head, first: u64) -> Whole {
        let progress = head.loop_progress(self.loop_id());
        Whole {
            total: self.cutting.total,
            complete: progress.map_or(0, |progress| progress.completed().len()),
            first,
            is_by_key: self.cutting.cut == Cut::Key,
        }
    }

    /// Returns the head and what is finished; none if the job was cancelled. It may be older than the truth, if it says that there
    /// is something to do, or that all is done.
    fn looked_again(&self) -> Result<Option<(Head, Completed)>, Error> {
        let is_cancelled = |head: &Head| head.noted(CANCELLED).unwrap_or(0) != self.cancelled;
        if let Some(head) = self.job.head()?.filter(|head| !is_cancelled(head))
            && let Ok(finished) = self.checked(&head)
        {
            return Ok(Some((head, finished.unwrap_or_default())));
        }
        let head = self.job.head_now()?.ok_or_else(|| self.cleared())?;
        let finished = self.checked(&head)?.unwrap_or_default();
        Ok(Some((head, finished)).filter(|(head, _)| !is_cancelled(head)))
    }

    /// Returns the head, with a note that the slice is under way, if there are such.
    fn head_with(&self, slice: u32, opening: &mut Opening) -> Result<Head, Error> {
        if !self.how.notes {
            return self.job.head_by(opening)?.ok_or_else(|| self.cleared());
        }
        self.job.change_within(PATIENCE, |head| {
            let before = head.ok_or_else(|| self.cleared())?;
            let is_finished = |it: &Slices| it.finished.contains(u64::from(slice));
            let is_noted = before.noted_of_slice(self.loop_id(), slice).is_some();
            if is_noted || before.slices_of(self.loop_id()).is_none_or(is_finished) {
                return Ok((None, before));
            }
            let mut noted = before.clone();
            // If the head has no room for another note, the rate is divided among fewer workers.
            if noted.note_slice(self.loop_id(), slice, 0).is_err() {
                return Ok((None, before));
            }
            Ok((Some(noted.clone()), noted))
        })
    }

    fn cleared(&self) -> Error {
        Error::Cleared { job: self.job.name().to_owned() }
    }

    fn begun(&self, opening: Opening, slice: u32, head: &Head) -> Result<Claimed, Error> {
        // A slice's checkpoint does not count if a worker stored it after the job was cleared, without knowing of that.
        let found = opening.found().filter(|found| head.has_slice(found));
        let has_crashed = found.is_some_and(Checkpoint::is_open);
        let mut checkpoint = match found.cloned() {
            Some(mut found) => {
                found.begin_run(None);
                found
            }
            None => Checkpoint::new(self.job.slice_name(self.loop_id(), slice), None),
        };
        checkpoint.forget_note(TASK);
        checkpoint.note(TASK, task());
        head.begin_slice(&mut checkpoint);
        let store = Some(opening.begin(checkpoint)?);
        let Cutting { count, total, cut, .. } = &self.cutting;
        let range = cut.range(slice, *count, *total);
        let at = SliceAt { loop_id: self.loop_id(), slice, range };
        let (workers, whole) = (share_of(head), self.whole(head, at.range.start));
        Ok(Claimed { at, has_crashed, workers, whole, store })
    }
}

/// Returns among how many workers a rate is divided, by the head.
pub(crate) fn share_of(head: &Head) -> u32 {
    u32::try_from(head.slices_under_way()).unwrap_or(u32::MAX).max(1)
}

/// Returns the index of the array's task that this process is.
fn task() -> Option<u32> {
    engine::array_task().and_then(|task| task.index.parse().ok())
}
