//! `safe-state clear`: lets a job begin anew.

use std::time::Duration;

use clap::Args;
use safe_state_backends::LeaseOptions;
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::parse;
use super::place::Place;
use super::screen::{Screen, Shown, jobs};

/// Removes the checkpoint of a job, so that its next run starts over.
///
/// The job must not be running: `cancel` ends its run. `--finished` removes the checkpoints of jobs that have finished.
#[derive(Args, Debug)]
#[command(
    override_usage = "safe-state clear [OPTIONS] <JOB>\n       safe-state clear [OPTIONS] --finished [--older-than <TIME>]"
)]
pub(super) struct Clear {
    /// The job's name.
    #[arg(required_unless_present = "finished")]
    job: Option<String>,
    /// All jobs that have finished, kept their checkpoint, and have no dead letters.
    #[arg(long, conflicts_with = "job")]
    finished: bool,
    /// With `--finished`: only jobs that were last saved longer ago than this, such as `30d`.
    #[arg(long, value_name = "TIME", value_parser = parse::time, requires = "finished")]
    older_than: Option<Duration>,
}

#[derive(Serialize)]
struct ClearedFinished {
    cleared: Vec<String>,
}

#[derive(Serialize)]
struct Cleared<'a> {
    cleared: &'a str,
}

impl Clear {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        let Some(job) = &self.job else {
            let cleared = stored::clear_finished(&backend, self.older_than.unwrap_or_default())?;
            return screen.show(&ClearedFinished { cleared });
        };
        if !backend.exists(job)? {
            return Err(place.no_such(job));
        }
        stored::clear(backend, job, LeaseOptions::default())?;
        screen.show(&Cleared { cleared: job })
    }
}

impl Shown for ClearedFinished {
    fn text(&self) -> String {
        let names: String = self.cleared.iter().map(|job| escape::line(job) + "\n").collect();
        format!("{names}cleared {}\n", jobs(self.cleared.len()))
    }
}

impl Shown for Cleared<'_> {
    fn text(&self) -> String {
        format!("cleared job `{}`: its next run starts over\n", escape::line(self.cleared))
    }
}
