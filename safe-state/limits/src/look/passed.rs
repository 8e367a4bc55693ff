//! A limit that was passed, and what is told of it.

use std::time::{Duration, Instant};

use safe_state_backends::CrashCause;
use safe_state_base::{LimitExceeded, Memory};

use crate::parked::Blame;
use crate::units::readable;

/// A limit that was passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    pub(super) at: Instant,
    pub(super) what: What,
    pub(super) grace: Duration,
    /// Whether the steps are taken at once, without a grace period.
    pub(super) is_urgent: bool,
}

/// Which limit it was.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Item(Duration),
    Run(Duration),
    Memory { limit: u64, used: u64 },
}

impl What {
    pub(super) fn told(self, job: &str, item: Duration, run: Duration) -> LimitExceeded {
        match self {
            What::Item(limit) => {
                let place = format!("of an item of job `{job}`");
                LimitExceeded::ExecutionTimeout { limit, used: item, place }
            }
            What::Run(limit) => {
                let place = format!("of a run of job `{job}`");
                LimitExceeded::ExecutionTimeout { limit, used: run, place }
            }
            What::Memory { limit, used } => {
                let (memory, place) = (Memory::Process, format!("of job `{job}`"));
                LimitExceeded::MemoryLimitExceeded { limit, used, memory, place }
            }
        }
    }

    /// Returns the text that says why the process is ended.
    pub(super) fn ending(self, item: Option<u64>) -> String {
        let item = item.map_or_else(|| "an item".to_owned(), |item| format!("item {item}"));
        let passed = match self {
            What::Item(limit) => format!("{item} took longer than {limit:?}"),
            What::Run(limit) => format!("the run took longer than {limit:?}, and is in {item}"),
            What::Memory { limit, used } => format!(
                "{} of memory are in use in {item}, and {} may be",
                readable(used),
                readable(limit)
            ),
        };
        format!("{passed}; the process is ended, and the next run goes on from what is saved")
    }

    /// Returns whom the next run is to blame.
    pub(super) fn blame(self) -> Blame {
        match self {
            What::Item(limit) => {
                let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
                Blame::Item(CrashCause::ItemTimeout(millis))
            }
            What::Memory { used, .. } => Blame::Item(CrashCause::Memory(used)),
            What::Run(_) => Blame::Nobody,
        }
    }
}
