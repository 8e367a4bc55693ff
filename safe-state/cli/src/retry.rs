//! `safe-state retry`: another chance for the items given up on.

use clap::Args;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Puts a job's dead letters back: its next run does their items, and no others that are complete.
#[derive(Args, Debug)]
pub(super) struct Retry {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct Told<'a> {
    job: &'a str,
    put_back: usize,
}

impl Retry {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        place.look(&self.job)?;
        let put_back = place.job(&self.job).retry_dead_letters()?;
        if put_back == 0 {
            return Err(Failed::nothing(format!("job `{}` has given up no item", self.job)));
        }
        screen.show(&Told { job: &self.job, put_back })
    }
}

impl Shown for Told<'_> {
    fn text(&self) -> String {
        let job = escape::line(self.job);
        format!("job `{job}`: {} put back, for its next run to do\n", self.put_back)
    }
}
