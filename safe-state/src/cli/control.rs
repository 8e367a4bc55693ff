//! `safe-state pause`, `resume` and `cancel`: what is asked of a job's runs.

use clap::Args;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Of which job.
#[derive(Args, Debug)]
pub(super) struct Asked {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct Told<'a> {
    job: &'a str,
    asked: Option<&'static str>,
    #[serde(skip)]
    means: &'static str,
}

impl Asked {
    /// Also of a job that has not begun: it then waits before its first item.
    pub(super) fn pause(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        place.job(&self.job).pause()?;
        self.tell(
            screen,
            Some("pause"),
            "is to wait before its next item, until `safe-state resume`",
        )
    }

    pub(super) fn resume(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        place.job(&self.job).resume()?;
        self.tell(screen, None, "is to go on")
    }

    pub(super) fn cancel(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        place.job(&self.job).cancel()?;
        self.tell(screen, Some("cancel"), "is to end before its next item")
    }

    fn tell(
        &self,
        screen: &Screen,
        asked: Option<&'static str>,
        means: &'static str,
    ) -> Result<(), Failed> {
        screen.show(&Told { job: &self.job, asked, means })
    }
}

impl Shown for Told<'_> {
    fn text(&self) -> String {
        format!("job `{}` {}\n", escape::line(self.job), self.means)
    }
}
