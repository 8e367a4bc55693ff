//! How far a job has come.

use safe_state_backends::{Checkpoint, Keys, LoopEnd, LoopProgress};
use serde::Serialize;

use super::{Death, Look, State, Summary};

/// How far a job has come.
#[derive(Clone, Debug, Serialize)]
pub struct Peeked {
    /// The job in a line.
    #[serde(flatten)]
    pub summary: Summary,
    /// The version that the job was given.
    pub version: Option<String>,
    /// As ranges with both ends included.
    pub completed_items: String,
    /// The median, in seconds.
    pub item_seconds: Option<f64>,
    /// Those of the last run, if the job has one loop.
    pub items_per_second: Option<f64>,
    /// How long the rest takes at that rate.
    pub seconds_left: Option<f64>,
    /// The names of what is carried.
    pub carries: Vec<String>,
    /// Its resumable loops.
    pub loops: Vec<Loop>,
    /// How the last run failed, as text.
    pub failure: Option<String>,
    /// Of the last run.
    pub death: Option<Death>,
}

/// One resumable loop, in the function's order.
#[derive(Clone, Debug, Serialize)]
pub struct Loop {
    /// Its number, from 0 in the function's text.
    pub number: u16,
    /// The items of the loops around it in which it runs.
    pub within: Vec<u64>,
    /// How many items are complete.
    pub completed: u64,
    /// How many it has in all, where its input told.
    pub total: Option<u64>,
    /// How many items are complete, of a loop that knows them by key.
    pub keys: Option<usize>,
    /// How it ended, if it has.
    pub end: Option<LoopEnd>,
}

impl Peeked {
    /// What a look has shown.
    pub fn of(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let summary = Summary::of(look);
        let rate = rate(checkpoint);
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let left = summary.remaining.zip(rate).map(|(items, rate)| items as f64 / rate);
        Peeked {
            items_per_second: rate,
            seconds_left: left.filter(|_| summary.state == State::Running),
            summary,
            version: checkpoint.version().map(str::to_owned),
            completed_items: checkpoint.completed().to_string(),
            item_seconds: checkpoint.typical_item_time().map(|time| time.as_secs_f64()),
            carries: checkpoint.carried_names().map(str::to_owned).collect(),
            loops: checkpoint.numbered_loops().map(Loop::of).collect(),
            failure: checkpoint.last_failure().map(ToString::to_string),
            death: Death::of_last_run(look),
        }
    }
}

/// Of several loops, not all are as fast.
fn rate(checkpoint: &Checkpoint) -> Option<f64> {
    let run = checkpoint.history().last().filter(|_| checkpoint.loops().count() == 1)?;
    let until = run.ended_at().unwrap_or_else(|| checkpoint.updated_at());
    let seconds = until.duration_since(run.started_at()).ok()?.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    let rate = run.completed() as f64 / seconds;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

impl Loop {
    fn of((number, progress): (u16, &LoopProgress)) -> Self {
        Loop {
            number,
            within: progress.within().to_vec(),
            completed: progress.completed().len(),
            total: progress.total(),
            keys: progress.keys().map(Keys::len),
            end: progress.end(),
        }
    }
}
