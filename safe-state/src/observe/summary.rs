//! The summary of a run, in numbers.

use std::fmt;
use std::time::{Duration, Instant};

use safe_state_backends::RunEnd;
use serde::Serialize;

use crate::error::items;

/// The summary of a run, for [`Job::on_finish`](crate::Job::on_finish) and the other hooks, and for the line of
/// [`Job::summary`](crate::Job::summary).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// The job's name.
    pub job: String,
    /// The number of the run among the job's runs, from 1.
    pub run: u32,
    /// The way in which the run ended.
    pub end: RunEnd,
    /// The reason why the run stopped or failed; `None` if it finished.
    pub reason: Option<String>,
    /// The time from the run's begin to its end.
    pub took: Duration,
    /// The numbers of items by what became of them.
    pub items: RunItems,
    /// The number of saves, and the time they took.
    pub saves: RunSaves,
}

/// The numbers of a run's items by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunItems {
    /// The number of items that the run has completed.
    pub completed: u64,
    /// The number of failed attempts that were followed by another one.
    pub retried: u64,
    /// The number of items that the run gave up without a record.
    pub skipped: u64,
    /// The number of items that the run gave up as dead letters.
    pub dead_letters: u64,
}

/// The number of saves in a run, and the time they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunSaves {
    /// The number of saves, without those at the run's begin and end.
    pub count: u64,
    /// The total time that the run waited for saves.
    pub took: Duration,
}

/// The counters of a run under way.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) items: RunItems,
    pub(crate) saves: RunSaves,
    /// The reason why the run ends, as far as it is known.
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
    /// Returns the items per second. Returns `None` for a run that took no time.
    pub fn rate(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "it is a measurement")]
        let rate = self.items.completed as f64 / self.took.as_secs_f64();
        rate.is_finite().then_some(rate)
    }
}

impl fmt::Display for RunSummary {
    /// Writes a line such as `run 2 failed (item 7: no) after 2m 3s: 6432 items, 52.3/s; 3 retried, 1 given up; 64
    /// saves took 1s (1 %)`.
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

/// Rounds a time down to whole seconds, or to milliseconds if it is shorter than ten seconds.
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
