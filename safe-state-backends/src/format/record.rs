//! The records: the meaning of a frame's payload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::behind::{push_behind, push_behind_change};
use super::frame::{self, Frame, FramePlace};
use super::pieces::{Growing, LARGE, Pieces};
use super::side_by_side::{self, SideBySide};
use super::{FormatError, Framed, damaged};
use crate::limits::{ARGUMENT_LIMIT, CARRIED_LIMIT, LOOP_LIMIT, NESTING_LIMIT};
use crate::{
    Attempts, Carried, CarriedChange, Checkpoint, DeadLetters, Failure, InFlight, Keys, LoopEnd,
    Mark, Measured, Merge, RunEnd, Sampled, Samples, Slices, Suspect, Timings, bounded,
};

pub(super) const SNAPSHOT: u8 = 1;
const ADVANCE: u8 = 2;
const CHANGE: u8 = 3;
pub(super) const SAMPLES: u8 = 4;
pub(super) const ARGUMENTS: u8 = 5;
pub(super) const IN_FLIGHT: u8 = 6;
pub(super) const SLICES: u8 = 7;
pub(super) const MERGE: u8 = 8;
const SIDE_BY_SIDE: u8 = 9;
pub(super) const TIMINGS: u8 = 10;

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

/// The fingerprints of a job's arguments, by their names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arguments(
    #[serde(deserialize_with = "bounded::map::<ARGUMENT_LIMIT, _, _, _>")]
    pub(crate)  BTreeMap<String, u32>,
);

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

impl Record {
    /// Returns whether the values are so large that memory should hold no second copy of them.
    pub(crate) fn is_large(&self) -> bool {
        self.least_len() > LARGE
    }

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

    pub(super) fn is_side_by_side(&self) -> bool {
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

pub(super) fn decode(frame: &Frame<'_>) -> Result<Record, FormatError> {
    match frame.kind {
        ADVANCE => payload(frame.payload, frame.offset).map(Record::Advance),
        CHANGE => payload(frame.payload, frame.offset).map(Record::Change),
        SIDE_BY_SIDE => side_by_side::read(frame.payload, frame.offset).map(Record::Change),
        SAMPLES => payload(frame.payload, frame.offset).map(Record::Samples),
        ARGUMENTS => payload(frame.payload, frame.offset).map(Record::Arguments),
        IN_FLIGHT => payload(frame.payload, frame.offset).map(Record::InFlight),
        SLICES => payload(frame.payload, frame.offset).map(Record::Slices),
        MERGE => payload(frame.payload, frame.offset).map(Record::Merge),
        TIMINGS => payload(frame.payload, frame.offset).map(Record::Timings),
        SNAPSHOT => Err(damaged(frame.offset, "a snapshot that is not the first record")),
        _ => Err(damaged(frame.offset, "a record of unknown kind")),
    }
}

pub(super) fn snapshot(bytes: &[u8], offset: usize) -> Result<Checkpoint, FormatError> {
    let mut checkpoint: Checkpoint = payload(bytes, offset)?;
    checkpoint.take_whole_state().map_err(|what| damaged(offset, what))?;
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
    fn write(&self, place: FramePlace, buffer: &mut Vec<u8>) -> Result<(), FormatError> {
        match self {
            Record::Snapshot(checkpoint) => push_snapshot(checkpoint, place, buffer),
            Record::Advance(advance) => push(ADVANCE, advance, place, buffer),
            Record::Change(change) => {
                let begin = buffer.len();
                if change.is_side_by_side() {
                    push(SIDE_BY_SIDE, &side_by_side::written(change), place, buffer)?;
                } else {
                    push(CHANGE, change, place, buffer)?;
                }
                push_behind_change(change, (place, begin), buffer)
            }
            Record::Samples(sampled) => push(SAMPLES, sampled, place, buffer),
            Record::Arguments(arguments) => push(ARGUMENTS, arguments, place, buffer),
            Record::InFlight(in_flight) => push(IN_FLIGHT, in_flight, place, buffer),
            Record::Slices(slices) => push(SLICES, slices, place, buffer),
            Record::Merge(merge) => push(MERGE, merge, place, buffer),
            Record::Timings(timings) => push(TIMINGS, timings, place, buffer),
        }
    }

    fn write_in_pieces(&self, place: FramePlace, pieces: &mut Pieces) -> Result<(), FormatError> {
        match self {
            Record::Change(change) if self.is_large() && !change.is_side_by_side() => {
                let values = change.carried.iter().map(|it| &it.value);
                push_in_pieces(CHANGE, change, values, place, pieces)?;
                let place = place.at(place.offset + pieces.len());
                let buffer = pieces.small_mut();
                let begin = buffer.len();
                push_behind_change(change, (place, begin), buffer)
            }
            _ => self.write(place, pieces.small_mut()),
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
    push_snapshot(checkpoint, FramePlace::FIRST, buffer)
}

pub(super) fn write_snapshot_in_pieces(
    checkpoint: &Checkpoint,
    pieces: &mut Pieces,
) -> Result<(), FormatError> {
    let short = checkpoint.shortened();
    push_in_pieces(SNAPSHOT, &*short, short.carried.values(), FramePlace::FIRST, pieces)?;
    let place = FramePlace::after(pieces.small()).unwrap_or(FramePlace::FIRST).at(pieces.len());
    let begin = pieces.small().len();
    push_behind(checkpoint, (place, begin), pieces.small_mut())
}

/// Writes the snapshot, and behind it the parts of the checkpoint that have records of their own.
fn push_snapshot(
    checkpoint: &Checkpoint,
    place: FramePlace,
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let begin = buffer.len();
    push(SNAPSHOT, &*checkpoint.shortened(), place, buffer)?;
    let place = FramePlace::behind(buffer.get(begin..).unwrap_or_default(), place);
    push_behind(checkpoint, (place, begin), buffer)
}

pub(super) fn push(
    kind: u8,
    value: &impl Serialize,
    place: FramePlace,
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let start = frame::begin(buffer);
    let written = postcard::serialize_with_flavor(value, Growing(std::mem::take(buffer)));
    // Serialising our own types into memory fails only for their size.
    *buffer = written.map_err(|_| FormatError::TooLarge(usize::MAX))?;
    frame::end(buffer, start, place, kind)
}

/// Writes a record, without copying the large ones among `values`. What is in `pieces` already stands in front of `place`.
fn push_in_pieces<'a>(
    kind: u8,
    value: &impl Serialize,
    values: impl Iterator<Item = &'a Carried>,
    place: FramePlace,
    pieces: &mut Pieces,
) -> Result<(), FormatError> {
    let before = pieces.len();
    let start = frame::begin(pieces.small_mut());
    let large = values.map(|value| &value.bytes).filter(|bytes| bytes.len() >= LARGE);
    let written = pieces.push(value, large.cloned().collect());
    written.map_err(|_| FormatError::TooLarge(usize::MAX))?;
    frame::end_in_pieces(pieces, (start, before), place, kind)
}

#[cfg(test)]
mod tests;
