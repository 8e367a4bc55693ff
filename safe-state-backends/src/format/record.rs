//! The records: the meaning of a frame's payload.

use std::borrow::Cow;

use serde::Serialize;

use super::behind::{push_behind, push_behind_change};
use super::error::damaged;
use super::frame::{self, Frame, FramePlace};
use super::framed::{Framed, payload, push};
use super::kind::{
    ADVANCE, ARGUMENTS, CHANGE, IN_FLIGHT, MERGE, SAMPLES, SIDE_BY_SIDE, SLICES, SNAPSHOT, TIMINGS,
};
use super::pieces::{LARGE, Pieces};
use super::side_by_side;
use super::{FormatError, Record};
use crate::checkpoint::check::take_snapshot;
use crate::{Carried, Checkpoint};

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
    take_snapshot(&mut checkpoint).map_err(|what| damaged(offset, what))?;
    Ok(checkpoint)
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
    let short = shortened(checkpoint);
    push_in_pieces(SNAPSHOT, &*short, short.carried.values(), FramePlace::FIRST, pieces)?;
    let place = FramePlace::after(pieces.small()).unwrap_or(FramePlace::FIRST).at(pieces.len());
    let begin = pieces.small().len();
    push_behind(checkpoint, (place, begin), pieces.small_mut())
}

/// Returns the state as it is to be written: its values are stored as differences, where that is shorter.
fn shortened(checkpoint: &Checkpoint) -> Cow<'_, Checkpoint> {
    match checkpoint.carried.shortened() {
        Some(carried) => Cow::Owned(Checkpoint { carried, ..checkpoint.clone() }),
        None => Cow::Borrowed(checkpoint),
    }
}

/// Writes the snapshot, and behind it the parts of the checkpoint that have records of their own.
fn push_snapshot(
    checkpoint: &Checkpoint,
    place: FramePlace,
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let begin = buffer.len();
    push(SNAPSHOT, &*shortened(checkpoint), place, buffer)?;
    let place = FramePlace::behind(buffer.get(begin..).unwrap_or_default(), place);
    push_behind(checkpoint, (place, begin), buffer)
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
