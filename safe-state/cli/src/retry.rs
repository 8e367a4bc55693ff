//! `safe-state retry`: puts back the items that were given up.

use clap::Args;
use safe_state_backends::LeaseOptions;
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown, items};

/// Puts a job's dead letters back: its next run does these items again.
#[derive(Args, Debug)]
pub(super) struct Retry {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct PutBack<'a> {
    job: &'a str,
    put_back: usize,
}

impl Retry {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        place.look(&self.job)?;
        let put_back =
            stored::retry_dead_letters(place.backend()?, &self.job, LeaseOptions::default())?;
        if put_back == 0 {
            return Err(Failed::nothing(format!("job `{}` has given up no item", self.job)));
        }
        screen.show(&PutBack { job: &self.job, put_back })
    }
}

impl Shown for PutBack<'_> {
    fn text(&self) -> String {
        let job = escape::line(self.job);
        format!("job `{job}`: {} put back, for its next run to do\n", items(self.put_back as u64))
    }
}
