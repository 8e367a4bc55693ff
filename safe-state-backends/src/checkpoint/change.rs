//! The changes of a checkpoint between two saves: the records that a log holds.

use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::{Attempts, InFlight, LoopEnd, Mark, Measured, Merge, RunEnd, Sampled, Samples, Slices};
use super::{Checkpoint, Suspect, Timings};
use crate::limits::{CARRIED_LIMIT, IN_FLIGHT_LIMIT, LOOP_LIMIT, NESTING_LIMIT};
use crate::{Carried, CarriedChange, Completed, DeadLetters, Failure, Keys, bounded};

/// One entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The whole state.
    Snapshot(Box<Checkpoint>),
    /// Items that completed in order and nothing else, as in most saves.
    Advance(Advance),
    /// Any other change.
    Change(Change),
    /// Completed items by which a loop's input is recognised.
    Samples(Sampled),
    /// The fingerprints of the arguments that belong to the job.
    Arguments(Arguments),
    /// Items that were handed out and had not completed, of a loop whose items run side by side.
    InFlight(InFlight),
    /// The slices into which a loop is cut, and which are finished.
    Slices(Slices),
    /// The value of a variable at the end of a slice.
    Merge(Merge),
    /// The timings of items and saves.
    Timings(Box<Timings>),
}

/// Items of one loop that completed in order, behind its prefix.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Advance {
    /// The microseconds since the last save.
    pub micros: u64,
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The number of items that completed.
    pub count: u64,
    /// The fingerprint of the last of these items, if it was taken.
    pub fingerprint: Option<u32>,
}

/// The changes since the last save.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The microseconds since the last save.
    pub micros: u64,
    /// The loops that made progress.
    #[serde(deserialize_with = "bounded::list::<LOOP_LIMIT, _, _>")]
    pub loops: Vec<LoopChange>,
    /// The carried variables that changed.
    #[serde(deserialize_with = "bounded::list::<CARRIED_LIMIT, _, _>")]
    pub carried: Vec<CarriedChange>,
    /// The median time an item took, in nanoseconds, if it was measured again.
    pub item_nanos: Option<u64>,
    /// The run's failure, if it failed.
    pub failure: Option<Failure>,
    /// The number of items that were skipped.
    pub skipped: u64,
    /// The items that were given up.
    pub dead_letters: Option<Box<DeadLetters>>,
    /// The end of the run, if it ended without a failure.
    pub end: Option<RunEnd>,
    /// The timings of items and saves since the last save. They have a record of their own.
    #[serde(skip)]
    pub timings: Option<Box<Measured>>,
}

/// The progress of one loop since the last save.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopChange {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The indices of the outer loops' items in which the loop runs, outermost first, if it has begun. The loop's stored
    /// progress in other items is then forgotten.
    #[serde(deserialize_with = "bounded::optional_list::<NESTING_LIMIT, _, _>")]
    pub begun: Option<Vec<u64>>,
    /// The number of the loop's items that completed.
    pub count: u64,
    /// A completed item by which the input is recognised, if there is a new one.
    pub mark: Option<Mark>,
    /// The number of all items, if it became known.
    pub total: Option<u64>,
    /// The end of the loop, if it ended.
    pub end: Option<LoopEnd>,
    /// The keys of the completed items, if the loop knows its items by key.
    pub keys: Option<Box<Keys>>,
    /// The cursor of the last completed item, if the loop knows its items by cursor.
    pub cursor: Option<Box<Carried>>,
    /// The failed attempts at an item, if it has failed again.
    pub attempts: Option<Box<Attempts>>,
    /// The item that is about to begin, after a run that died.
    pub suspect: Option<Box<Suspect>>,
    /// Further samples of the loop's items. They have a record of their own.
    #[serde(skip)]
    pub samples: Samples,
    /// The completed items of a loop whose items run side by side. They have a record of another kind.
    #[serde(skip)]
    pub side_by_side: Option<Box<SideBySide>>,
}

/// The progress of a loop whose items run side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideBySide {
    /// All items that are complete. They are added to the stored ones.
    pub completed: Completed,
    /// The items that were handed out and are not complete, by their index or the hash of their key, in the order in which they
    /// were handed out; at most 1024.
    #[serde(deserialize_with = "bounded::list::<IN_FLIGHT_LIMIT, _, _>")]
    pub in_flight: Vec<u64>,
}

impl Record {
    /// Sets the microseconds between the last save and this one.
    pub(crate) fn set_micros(&mut self, since: u64) {
        match self {
            Record::Snapshot(_)
            | Record::Samples(_)
            | Record::Arguments(_)
            | Record::InFlight(_)
            | Record::Slices(_)
            | Record::Merge(_)
            | Record::Timings(_) => {}
            Record::Advance(Advance { micros, .. }) | Record::Change(Change { micros, .. }) => {
                *micros = since;
            }
        }
    }
}

impl Change {
    /// Returns whether no item completed.
    pub(crate) fn is_idle(&self) -> bool {
        self.loops.iter().all(|it| it.count == 0 && it.side_by_side.is_none())
    }

    pub(crate) fn is_side_by_side(&self) -> bool {
        self.loops.iter().any(|it| it.side_by_side.is_some())
    }

    /// Creates the change that completes the next `count` items of the function's first loop.
    pub fn completed(count: u64) -> Self {
        Change { loops: vec![LoopChange { count, ..LoopChange::default() }], ..Change::default() }
    }
}

impl From<Change> for Record {
    /// Converts into the shorter [`Advance`] if that can express the whole change.
    fn from(change: Change) -> Self {
        match Advance::all_of(&change) {
            Some(advance) => Record::Advance(advance),
            None => Record::Change(change),
        }
    }
}

impl Advance {
    /// Returns the advance that is equal to `change`; `None` if the change holds more than an advance can.
    fn all_of(change: &Change) -> Option<Self> {
        let Change {
            micros,
            loops,
            carried,
            item_nanos: None,
            failure: None,
            skipped: 0,
            dead_letters: None,
            end: None,
            timings: None,
        } = change
        else {
            return None;
        };
        let [
            LoopChange {
                loop_id,
                begun: None,
                count,
                mark: None,
                total: None,
                end: None,
                keys: None,
                cursor: None,
                attempts: None,
                suspect: None,
                samples,
                side_by_side: None,
            },
        ] = loops.as_slice()
        else {
            return None;
        };
        let advance =
            Advance { micros: *micros, loop_id: *loop_id, count: *count, fingerprint: None };
        (carried.is_empty() && samples.is_empty()).then_some(advance)
    }
}
