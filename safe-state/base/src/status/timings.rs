//! The timings of a job's items and saves, to be shown.

use std::fmt;
use std::time::Duration;

use safe_state_backends::{Checkpoint, ItemQuantiles, Measured, MeasuredRun, PastRun, SlowItem};
use serde::Serialize;

/// The timings of a job's items and saves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusTimings {
    /// The last run, the one under way included.
    pub last_run: StatusMeasured,
    /// All runs together.
    pub all_runs: StatusMeasured,
}

/// The timings of one run, or of several together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusMeasured {
    /// What saving cost.
    pub saving: StatusSaving,
    /// How long items took, if the job has the option `timings`.
    pub items: Option<StatusItemTimes>,
    /// The items that took longest, the slowest first; at most 10.
    pub slowest: Vec<StatusSlowItem>,
}

/// What saving cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusSaving {
    /// The number of saves, without those at a run's begin and end.
    pub saves: u64,
    /// The seconds that the runs waited for these saves.
    pub seconds: f64,
    /// The part of the runs' time that this is, from 0 to 1; `None` if that time is not known.
    pub share: Option<f64>,
}

/// How long items took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusItemTimes {
    /// The number of items that were timed.
    pub count: u64,
    /// The median time, right within 6.3 %.
    pub median_seconds: f64,
    /// The time below which nine in ten items were, as exact as the median.
    pub p90_seconds: f64,
    /// The time below which 99 in 100 items were, as exact as the median.
    pub p99_seconds: f64,
    /// The longest time.
    pub longest_seconds: f64,
}

/// One of the items that took longest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusSlowItem {
    /// The loop's number, counted from 0 in the function's text.
    #[serde(rename = "loop")]
    pub loop_id: u16,
    /// The items of the loops around it, outermost first.
    pub within: Vec<u64>,
    /// The item's index.
    pub index: u64,
    /// The hash of its key, if the loop knows its items by key.
    pub key: Option<u64>,
    /// The time that it took.
    pub seconds: f64,
    /// The values captured of the item, as text; empty if there are none.
    pub captured: String,
}

impl StatusTimings {
    pub(super) fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let timings = checkpoint.timings();
        let (last_run, all_runs) = (timings.last_run(), timings.all_runs());
        if all_runs.is_empty() {
            return None;
        }
        // Workers of a shared job run at the same time, so their saves are no part of a run's time.
        let runs = if checkpoint.has_slices() { &[] } else { checkpoint.history() };
        let last = runs.last().and_then(|run| time_of(run, checkpoint));
        let are_all = u32::try_from(runs.len()) == Ok(checkpoint.run_count());
        let times = runs.iter().map(|run| time_of(run, checkpoint));
        let all = times.sum::<Option<Duration>>().filter(|_| are_all);
        Some(StatusTimings {
            last_run: StatusMeasured::of(last_run, last),
            all_runs: StatusMeasured::of(&all_runs, all),
        })
    }
}

/// Returns how long a run took, or took until its last save.
fn time_of(run: &PastRun, checkpoint: &Checkpoint) -> Option<Duration> {
    let until = run.ended_at().unwrap_or_else(|| checkpoint.updated_at());
    until.duration_since(run.started_at()).ok()
}

impl StatusMeasured {
    fn of(measured: &Measured, took: Option<Duration>) -> Self {
        StatusMeasured {
            saving: StatusSaving::of((measured.saves, measured.saving_nanos), took),
            items: measured.quantiles().map(|it| StatusItemTimes::of(&it)),
            slowest: measured.slowest.iter().map(StatusSlowItem::of).collect(),
        }
    }
}

impl StatusSaving {
    fn of((saves, nanos): (u64, u64), took: Option<Duration>) -> Self {
        let seconds = seconds(nanos);
        let share = took.map(|took| seconds / took.as_secs_f64());
        let share = share.filter(|share| share.is_finite()).map(|share| share.min(1.0));
        StatusSaving { saves, seconds, share }
    }
}

impl StatusItemTimes {
    fn of(it: &ItemQuantiles) -> Self {
        StatusItemTimes {
            count: it.count,
            median_seconds: seconds(it.median),
            p90_seconds: seconds(it.p90),
            p99_seconds: seconds(it.p99),
            longest_seconds: seconds(it.longest),
        }
    }
}

impl StatusSlowItem {
    fn of(item: &SlowItem) -> Self {
        StatusSlowItem {
            loop_id: item.loop_id,
            within: item.within.clone(),
            index: item.index,
            key: item.key,
            seconds: seconds(item.nanos),
            captured: item.captured.clone(),
        }
    }
}

/// Returns what was measured of one of a job's runs, if that is remembered.
pub(super) fn of_run(
    run: u32,
    took: Option<Duration>,
    checkpoint: &Checkpoint,
) -> (Option<StatusSaving>, Option<StatusItemTimes>) {
    let timings = checkpoint.timings();
    let (saves, items) = if run == checkpoint.run_count() {
        let last = timings.last_run();
        ((last.saves, last.saving_nanos), last.quantiles())
    } else {
        let past = timings.past().iter().find(|past| past.run == run);
        let Some(MeasuredRun { saves, saving_nanos, items, .. }) = past else {
            return (None, None);
        };
        ((*saves, *saving_nanos), *items)
    };
    let saving = (saves.0 > 0).then(|| StatusSaving::of(saves, took));
    (saving, items.map(|it| StatusItemTimes::of(&it)))
}

fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}

impl fmt::Display for StatusSaving {
    /// Writes for example `64 saves took 1s 230ms (1.0 %)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.saves == 1 { "" } else { "s" };
        write!(f, "{} save{plural} took {}", self.saves, text(self.seconds))?;
        match self.share {
            Some(share) => write!(f, " ({:.1} %)", share * 100.0),
            None => Ok(()),
        }
    }
}

impl fmt::Display for StatusItemTimes {
    /// Writes for example `median 12ms, 90 % 20ms, 99 % 340ms, longest 2s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatusItemTimes { median_seconds, p90_seconds, p99_seconds, longest_seconds, .. } =
            *self;
        let [median, p90, p99, longest] =
            [median_seconds, p90_seconds, p99_seconds, longest_seconds].map(text);
        write!(f, "median {median}, 90 % {p90}, 99 % {p99}, longest {longest}")
    }
}

impl fmt::Display for StatusSlowItem {
    /// Writes for example `item 7 of loop 1 in item 3, 2s 40ms: name = "a"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}", self.index)?;
        if self.loop_id > 0 || !self.within.is_empty() {
            write!(f, " of loop {}", self.loop_id)?;
        }
        if !self.within.is_empty() {
            let within: Vec<String> = self.within.iter().map(u64::to_string).collect();
            write!(f, " in item {}", within.join(", "))?;
        }
        write!(f, ", {}", text(self.seconds))?;
        if self.captured.is_empty() { Ok(()) } else { write!(f, ": {}", self.captured) }
    }
}

/// Returns a time in whole seconds, or if it is short in milliseconds or microseconds.
fn text(seconds: f64) -> String {
    let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    let rounded = match time.as_nanos() {
        0..10_000_000 => Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(0)),
        10_000_000..10_000_000_000 => {
            Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(0))
        }
        _ => Duration::from_secs(time.as_secs()),
    };
    humantime::format_duration(rounded).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_short_as_they_are_useful() {
        let told = [0.0, 0.000_012_3, 0.012_345, 1.234_5, 75.9, f64::MAX].map(text);
        assert_eq!(told[..5], ["0s", "12us", "12ms", "1s 234ms", "1m 15s"]);
        let slow = StatusSlowItem {
            loop_id: 1,
            within: vec![3],
            index: 7,
            key: None,
            seconds: 2.04,
            captured: "name = \"a\"".to_owned(),
        };
        assert_eq!(slow.to_string(), "item 7 of loop 1 in item 3, 2s 40ms: name = \"a\"");
        let saving = StatusSaving { saves: 64, seconds: 1.23, share: Some(0.0101) };
        assert_eq!(saving.to_string(), "64 saves took 1s 230ms (1.0 %)");
    }
}
