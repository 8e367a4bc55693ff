//! `safe-state pause`, `resume`, `cancel`, `abandon` and `accept`: requests to a job's runs.

use clap::Args;
use safe_state_backends::escape::argument;
use safe_state_backends::{Error, Request};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Of which job.
#[derive(Args, Debug)]
pub(super) struct JobArg {
    /// The job's name.
    job: String,
}

/// Of which job, and why.
#[derive(Args, Debug)]
pub(super) struct JobAndReason {
    #[command(flatten)]
    job: JobArg,
    /// Why, for others who look at the job.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Effect<'a> {
    job: &'a str,
    asked: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip)]
    means: &'a str,
}

impl JobAndReason {
    /// Asks a job to pause. A job that has not begun then waits before its first item.
    pub(super) fn pause(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let means = "was asked to wait before its next item, until";
        self.ask(Request::Pause, place, (screen, "pause", means))
    }

    /// Abandons a job. A job that has not begun then never begins.
    pub(super) fn abandon(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let means = "was asked to end before its next item, and does not run again until";
        self.ask(Request::Abandon, place, (screen, "abandon", means))
    }

    fn ask(
        &self,
        request: Request,
        place: &Place,
        (screen, asked, means): (&Screen, &'static str, &'static str),
    ) -> Result<(), Failed> {
        let (job, reason) = (&self.job.job, self.reason.as_deref());
        request.save_with_reason(&place.backend()?, job, reason)?;
        self.job.note_a_new_name(place, screen)?;
        let means = format!("{means} `safe-state resume {}`", argument(job));
        screen.show(&Effect { job, asked: Some(asked), reason, means: &means })
    }
}

impl JobArg {
    pub(super) fn resume(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        if Request::load(&*backend, &self.job)?.is_none() {
            self.note_a_new_name(place, screen)?;
        }
        Request::delete(&*backend, &self.job)?;
        self.tell(screen, None, "may continue")
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
            Ok(Some(_)) => "was asked to end before its next item",
            Err(Error::Unsupported(_)) => {
                "was asked to end before its next item, if it runs, which cannot be told from here"
            }
            Err(error) => return Err(error.into()),
        };
        Request::Cancel.save(&backend, &self.job)?;
        self.tell(screen, Some("cancel"), means)
    }

    pub(super) fn accept(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        if !backend.exists(&self.job)? {
            return Err(place.no_such(&self.job));
        }
        Request::Accept.save(&backend, &self.job)?;
        self.tell(
            screen,
            Some("accept"),
            "may resume in its next run, although its input, arguments, version or code have changed",
        )
    }

    /// Tells people that the job is not stored: its name may be wrong, or it has not begun.
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
        screen.show(&Effect { job: &self.job, asked, reason: None, means })
    }
}

impl Shown for Effect<'_> {
    fn text(&self) -> String {
        format!("job `{}` {}\n", escape::line(self.job), self.means)
    }
}
