//! The metrics of a run, through the facade `metrics`.

use std::fmt;
use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};

/// The metrics of one run. The recorder is the one that is set when the run begins.
pub(crate) struct Meters {
    job: String,
    completed: Counter,
    retried: Counter,
    skipped: Counter,
    given_up: Counter,
    item_seconds: Histogram,
    save_seconds: Histogram,
}

impl Meters {
    pub(crate) fn new(job: &str) -> Self {
        let items = |outcome: &'static str| counter!("safe_state_items_total", "job" => job.to_owned(), "outcome" => outcome);
        Meters {
            job: job.to_owned(),
            completed: items("completed"),
            retried: items("retried"),
            skipped: items("skipped"),
            given_up: items("given_up"),
            item_seconds: histogram!("safe_state_item_seconds", "job" => job.to_owned()),
            save_seconds: histogram!("safe_state_save_seconds", "job" => job.to_owned()),
        }
    }

    /// Counts items that completed in `time` all together, and records their average time.
    pub(crate) fn completed(&self, items: u64, time: Duration) {
        self.completed.increment(items);
        #[expect(clippy::cast_precision_loss, reason = "it is a measurement")]
        self.item_seconds.record(time.as_secs_f64() / items.max(1) as f64);
    }

    pub(crate) fn saved(&self, took: Duration) {
        self.save_seconds.record(took.as_secs_f64());
    }

    pub(crate) fn retried(&self) {
        self.retried.increment(1);
    }

    pub(crate) fn skipped(&self) {
        self.skipped.increment(1);
    }

    pub(crate) fn given_up(&self) {
        self.given_up.increment(1);
    }

    pub(crate) fn ended(&self, end: &'static str) {
        counter!("safe_state_runs_total", "job" => self.job.clone(), "end" => end).increment(1);
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").field("job", &self.job).finish_non_exhaustive()
    }
}
