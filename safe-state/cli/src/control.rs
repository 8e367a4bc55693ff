//! `safe-state pause`, `resume`, `cancel` and `accept`: what is asked of a job's runs.

use clap::Args;
use safe_state_backends::Error;
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
        self.note_a_new_name(place, screen)?;
        self.tell(
            screen,
            Some("pause"),
            "is to wait before its next item, until `safe-state resume`",
        )
    }

    pub(super) fn resume(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let job = place.job(&self.job);
        if job.requested()?.is_none() {
            self.note_a_new_name(place, screen)?;
        }
        job.resume()?;
        self.tell(screen, None, "is to go on")
    }

    pub(super) fn cancel(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        let means = match backend.holder(&self.job) {
            Ok(None) if backend.exists(&self.job)? => {
                let job = &self.job;
                return Err(Failed::nothing(format!(
                    "job `{job}` is not running: nothing was asked"
                )));
            }
            Ok(None) => return Err(place.no_such(&self.job)),
            Ok(Some(_)) => "is to end before its next item",
            Err(Error::Unsupported(_)) => {
                "is to end before its next item, if it runs, which cannot be told from here"
            }
            Err(error) => return Err(error.into()),
        };
        place.job(&self.job).cancel()?;
        self.tell(screen, Some("cancel"), means)
    }

    pub(super) fn accept(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        if !place.backend()?.exists(&self.job)? {
            return Err(place.no_such(&self.job));
        }
        place.job(&self.job).accept()?;
        self.tell(
            screen,
            Some("accept"),
            "is to go on, in its next run, with another input, arguments, version or code",
        )
    }

    /// Says so where the job may have another name, or may not have begun.
    fn note_a_new_name(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let job = &self.job;
        if !place.backend()?.exists(job)? {
            let advice = place.advice(job);
            screen
                .note(&format!("there is no checkpoint of job `{job}` in `{place}` yet; {advice}"));
        }
        Ok(())
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
