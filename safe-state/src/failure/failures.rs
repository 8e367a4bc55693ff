//! The failures of a run: the search for a poison item, the reasons why the run ends, and the values for a report.

use std::time::{Duration, Instant};

use safe_state_backends::details::{Details, Value};
use safe_state_backends::{Carry, Checkpoint, Failure};

use super::outcome::Failed;
use super::poison::PoisonDetector;
use super::reported::Values;

/// The failures of a run, and what a report says about them.
#[derive(Debug)]
pub(crate) struct Failures {
    poison: PoisonDetector,
    /// The reasons why the run ends with an item's failure, beside that failure itself.
    reasons: Vec<String>,
    /// The values of the function's variables for a report.
    values: Values,
}

impl Failures {
    /// Makes the failures of a run. The arguments are those of [`PoisonDetector::new`].
    pub(crate) fn new(has_crashed: bool, at_risk: (u64, Duration), now: Instant) -> Self {
        let poison = PoisonDetector::new(has_crashed, at_risk, now);
        Failures { poison, reasons: Vec::new(), values: Values::default() }
    }

    /// Starts the search for a poison item anew for a slice, in which the worker before may have died.
    pub(crate) fn begin(&mut self, has_crashed: bool, at_risk: (u64, Duration), now: Instant) {
        self.poison = PoisonDetector::new(has_crashed, at_risk, now);
    }

    /// Returns whether the run looks out for an item that kills the process.
    pub(crate) fn look_out(&self) -> bool {
        !self.poison.is_over()
    }

    /// Adds to the items that may have begun since the last save of the run before, as several were under way at once.
    pub(crate) fn risk_more(&mut self, items: u64) {
        self.poison.risk_more(items);
    }

    /// Takes in an item that is about to begin. `saving` is the part of the run's time that has gone into saves. Returns whether
    /// the item is a suspect.
    pub(crate) fn suspect_next(&mut self, saving: Duration) -> bool {
        self.poison.suspects_next(Instant::now(), saving)
    }

    /// Adds a reason why the run ends with the failure of an item.
    pub(crate) fn end_for(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    /// Replaces the reasons why the run ends.
    pub(crate) fn end_for_these(&mut self, reasons: Vec<String>) {
        self.reasons = reasons;
    }

    /// Returns the failure with the reasons why the run ends with it.
    pub(crate) fn with_reasons(&self, failure: Failure) -> Failure {
        failure.with_reasons(&self.reasons)
    }

    /// Adds an argument of the function to a report.
    pub(crate) fn argument(&mut self, shown: Vec<Value>) {
        self.values.argument(shown);
    }

    /// Adds the name of a carried variable to a report.
    pub(crate) fn carries<T: Carry>(&mut self, name: &str) {
        self.values.carries::<T>(name);
    }

    /// Returns the details of the failure for a report.
    pub(crate) fn details(&self, failed: &mut Failed, stored: Option<&Checkpoint>) -> Details {
        failed.details(self.values.all(stored))
    }
}
