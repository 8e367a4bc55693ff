//! `safe-state clear`: lets a job begin anew.

use clap::Args;
use safe_state_backends::LeaseOptions;
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Removes the checkpoint of a job, so that its next run starts over.
///
/// A job that is running is left alone.
#[derive(Args, Debug)]
pub(super) struct Clear {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct Cleared<'a> {
    cleared: &'a str,
}

impl Clear {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        if !backend.exists(&self.job)? {
            return Err(place.no_such(&self.job));
        }
        stored::clear(backend, &self.job, LeaseOptions::default())?;
        screen.show(&Cleared { cleared: &self.job })
    }
}

impl Shown for Cleared<'_> {
    fn text(&self) -> String {
        format!("cleared job `{}`: its next run starts over\n", escape::line(self.cleared))
    }
}
