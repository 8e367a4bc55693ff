//! The search of a worker for a slice: it tries the free slices one after the other, and waits while other workers have
//! all of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use safe_state_backends::{
    Carried, Checkpoint, Completed, Cut, Error as BackendError, LoopProgress, Opening, RunEnd,
    SharedJob, Slices, Store, format::Change,
};

use safe_state_base::engine;
use safe_state_base::status::TASK;

use super::input::Sampled;
use super::join::CANCELLED;
use super::order::Order;
use crate::Error;
use crate::error::items;
use crate::job::shared::Cutting;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

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
    /// Other workers have all that is left; look again after this time.
    Wait(Duration),
    /// The job was cancelled since the worker joined.
    Cancelled,
}

/// The result of all workers for a loop.
#[derive(Debug)]
pub(crate) struct Done {
    head: Checkpoint,
    /// The checkpoints of slices whose values are not in the head, because they are too large.
    apart: BTreeMap<u32, Checkpoint>,
    loop_id: u16,
}

impl Done {
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
    pub(crate) fn knows(&mut self, head: &Checkpoint) {
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
        while let Some(slice) = self.order.next(&finished, self.cutting.count) {
            match self.job.claim(self.loop_id(), slice) {
                Ok(opening) => {
                    let head = self.head_with(slice)?;
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
        let head = self.head()?;
        if head.noted(CANCELLED).unwrap_or(0) != self.cancelled {
            return Ok(Turn::Cancelled);
        }
        let finished = self.checked(&head)?.unwrap_or_default();
        if finished.len() == u64::from(self.cutting.count) {
            return Ok(Turn::Over(Box::new(self.done(head)?)));
        }
        self.finished = Some(finished);
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        Ok(Turn::Wait(pause))
    }

    /// Returns the result of all workers. Values that are not in the head are read from the slices' own checkpoints.
    fn done(&self, head: Checkpoint) -> Result<Done, Error> {
        let (loop_id, carries) = self.of;
        let mut apart = BTreeMap::new();
        let lacks = |slice: &u32| carries && !head.has_merges_of(loop_id, *slice);
        let mut lacking = false;
        for slice in (0..self.cutting.count).filter(lacks) {
            match self.job.slice(loop_id, slice)? {
                Some(stored) => _ = apart.insert(slice, stored),
                None => lacking = true,
            }
        }
        if lacking {
            // The slice had no values to store, or a process that holds the head is clearing the job.
            self.job.change(|head| {
                let cleared = || Error::Cleared { job: self.job.name().to_owned() };
                head.map(|_| (None, ())).ok_or_else(cleared)
            })?;
        }
        Ok(Done { head, apart, loop_id })
    }

    fn head(&self) -> Result<Checkpoint, Error> {
        let cleared = || Error::Cleared { job: self.job.name().to_owned() };
        self.job.head()?.ok_or_else(cleared)
    }

    /// Returns the head, with a note that the slice is under way if this search makes notes.
    fn head_with(&self, slice: u32) -> Result<Checkpoint, Error> {
        if !self.how.notes {
            return self.head();
        }
        self.job.change(|head| {
            let Some(before) = head else {
                return Err(Error::Cleared { job: self.job.name().to_owned() });
            };
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

    /// Returns the finished slices. Cuts the loop if no worker has cut it before.
    fn looked_up(&self) -> Result<Completed, Error> {
        if !self.how.accepts
            && let Some(finished) = self.checked(&self.head()?)?
        {
            return Ok(finished);
        }
        self.job.change(|head| {
            let Some(mut head) = head else {
                return Err(Error::Cleared { job: self.job.name().to_owned() });
            };
            if self.how.accepts {
                self.note_sampled(&mut head);
            }
            if let Some(finished) = self.checked(&head)? {
                return Ok((self.how.accepts.then_some(head), finished));
            }
            let slices = Slices {
                loop_id: self.loop_id(),
                count: self.cutting.count,
                cut: self.cutting.cut.clone(),
                finished: Completed::default(),
            };
            head.cut(slices, Some(self.cutting.total))
                .map_err(|reason| self.job.unwritable(reason))?;
            head.note(&self.note_of_keys(), self.cutting.keys);
            self.note_sampled(&mut head);
            Ok((Some(head), Completed::default()))
        })
    }

    /// Returns the finished slices if the loop has been cut, after a check that all workers have the same input.
    fn checked(&self, head: &Checkpoint) -> Result<Option<Completed>, Error> {
        let Some(slices) = head.slices_of(self.loop_id()) else { return Ok(None) };
        let total = head.loop_progress(self.loop_id()).and_then(LoopProgress::total);
        if total != Some(self.cutting.total) {
            let stored = total.map_or_else(|| "an input of unknown length".to_owned(), length);
            return Err(self.differs(length(self.cutting.total), stored));
        }
        if slices.count != self.cutting.count {
            let cut = |count| format!("{count} slices");
            return Err(self.differs(cut(self.cutting.count), cut(slices.count)));
        }
        if slices.cut != self.cutting.cut {
            return Err(self.differs(by(&self.cutting.cut), by(&slices.cut)));
        }
        if head.noted(&self.note_of_keys()) != self.cutting.keys {
            let (found, stored) = ("items with other keys", "items with their keys");
            return Err(self.differs(found.to_owned(), stored.to_owned()));
        }
        let is_other = |(name, found): (String, Option<u32>)| {
            found.zip(head.noted(&name)).is_some_and(|(found, stored)| found != stored)
        };
        if self.sampled().into_iter().any(is_other) {
            let found = "an input with other items, or in another order";
            return Err(self.differs(found.to_owned(), "an input with their items".to_owned()));
        }
        Ok(Some(slices.finished.clone()))
    }

    /// Returns the samples of the input's items, with the names under which the head notes them.
    fn sampled(&self) -> [(String, Option<u32>); 2] {
        let (loop_id, Sampled { first, some }) = (self.loop_id(), self.how.sampled);
        [(format!("first!{loop_id}"), first), (format!("items!{loop_id}"), some)]
    }

    fn note_sampled(&self, head: &mut Checkpoint) {
        for (name, found) in self.sampled() {
            head.forget_note(&name);
            head.note(&name, found);
        }
    }

    /// Returns the name under which the head notes a checksum of the loop's keys.
    fn note_of_keys(&self) -> String {
        format!("keys!{}", self.loop_id())
    }

    fn differs(&self, found: String, stored: String) -> Error {
        Error::WorkerDiffers { job: self.job.name().to_owned(), found, stored }
    }

    fn begun(&self, opening: Opening, slice: u32, head: &Checkpoint) -> Result<Claimed, Error> {
        // A slice's checkpoint does not count if a worker stored it after the job was cleared, without knowing of that.
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

/// Returns among how many workers a rate is divided, by the head.
pub(crate) fn share_of(head: &Checkpoint) -> u32 {
    u32::try_from(head.slices_under_way()).unwrap_or(u32::MAX).max(1)
}

/// Returns the index of the array's task that this process is.
fn task() -> Option<u32> {
    engine::array_task().and_then(|task| task.index.parse().ok())
}

/// Returns in words how a loop is cut into slices.
fn by(cut: &Cut) -> String {
    match cut {
        Cut::Index => "slices of the same length".to_owned(),
        Cut::Splits(starts) => {
            let begin = starts.iter().take(4).map(u64::to_string).collect::<Vec<_>>().join(", ");
            format!("slices that begin at {begin}..")
        }
        Cut::Key => "slices by key".to_owned(),
    }
}

fn length(total: u64) -> String {
    format!("an input of {}", items(total))
}
