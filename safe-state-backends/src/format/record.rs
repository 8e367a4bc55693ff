//! The records: what a frame's payload means.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use super::frame::{self, Frame, Place};
use super::{FormatError, Framed, damaged};
use crate::limits::{CARRIED_LIMIT, LOOP_LIMIT, NESTING_LIMIT};
use crate::{
    Attempts, Carried, CarriedChange, Checkpoint, DeadLetters, Failure, Keys, LoopEnd, Mark,
    RunEnd, Suspect, bounded,
};

pub(super) const SNAPSHOT: u8 = 1;
const ADVANCE: u8 = 2;
const CHANGE: u8 = 3;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The whole state.
    Snapshot(Checkpoint),
    /// Items that completed in order and nothing else: what most saves are.
    Advance(Advance),
    /// Anything else that changed.
    Change(Change),
}

/// Items of one loop that completed, next after its prefix.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Advance {
    /// Microseconds since the save before.
    pub micros: u64,
    /// The loop, by its order in the function.
    pub loop_id: u16,
    /// How many items completed.
    pub count: u64,
    /// The fingerprint of the last of them, if taken.
    pub fingerprint: Option<u32>,
}

/// What changed since the save before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Microseconds since the save before.
    pub micros: u64,
    /// The loops that came further.
    #[serde(deserialize_with = "bounded::list::<LOOP_LIMIT, _, _>")]
    pub loops: Vec<LoopChange>,
    /// The carried variables that changed.
    #[serde(deserialize_with = "bounded::list::<CARRIED_LIMIT, _, _>")]
    pub carried: Vec<CarriedChange>,
    /// The median time an item took, in nanoseconds, if measured anew.
    pub item_nanos: Option<u64>,
    /// How the run failed, if it did.
    pub failure: Option<Failure>,
    /// How many items were skipped.
    pub skipped: u64,
    /// Items given up on.
    pub dead_letters: Option<Box<DeadLetters>>,
    /// How the run ended, if it did, and not by a failure.
    pub end: Option<RunEnd>,
}

/// How far one loop came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopChange {
    /// The loop, by its order in the function.
    pub loop_id: u16,
    /// If it has begun: the items of the loops around it in which it runs, from the outside in.
    /// What was stored of it in other items is forgotten.
    #[serde(deserialize_with = "bounded::optional_list::<NESTING_LIMIT, _, _>")]
    pub begun: Option<Vec<u64>>,
    /// How many of its items completed.
    pub count: u64,
    /// A completed item to know the input by, if there is a new one.
    pub mark: Option<Mark>,
    /// The number of its items, if it became known.
    pub total: Option<u64>,
    /// How it ended, if it did.
    pub end: Option<LoopEnd>,
    /// The keys of those items, if it knows its items by key.
    pub keys: Option<Box<Keys>>,
    /// The cursor of the last of those items, if it knows its items by cursor.
    pub cursor: Option<Box<Carried>>,
    /// How often an item has failed, if one has again.
    pub attempts: Option<Box<Attempts>>,
    /// The item that is about to begin, after a run that died.
    pub suspect: Option<Box<Suspect>>,
}

impl Record {
    /// Whether its values are so large that there is to be no more of them in memory than has to be.
    pub(crate) fn is_large(&self) -> bool {
        self.least_len() > 1 << 20
    }

    /// Sets how long after the save before it is made.
    pub(crate) fn set_micros(&mut self, since: u64) {
        match self {
            Record::Snapshot(_) => {}
            Record::Advance(Advance { micros, .. }) | Record::Change(Change { micros, .. }) => {
                *micros = since;
            }
        }
    }
}

impl Change {
    /// Whether no item completed.
    pub(crate) fn is_idle(&self) -> bool {
        self.loops.iter().all(|it| it.count == 0)
    }

    /// The next `count` items of the function's first loop completed.
    pub fn completed(count: u64) -> Self {
        Change { loops: vec![LoopChange { count, ..LoopChange::default() }], ..Change::default() }
    }
}

impl From<Change> for Record {
    /// The shorter form where it says all.
    fn from(change: Change) -> Self {
        match Advance::all_of(&change) {
            Some(advance) => Record::Advance(advance),
            None => Record::Change(change),
        }
    }
}

impl Advance {
    /// The same as `change`, if that says no more than an advance can.
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
            },
        ] = loops.as_slice()
        else {
            return None;
        };
        let advance =
            Advance { micros: *micros, loop_id: *loop_id, count: *count, fingerprint: None };
        carried.is_empty().then_some(advance)
    }
}

pub(super) fn decode(frame: &Frame<'_>) -> Result<Record, FormatError> {
    match frame.kind {
        ADVANCE => payload(frame.payload, frame.offset).map(Record::Advance),
        CHANGE => payload(frame.payload, frame.offset).map(Record::Change),
        SNAPSHOT => Err(damaged(frame.offset, "a snapshot that is not the first record")),
        _ => Err(damaged(frame.offset, "a record of unknown kind")),
    }
}

pub(super) fn snapshot(bytes: &[u8], offset: usize) -> Result<Checkpoint, FormatError> {
    let checkpoint: Checkpoint = payload(bytes, offset)?;
    checkpoint.check_loops().map_err(|what| damaged(offset, what))?;
    Ok(checkpoint)
}

pub(super) fn payload<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    offset: usize,
) -> Result<T, FormatError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(damaged(offset, "a record is longer than what it holds")),
        Err(_) => Err(damaged(offset, "a record does not hold what its kind says")),
    }
}

impl Framed for Record {
    fn write(&self, place: Place, buffer: &mut Vec<u8>) -> Result<(), FormatError> {
        match self {
            Record::Snapshot(checkpoint) => push(SNAPSHOT, checkpoint, place, buffer),
            Record::Advance(advance) => push(ADVANCE, advance, place, buffer),
            Record::Change(change) => push(CHANGE, change, place, buffer),
        }
    }

    fn least_len(&self) -> usize {
        let Record::Change(change) = self else { return 0 };
        sum(change.carried.iter().map(|it| it.value.size()))
    }
}

pub(super) fn sum(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.fold(0, usize::saturating_add)
}

pub(super) fn write_snapshot(
    checkpoint: &Checkpoint,
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    push(SNAPSHOT, checkpoint, Place::FIRST, buffer)
}

pub(super) fn push(
    kind: u8,
    value: &impl Serialize,
    place: Place,
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let start = frame::begin(buffer);
    let written = postcard::serialize_with_flavor(value, Growing(std::mem::take(buffer)));
    // Our own types fail to serialise into memory in no way but by their size.
    *buffer = written.map_err(|_| FormatError::TooLarge(usize::MAX))?;
    frame::end(buffer, start, place, kind)
}

/// Bytes that grow by whole pieces.
struct Growing(Vec<u8>);

impl Flavor for Growing {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}
