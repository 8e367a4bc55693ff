//! The beginning and the end of a run, as its checkpoint shows them.

use super::{Checkpoint, CrashCause, RunEnd};
use crate::timestamp::Timestamp;

/// Begins a new run: counts it, and clears the failure. `cause` is what the previous run died of, if it died and the cause is
/// known.
pub(crate) fn begin(checkpoint: &mut Checkpoint, cause: Option<CrashCause>) {
    let now = Timestamp::now();
    checkpoint.note_finish();
    count_crashes(checkpoint, cause);
    checkpoint.timings.begin_run(checkpoint.run_count);
    checkpoint.run_count = checkpoint.run_count.saturating_add(1);
    checkpoint.failure = None;
    // The items in flight begin anew.
    checkpoint.workers.forget_in_flight();
    checkpoint.history.begin(checkpoint.run_count, now, checkpoint.updated_at);
    checkpoint.updated_at = now;
}

/// Counts the death of the previous run against the items that were in flight, if it has died. `cause` is used unless the run
/// saved a cause itself. A run that was ended from outside counts against no item.
fn count_crashes(checkpoint: &mut Checkpoint, cause: Option<CrashCause>) {
    let has_crashed = checkpoint.is_open();
    let suspects = checkpoint.loops.values_mut().filter_map(|it| it.suspect.as_deref_mut());
    for suspect in suspects.filter(|suspect| suspect.in_flight) {
        suspect.in_flight = false;
        let was_ended = suspect.cause.is_none() && cause.is_some_and(CrashCause::is_from_outside);
        if has_crashed && !was_ended {
            suspect.crashes = suspect.crashes.saturating_add(1);
            suspect.cause = suspect.cause.or(cause);
        }
    }
}

/// Marks the job as finished now, and clears its failure.
pub(crate) fn finish(checkpoint: &mut Checkpoint) {
    checkpoint.finished = true;
    checkpoint.failure = None;
    checkpoint.updated_at = Timestamp::now();
    checkpoint.note_finish();
    checkpoint.history.end(RunEnd::Finished, checkpoint.updated_at);
}

/// Puts the runs of an earlier, finished job of the same name before those of the checkpoint, and counts on from them.
pub(crate) fn remember(checkpoint: &mut Checkpoint, finished: &Checkpoint) {
    checkpoint.run_count = finished.run_count.saturating_add(checkpoint.run_count);
    checkpoint.timings.count_behind(&finished.timings, finished.run_count);
    checkpoint.history.count_behind(&finished.history, finished.run_count);
}
