//! How a worker comes by a slice: it tries those that are free, one after the other, and waits where others have all of
//! them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use safe_state_backends::{
    Carried, Checkpoint, Completed, Cut, Error as BackendError, LoopProgress, Opening, RunEnd,
    SharedJob, Slices, Store, format::Change, range_of_slice,
};

use super::join::CANCELLED;
use super::order::Order;
use crate::Error;
use crate::error::items;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Looks for slices of one loop. It may go to another thread, and come back.
#[derive(Debug)]
pub(crate) struct Hunt {
    job: SharedJob,
    /// The loop, and whether it carries variables.
    of: (u16, bool),
    /// How many items the input has, and into how many slices it is cut.
    total: u64,
    count: u32,
    cancelled: u32,
    order: Order,
    /// Those that are finished, as far as that is known.
    finished: Option<Completed>,
    pause: Duration,
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

impl Done {
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
    pub(crate) fn new(
        job: SharedJob,
        of: (u16, bool),
        (total, wanted): (u64, u32),
        cancelled: u32,
    ) -> Self {
        // None without items, but for one of an empty input.
        let most = u32::try_from(total).unwrap_or(u32::MAX).max(1);
        let count = wanted.min(most);
        let (order, finished, pause) = (Order::new(count), None, FIRST_PAUSE);
        Hunt { job, of, total, count, cancelled, order, finished, pause }
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
        while let Some(slice) = self.order.next(&finished, self.count) {
            match self.job.claim(self.loop_id(), slice) {
                Ok(opening) => {
                    let head = self.head()?;
                    if head.noted(CANCELLED).unwrap_or(0) != self.cancelled {
                        return Ok(Turn::Cancelled);
                    }
                    finished = self.checked(&head)?.unwrap_or_default();
                    if !finished.contains(u64::from(slice)) {
                        self.order.claimed(slice);
                        self.pause = FIRST_PAUSE;
                        return Ok(Turn::Claimed(Box::new(self.begun(opening, slice)?)));
                    }
                }
                Err(BackendError::Held { .. }) => self.order.is_held(slice, self.count),
                Err(error) => return Err(error.into()),
            }
        }
        self.order.has_waited();
        let head = self.head()?;
        if head.noted(CANCELLED).unwrap_or(0) != self.cancelled {
            return Ok(Turn::Cancelled);
        }
        let finished = self.checked(&head)?.unwrap_or_default();
        if finished.len() == u64::from(self.count) {
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
        let mut apart = BTreeMap::new();
        let lacks = |slice: &u32| carries && !head.has_merges_of(loop_id, *slice);
        for slice in (0..self.count).filter(lacks) {
            if let Some(stored) = self.job.slice(loop_id, slice)? {
                apart.insert(slice, stored);
            }
        }
        Ok(Done { head, apart, loop_id })
    }

    fn head(&self) -> Result<Checkpoint, Error> {
        let cleared = || Error::Cleared { job: self.job.name().to_owned() };
        self.job.head()?.ok_or_else(cleared)
    }

    /// Returns what is finished, of a loop that is cut if nobody has cut it before.
    fn looked_up(&self) -> Result<Completed, Error> {
        if let Some(finished) = self.checked(&self.head()?)? {
            return Ok(finished);
        }
        self.job.change(|head| {
            let Some(mut head) = head else {
                return Err(Error::Cleared { job: self.job.name().to_owned() });
            };
            if let Some(finished) = self.checked(&head)? {
                return Ok((None, finished));
            }
            let slices = Slices {
                loop_id: self.loop_id(),
                count: self.count,
                cut: Cut::Index,
                finished: Completed::default(),
            };
            head.cut(slices, Some(self.total)).map_err(|reason| self.job.unwritable(reason))?;
            Ok((Some(head), Completed::default()))
        })
    }

    /// Returns what is finished, if the loop is cut.
    fn checked(&self, head: &Checkpoint) -> Result<Option<Completed>, Error> {
        let Some(slices) = head.slices_of(self.loop_id()) else { return Ok(None) };
        let total = head.loop_progress(self.loop_id()).and_then(LoopProgress::total);
        if total != Some(self.total) {
            let stored = total.map_or_else(|| "an input of unknown length".to_owned(), length);
            return Err(self.differs(length(self.total), stored));
        }
        if slices.count != self.count {
            let cut = |count| format!("{count} slices");
            return Err(self.differs(cut(self.count), cut(slices.count)));
        }
        Ok(Some(slices.finished.clone()))
    }

    fn differs(&self, found: String, stored: String) -> Error {
        Error::WorkerDiffers { job: self.job.name().to_owned(), found, stored }
    }

    fn begun(&self, opening: Opening, slice: u32) -> Result<Claimed, Error> {
        let has_crashed = opening.found().is_some_and(Checkpoint::is_open);
        let checkpoint = match opening.found().cloned() {
            Some(mut found) => {
                found.begin_run(None);
                found
            }
            None => Checkpoint::new(self.job.slice_name(self.loop_id(), slice), None),
        };
        let store = Some(opening.begin(checkpoint)?);
        let range = range_of_slice(slice, self.count, self.total);
        let at = SliceAt { loop_id: self.loop_id(), slice, range };
        Ok(Claimed { at, has_crashed, store })
    }
}

fn length(total: u64) -> String {
    format!("an input of {}", items(total))
}
