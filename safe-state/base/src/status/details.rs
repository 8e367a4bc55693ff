//! The details of a job's status, beyond one line.

use safe_state_backends::{Checkpoint, Keys, LoopEnd, LoopProgress};
use serde::Serialize;

use super::death::Death;
use super::look::Look;
use super::state::State;
use super::timings::StatusTimings;
use super::workers::StatusWorkers;

/// The details of a job's status, beyond one line: see [`Status`](super::Status).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusDetails {
    /// The job's version.
    pub version: Option<String>,
    /// The completed indices, as ranges with both ends included: `0-5, 7`, or `none`.
    pub completed_items: String,
    /// The job's speed.
    #[serde(flatten)]
    pub pace: StatusPace,
    /// The timings of items and saves; `None` if nothing was measured.
    pub timings: Option<StatusTimings>,
    /// The names of the carried variables and steps.
    pub carries: Vec<String>,
    /// The resumable loops that have begun, in their order in the function.
    pub loops: Vec<StatusLoop>,
    /// The slices of a shared job, and its workers; left out of the JSON of other jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<StatusWorkers>,
    /// The failure of the last run, as text.
    pub failure: Option<String>,
    /// The death of the last run, if an item is known to be to blame.
    pub death: Option<Death>,
}

/// The speed of a job.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusPace {
    /// The median time of an item, in seconds.
    pub item_seconds: Option<f64>,
    /// The number of items per second in the last run, for a job with one loop.
    pub items_per_second: Option<f64>,
    /// The seconds that the rest takes at this rate, while the job runs.
    pub seconds_left: Option<f64>,
}

/// One resumable loop.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusLoop {
    /// The loop's number, counted from 0 in the function's text.
    pub number: u16,
    /// The indices of the items of the loops around it, outermost first.
    pub within: Vec<u64>,
    /// The number of complete items.
    pub completed: u64,
    /// The number of all items, if the input told its length.
    pub total: Option<u64>,
    /// The number of items that are complete by key, if the loop knows items by key.
    pub keys: Option<usize>,
    /// The end of the loop; `None` while it has not ended.
    pub end: Option<LoopEnd>,
}

impl StatusDetails {
    pub(super) fn of(look: &Look, state: State) -> Self {
        let checkpoint = &look.checkpoint;
        StatusDetails {
            version: checkpoint.version().map(str::to_owned),
            completed_items: checkpoint.completed().to_string(),
            pace: StatusPace::of(checkpoint, state),
            timings: StatusTimings::of(checkpoint),
            carries: checkpoint.carried_names().map(str::to_owned).collect(),
            loops: checkpoint.numbered_loops().map(StatusLoop::of).collect(),
            shared: StatusWorkers::of(look),
            failure: checkpoint.last_failure().map(ToString::to_string),
            death: Death::of_last_run(look),
        }
    }
}

impl StatusPace {
    fn of(checkpoint: &Checkpoint, state: State) -> Self {
        let rate = rate(checkpoint);
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let left =
            checkpoint.progress().remaining.zip(rate).map(|(items, rate)| items as f64 / rate);
        StatusPace {
            item_seconds: checkpoint.typical_item_time().map(|time| time.as_secs_f64()),
            items_per_second: rate,
            seconds_left: left.filter(|_| state == State::Running),
        }
    }
}

/// Returns the items per second of the last run; `None` for several loops, as their speeds differ.
fn rate(checkpoint: &Checkpoint) -> Option<f64> {
    let run = checkpoint.history().last().filter(|_| checkpoint.loops().count() == 1)?;
    let until = run.ended_at().unwrap_or_else(|| checkpoint.updated_at());
    let seconds = until.duration_since(run.started_at()).ok()?.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    let rate = run.completed() as f64 / seconds;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

impl StatusLoop {
    fn of((number, progress): (u16, &LoopProgress)) -> Self {
        StatusLoop {
            number,
            within: progress.within().to_vec(),
            completed: progress.completed().len(),
            total: progress.total(),
            keys: progress.keys().map(Keys::len),
            end: progress.end(),
        }
    }
}
