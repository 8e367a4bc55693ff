//! `safe-state rename`: gives a job another name.

use clap::Args;
use safe_state_backends::LeaseOptions;
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Gives a job another name. Its checkpoint and requests move to the new name.
///
/// Neither job may be running. A job with `reconnect` handles must be renamed by its program, with `Job::rename`.
#[derive(Args, Debug)]
pub(super) struct Rename {
    /// The job's name.
    job: String,
    /// Its new name.
    to: String,
}

#[derive(Serialize)]
struct Renamed<'a> {
    renamed: &'a str,
    to: &'a str,
}

impl Rename {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let Rename { job, to } = self;
        let never = |_: &str, _: &[u8]| None;
        if !stored::rename(&place.backend()?, (job, to), LeaseOptions::default(), never)? {
            return Err(place.no_such(job));
        }
        screen.show(&Renamed { renamed: job, to })
    }
}

impl Shown for Renamed<'_> {
    fn text(&self) -> String {
        format!("job `{}` is now `{}`\n", escape::line(self.renamed), escape::line(self.to))
    }
}
