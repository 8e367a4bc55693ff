//! How a worker comes by a slice: it tries those that are free, one after the other, and waits where others have all of
//! them.

mod agreed;

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use safe_state_backends::{
    Carried, Checkpoint, Completed, Error as BackendError, Opening, RunEnd, SharedJob, Slices,
    Store, format::Change,
};

use safe_state_base::engine;
use safe_state_base::status::TASK;

use super::input::Sampled;
use super::join::CANCELLED;
use super::order::Order;
use crate::Error;
use crate::job::shared::Cutting;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long others may have the head while this worker has a slice that it has not begun.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it gives such a slice back, and tries again.
const GIVEN_BACK: u32 = 100;
/// For how long it leaves it free then: others try for it less often than that.
const FREE: Duration = Duration::from_millis(200);

/// Looks for slices of one loop. It may go to another thread, and come back.
#[derive(Debug)]
pub(crate) struct Hunt {
    job: SharedJob,
    /// The loop, and whether it carries variables.
    of: (u16, bool),
    cutting: Cutting,
    cancelled: u32,
    order: Order,
    /// Those that are finished, as far as that is known.
    finished: Option<Completed>,
    pause: Duration,
    how: How,
}

/// How it looks.
#[derive(Clone, Copy, Debug, Default)]
struct How {
    /// Whether the head is told of each slice under way.
    notes: bool,
    /// Whether the input may have other items than that of the workers before.
    accepts: bool,
    /// Samples of the items, of a loop that is cut by index.
    sampled: Sampled,
}

/// Which slice it is.
#[derive(Clone, Debug)]
pub(crate) struct SliceAt {
    pub(crate) loop_id: u16,
    pub(crate) slice: u32,
    pub(crate) range: Range<u64>,
}

/// What came of a turn.
#[derive(Debug)]
pub(crate) enum Turn {
    /// A slice.
    Claimed(Box<Claimed>),
    /// All slices are finished.
    Over(Box<Done>),
    /// Others have what is left; look again after that time.
    Wait(Duration),
    /// The job was cancelled.
    Cancelled,
}

/// What all workers have done with a loop.
#[derive(Debug)]
pub(crate) struct Done {
    head: Checkpoint,
    /// Slices whose values are too large for the head.
    apart: BTreeMap<u32, Checkpoint>,
    loop_id: u16,
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

    /// What the variable was at the ends of the slices, in their order.
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

/// A slice that a worker has.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) at: SliceAt,
    /// Whether the worker died that had it before.
    pub(crate) has_crashed: bool,
    /// How many workers have slices, if they tell.
    pub(crate) workers: u32,
    store: Option<Store>,
}

impl Claimed {
    /// Returns what is stored of it.
    pub(crate) fn take(&mut self) -> Option<Store> {
        self.store.take()
    }
}

/// One that nobody takes, as a future was dropped, is not one whose worker died.
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

    /// One that tells the head of each slice under way, so that workers know how many they are.
    pub(crate) fn noting(self) -> Self {
        Hunt { how: How { notes: true, ..self.how }, ..self }
    }

    /// One of whose items those are samples, which may be others than those of the workers before if that is accepted.
    pub(crate) fn sampled_so(self, sampled: Sampled, accepts: bool) -> Self {
        Hunt { how: How { accepts, sampled, ..self.how }, ..self }
    }

    /// Takes in of which slices the worker has the items at hand.
    pub(crate) fn has_at_hand(&mut self, slices: impl Iterator<Item = u32>) {
        self.order.has_at_hand(slices);
    }

    pub(crate) fn loop_id(&self) -> u16 {
        self.of.0
    }

    /// Takes in what is finished by now.
    pub(crate) fn knows(&mut self, head: &Checkpoint) {
        self.finished = head.slices_of(self.loop_id()).map(|slices| slices.finished.clone());
    }

    /// Tries all that are free, until one is this worker's.
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
        if finished.len() == u64::from(self.cutting.count) {
            return Ok(Turn::Over(Box::new(self.done(head)?)));
        }
        self.finished = Some(finished);
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        Ok(Turn::Wait(pause))
    }

    /// Returns what all have done, with the values that stand where the slices are stored.
    fn done(&self, head: Checkpoint) -> Result<Done, Error> {
        let (loop_id, carries) = self.of;
        let lacks = |slice: &u32| carries && !head.has_merges_of(loop_id, *slice);
        let lacking: Vec<u32> = (0..self.cutting.count).filter(lacks).collect();
        let apart = self.job.finished_slices(loop_id, &lacking)?;
        if apart.len() < lacking.len() {
            // Its variables had nothing to store, or the job is being cleared by one that has the head.
            self.job.change(|head| {
                let cleared = || Error::Cleared { job: self.job.name().to_owned() };
                head.map(|_| (None, ())).ok_or_else(cleared)
            })?;
        }
        Ok(Done { head, apart, loop_id })
    }

    /// Returns the head and what is finished; none if the job was cancelled. It may be older than the truth, if it says that there
    /// is something to do, or that all is done.
    fn looked_again(&self) -> Result<Option<(Checkpoint, Completed)>, Error> {
        let is_cancelled = |head: &Checkpoint| head.noted(CANCELLED).unwrap_or(0) != self.cancelled;
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
    fn head_with(&self, slice: u32, opening: &mut Opening) -> Result<Checkpoint, Error> {
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
            // Where the head has no room for one more, the rate is divided among fewer.
            if noted.note_slice(self.loop_id(), slice, 0).is_err() {
                return Ok((None, before));
            }
            Ok((Some(noted.clone()), noted))
        })
    }

    fn cleared(&self) -> Error {
        Error::Cleared { job: self.job.name().to_owned() }
    }

    fn begun(&self, opening: Opening, slice: u32, head: &Checkpoint) -> Result<Claimed, Error> {
        // What a worker stored of it that did not know yet that the job was cleared does not count.
        let found = opening.found().filter(|found| found.is_slice_of(head));
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
        checkpoint.begin_slice(head);
        let store = Some(opening.begin(checkpoint)?);
        let Cutting { count, total, cut, .. } = &self.cutting;
        let range = cut.range(slice, *count, *total);
        let at = SliceAt { loop_id: self.loop_id(), slice, range };
        let workers = share_of(head);
        Ok(Claimed { at, has_crashed, workers, store })
    }
}

/// Among how many workers a rate is divided, where that is the head.
pub(crate) fn share_of(head: &Checkpoint) -> u32 {
    u32::try_from(head.slices_under_way()).unwrap_or(u32::MAX).max(1)
}

/// Which task of an array this process is.
fn task() -> Option<u32> {
    engine::array_task().and_then(|task| task.index.parse().ok())
}
