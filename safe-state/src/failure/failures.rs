//! What a run knows of failures: which item may be poison, why it ends, and what a report tells beside.

use std::time::{Duration, Instant};

use safe_state_backends::details::{Details, Value};
use safe_state_backends::{Carry, Checkpoint, Failure};

use super::outcome::Failed;
use super::poison::PoisonDetector;
use super::reported::Values;

/// The failures of a run.
#[derive(Debug)]
pub(crate) struct Failures {
    poison: PoisonDetector,
    /// Why the run ends with the failure of an item, beside that itself.
    reasons: Vec<String>,
    /// What of its values a report tells.
    values: Values,
}

impl Failures {
    /// See [`PoisonDetector::new`].
    pub(crate) fn new(has_crashed: bool, at_risk: (u64, Duration), now: Instant) -> Self {
        let poison = PoisonDetector::new(has_crashed, at_risk, now);
        Failures { poison, reasons: Vec::new(), values: Values::default() }
    }

    /// Begins a part of the run by itself, whose worker before may have died in it.
    pub(crate) fn begin(&mut self, has_crashed: bool, at_risk: (u64, Duration), now: Instant) {
        self.poison = PoisonDetector::new(has_crashed, at_risk, now);
    }

    /// Returns whether the run looks out for an item that kills the process.
    pub(crate) fn look_out(&self) -> bool {
        !self.poison.is_over()
    }

    /// So many more items may have begun since the last save of the run before: they were under way at once.
    pub(crate) fn risk_more(&mut self, items: u64) {
        self.poison.risk_more(items);
    }

    /// Takes in an item that is about to be done. Returns whether it is a suspect.
    pub(crate) fn suspect_next(&mut self) -> bool {
        self.poison.suspects_next(Instant::now())
    }

    /// Adds a reason why the run ends with the failure of an item.
    pub(crate) fn end_for(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    /// Puts other reasons in place of those that there are.
    pub(crate) fn end_for_these(&mut self, reasons: Vec<String>) {
        self.reasons = reasons;
    }

    /// Returns the failure with the reasons why the run ends with it.
    pub(crate) fn with_reasons(&self, failure: Failure) -> Failure {
        failure.with_reasons(&self.reasons)
    }

    /// Takes in an argument of the function for a report.
    pub(crate) fn argument(&mut self, shown: Vec<Value>) {
        self.values.argument(shown);
    }

    /// Takes in a carried variable for a report.
    pub(crate) fn carries<T: Carry>(&mut self, name: &str) {
        self.values.carries::<T>(name);
    }

    /// Returns what a report tells of the failure.
    pub(crate) fn details(&self, failed: &mut Failed, stored: Option<&Checkpoint>) -> Details {
        failed.details(self.values.all(stored))
    }
}
