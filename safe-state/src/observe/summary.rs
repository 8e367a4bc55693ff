//! What a run came to, in numbers.

use std::fmt;
use std::time::{Duration, Instant};

use safe_state_backends::RunEnd;
use serde::Serialize;

use crate::error::items;

/// What a run came to, for [`Job::on_finish`](crate::Job::on_finish) and the others, and the line of
/// [`Job::summary`](crate::Job::summary).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// The job's name.
    pub job: String,
    /// Which run of the job it was, from 1.
    pub run: u32,
    /// How it ended.
    pub end: RunEnd,
    /// Why it stopped or failed.
    pub reason: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What became of its items.
    pub items: RunItems,
    /// What saving took.
    pub saves: RunSaves,
}

/// What became of the items of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunItems {
    /// How many it has completed.
    pub completed: u64,
    /// How many failed attempts were followed by another one.
    pub retried: u64,
    /// How many it gave up without a record.
    pub skipped: u64,
    /// How many it gave up with one.
    pub dead_letters: u64,
}

/// What saving took in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunSaves {
    /// How often it saved, but for its begin and its end.
    pub count: u64,
    /// How long the run waited for that, all together.
    pub took: Duration,
}

/// What is counted of a run while it goes on.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) items: RunItems,
    pub(crate) saves: RunSaves,
    /// Why it ends.
    pub(crate) reason: Option<String>,
    run: u32,
    began: Instant,
}

impl Counts {
    pub(crate) fn new() -> Self {
        let (items, saves) = (RunItems::default(), RunSaves::default());
        Counts { items, saves, reason: None, run: 0, began: Instant::now() }
    }

    pub(crate) fn begin(&mut self, run: u32) {
        self.run = run;
    }

    pub(crate) fn saved(&mut self, took: Duration) {
        self.saves.count += 1;
        self.saves.took += took;
    }

    pub(crate) fn summary(&self, job: &str, end: RunEnd) -> RunSummary {
        RunSummary {
            job: job.to_owned(),
            run: self.run,
            end,
            reason: self.reason.clone().filter(|_| end != RunEnd::Finished),
            took: self.began.elapsed(),
            items: self.items,
            saves: self.saves,
        }
    }
}

impl RunSummary {
    /// Items a second; none of a run that took no time.
    pub fn rate(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "it is a measurement")]
        let rate = self.items.completed as f64 / self.took.as_secs_f64();
        rate.is_finite().then_some(rate)
    }
}

impl fmt::Display for RunSummary {
    /// `run 2 failed (item 7: no) after 2m 3s: 6432 items, 52.3/s; 3 retried, 1 given up; 64 saves took 1s (1 %)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunSummary { run, reason, took, items: of, saves, .. } = self;
        let end = match self.end {
            RunEnd::Finished => "finished",
            RunEnd::Failed => "failed",
            RunEnd::Stopped => "stopped",
            _ => "ended",
        };
        let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        write!(f, "run {run} {end}{reason} after {}: ", short(*took))?;
        write!(f, "{}", items(of.completed))?;
        if let Some(rate) = self.rate().filter(|_| of.completed > 0) {
            write!(f, ", {rate:.1}/s")?;
        }
        let given_up = of.skipped + of.dead_letters;
        if of.retried + given_up > 0 {
            write!(f, "; {} retried, {given_up} given up", of.retried)?;
        }
        if saves.count > 0 {
            let share = 100.0 * saves.took.as_secs_f64() / took.as_secs_f64().max(f64::EPSILON);
            let plural = if saves.count == 1 { "" } else { "s" };
            write!(f, "; {} save{plural} took {} ({share:.0} %)", saves.count, short(saves.took))?;
        }
        Ok(())
    }
}

/// In whole seconds, or milliseconds if it is less than ten of them.
fn short(time: Duration) -> humantime::FormattedDuration {
    let is_short = time < Duration::from_secs(10);
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let rounded =
        if is_short { Duration::from_millis(millis) } else { Duration::from_secs(time.as_secs()) };
    humantime::format_duration(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_there_is_to_tell() {
        let items = RunItems { completed: 6432, retried: 3, skipped: 0, dead_letters: 1 };
        let saves = RunSaves { count: 64, took: Duration::from_millis(1230) };
        let mut summary = RunSummary {
            job: "mail".to_owned(),
            run: 2,
            end: RunEnd::Failed,
            reason: Some("item 7: no".to_owned()),
            took: Duration::from_millis(123_456),
            items,
            saves,
        };
        let line = "run 2 failed (item 7: no) after 2m 3s: 6432 items, 52.1/s; 3 retried, 1 given up; \
                    64 saves took 1s 230ms (1 %)";
        assert_eq!(summary.to_string(), line);
        (summary.end, summary.reason) = (RunEnd::Finished, None);
        (summary.items, summary.saves) = (RunItems::default(), RunSaves::default());
        assert_eq!(summary.to_string(), "run 2 finished after 2m 3s: 0 items");
    }
}
