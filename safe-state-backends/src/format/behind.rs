//! The parts of a snapshot, or of a change, that have records of their own behind it.

use super::frame::FramePlace;
use super::framed::push;
use super::kind::{ARGUMENTS, IN_FLIGHT, MERGE, SAMPLES, SLICES, TIMINGS};
use super::{Change, FormatError};
use crate::checkpoint::Workers;
use crate::limits::SAMPLE_LIMIT;
use crate::{Checkpoint, Mark, Sampled, Timings};

/// Writes the parts of the checkpoint that have records of their own, behind what `buffer` holds from `begin` on, which stands at
/// `place`.
pub(super) fn push_behind(
    checkpoint: &Checkpoint,
    (place, begin): (FramePlace, usize),
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    for (loop_id, progress) in &checkpoint.loops {
        push_samples(*loop_id, progress.samples.marks(), (place, begin), buffer)?;
    }
    if !checkpoint.arguments.is_empty() {
        let here = place.at(place.offset + buffer.len() - begin);
        push(ARGUMENTS, &checkpoint.arguments, here, buffer)?;
    }
    push_workers(&checkpoint.workers, (place, begin), buffer)?;
    push_timings(&checkpoint.timings, (place, begin), buffer)
}

/// Writes the parts of a change that have records of their own, behind what `buffer` holds from `begin` on.
pub(super) fn push_behind_change(
    change: &Change,
    (place, begin): (FramePlace, usize),
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    for it in &change.loops {
        push_samples(it.loop_id, it.samples.marks(), (place, begin), buffer)?;
    }
    match &change.timings {
        Some(measured) => {
            push_timings(&Timings::of_run((**measured).clone()), (place, begin), buffer)
        }
        None => Ok(()),
    }
}

/// Writes the timings behind what `buffer` holds from `begin` on, which stands at `place`.
fn push_timings(
    timings: &Timings,
    (place, begin): (FramePlace, usize),
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    if timings.is_empty() {
        return Ok(());
    }
    push(TIMINGS, timings, place.at(place.offset + buffer.len() - begin), buffer)
}

/// Writes the state of loops that run side by side or are shared, behind what `buffer` holds from `begin` on.
fn push_workers(
    workers: &Workers,
    (place, begin): (FramePlace, usize),
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let here = |buffer: &Vec<u8>| place.at(place.offset + buffer.len() - begin);
    workers.in_flight().try_for_each(|it| push(IN_FLIGHT, &it, here(buffer), buffer))?;
    workers.slices().try_for_each(|it| push(SLICES, it, here(buffer), buffer))?;
    workers.merges().try_for_each(|it| push(MERGE, &it, here(buffer), buffer))
}

/// Writes the samples of a loop behind what `buffer` holds from `begin` on, which stands at `place`.
pub(super) fn push_samples(
    loop_id: u16,
    marks: &[Mark],
    (place, begin): (FramePlace, usize),
    buffer: &mut Vec<u8>,
) -> Result<(), FormatError> {
    for marks in marks.chunks(SAMPLE_LIMIT) {
        let here = place.at(place.offset + buffer.len() - begin);
        push(SAMPLES, &Sampled { loop_id, marks: marks.to_vec() }, here, buffer)?;
    }
    Ok(())
}
