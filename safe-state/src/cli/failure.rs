//! `safe-state failure`: how a job's last run failed.

use std::fmt::Write as _;

use clap::Args;
use safe_state_backends::{Captured, Failure as Stored, FailureKind, Timestamp};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{BAD, DIM, Screen, Shown};

/// Shows how a job's last run failed: the item, the error and its causes, and what was recorded.
#[derive(Args, Debug)]
pub(super) struct Failure {
    /// The job's name.
    job: String,
}

/// A failure.
#[derive(Serialize)]
pub(super) struct Told {
    kind: Kind,
    index: Option<u64>,
    error_type: String,
    message: String,
    causes: Vec<String>,
    location: Option<String>,
    at: Timestamp,
    captured: Vec<Captured>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Error,
    Panic,
    None,
    Crash,
}

impl Failure {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let look = place.look(&self.job)?;
        let nothing = || format!("the last run of job `{}` has not failed", self.job);
        let failure = look.checkpoint.last_failure().ok_or_else(|| Failed::nothing(nothing()))?;
        screen.show(&Told::of(failure))
    }
}

impl Told {
    pub(super) fn of(failure: &Stored) -> Self {
        Told {
            kind: Kind::of(failure.kind()),
            index: failure.index(),
            error_type: failure.error_type().to_owned(),
            message: failure.message().to_owned(),
            causes: failure.causes().to_vec(),
            location: failure.location().map(str::to_owned),
            at: failure.at().into(),
            captured: failure.captured().to_vec(),
        }
    }

    /// Behind `indent`, all but its first line.
    pub(super) fn text(&self, indent: &str) -> String {
        let mut text = match self.index {
            Some(index) => format!("{BAD}item {index}{BAD:#}: "),
            None => format!("{BAD}outside the loop{BAD:#}: "),
        };
        let inner = format!("{indent}  ");
        text += &escape::block(&self.message, &inner);
        let mut line = |name: &str, value: &str| {
            // Writing into a string does not fail.
            let _ = write!(text, "\n{indent}{DIM}{name}{DIM:#} {}", escape::block(value, &inner));
        };
        self.causes.iter().for_each(|cause| line("caused by", cause));
        line("type", &self.error_type);
        if let Some(location) = &self.location {
            line("at", location);
        }
        line("when", &self.at.to_string());
        self.captured
            .iter()
            .for_each(|it| line(&escape::line(&it.name), &format!("= {}", it.value)));
        text + "\n"
    }
}

impl Kind {
    fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Panic => Kind::Panic,
            FailureKind::None => Kind::None,
            FailureKind::Crash => Kind::Crash,
            _ => Kind::Error,
        }
    }
}

impl Shown for Told {
    fn text(&self) -> String {
        self.text("  ")
    }
}
