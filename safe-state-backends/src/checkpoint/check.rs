//! The checks that a record passes before any of it is applied: can the checkpoint hold what the record adds?

use super::change::{LoopChange, Record};
use super::refused::{Refused, check_number, check_within};
use super::{Checkpoint, LoopProgress};

/// Checks that the record can be applied.
pub(crate) fn check(checkpoint: &Checkpoint, record: &Record) -> Result<(), Refused> {
    match record {
        Record::Snapshot(whole) => check_state(whole),
        Record::Advance(advance) => check_number(advance.loop_id),
        Record::Samples(sampled) => check_number(sampled.loop_id),
        Record::Arguments(_) => Ok(()),
        Record::InFlight(in_flight) => in_flight.check(),
        Record::Slices(slices) => slices.check(),
        Record::Merge(merge) => merge.check(&checkpoint.workers),
        Record::Timings(timings) => timings.check(),
        Record::Change(change) => {
            change.loops.iter().try_for_each(|it| check_loop(checkpoint, it))?;
            checkpoint.carried.check(&change.carried)?;
            let added = change.dead_letters.as_ref().map_or(0, |letters| letters.len());
            let has_room = checkpoint.dead_letters.has_room_for(added);
            has_room.then_some(()).ok_or("there are more than 10000 dead letters")
        }
    }
}

/// Makes the values of a decoded snapshot whole, and checks the state.
pub(crate) fn take_snapshot(checkpoint: &mut Checkpoint) -> Result<(), Refused> {
    checkpoint.carried.make_last_whole()?;
    check_state(checkpoint)
}

/// Checks that every loop's number is in range, and that every value is whole.
fn check_state(checkpoint: &Checkpoint) -> Result<(), Refused> {
    checkpoint.loops.keys().try_for_each(|id| check_number(*id))?;
    checkpoint.carried.check_whole()
}

fn check_loop(checkpoint: &Checkpoint, change: &LoopChange) -> Result<(), Refused> {
    check_number(change.loop_id)?;
    check_within(change.begun.as_deref().unwrap_or_default())?;
    let stored = checkpoint.loops.get(&change.loop_id).and_then(LoopProgress::keys);
    let (Some(stored), Some(added)) = (stored, change.keys.as_deref()) else { return Ok(()) };
    if stored.takes(added) { Ok(()) } else { Err("keys that are made in another way") }
}
