//! `safe-state failure`: how a job's last run failed.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::export::{unwritten, write};
use super::place::Place;
use super::screen::{self, Screen, Shown};
use safe_state_base::error::one_line;
use safe_state_base::status::look::Look;
use safe_state_base::status::{Death, State};
use safe_state_report::{OpenError, Report, Style};

/// Shows how a job's last run failed: the error and its way, the item, the values, the source.
///
/// It needs neither the program nor its source: what is told was recorded when it failed.
#[derive(Args, Debug)]
pub(super) struct Failure {
    /// The job's name.
    #[arg(required_unless_present = "report")]
    job: Option<String>,
    /// Opens the report in a file instead, or in a checkpoint's.
    #[arg(long, value_name = "FILE", conflicts_with = "job")]
    report: Option<PathBuf>,
    /// Writes it as a page that needs nothing beside it; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Writes the report to a file of its own, for others to open.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// The name of a file that was written.
#[derive(Serialize)]
struct Written {
    written: String,
}

impl Failure {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let report = self.open(place)?;
        if let Some(path) = &self.save {
            report.save(path).map_err(|error| unwritten(path, &error))?;
            screen.show(&Written { written: path.display().to_string() })?;
        }
        match &self.html {
            Some(path) if path == Path::new("-") => screen::print_raw(report.to_html().as_bytes()),
            Some(path) => {
                write(path, report.to_html().as_bytes())?;
                screen.show(&Written { written: path.display().to_string() })
            }
            None if self.save.is_some() => Ok(()),
            None if screen.is_json() => screen::print_raw((report.to_json() + "\n").as_bytes()),
            None => screen::print(&report.to_text(Style::Coloured)),
        }
    }

    fn open(&self, place: &Place) -> Result<Report, Failed> {
        if let Some(path) = &self.report {
            return Report::open(path)
                .map_err(|error| Failed { code: code_of(&error), message: one_line(&error) });
        }
        let job = self.job.as_deref().unwrap_or_default();
        let look = place.look(job)?;
        Report::of(&look.checkpoint).ok_or_else(|| none(job, &look))
    }
}

/// Returns the error that the last run has not failed, and tells of its death if it died.
fn none(job: &str, look: &Look) -> Failed {
    let died = match (Death::of_last_run(look), State::of(look)) {
        (Some(death), _) => format!(": its process died in {}, {death}", death.named_item()),
        (None, State::Killed) => ": its process died, and it is not known of what".to_owned(),
        (None, _) => String::new(),
    };
    Failed::nothing(format!("the last run of job `{job}` has not failed{died}"))
}

fn code_of(error: &OpenError) -> Code {
    match error {
        OpenError::Format { source, .. } => source.into(),
        OpenError::NoFailure { .. } => Code::Nothing,
        _ => Code::Failed,
    }
}

impl Shown for Written {
    fn text(&self) -> String {
        format!("written to `{}`\n", escape::line(&self.written))
    }
}
