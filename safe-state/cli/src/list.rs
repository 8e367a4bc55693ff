//! `safe-state list`: shows all jobs that have a checkpoint, or were paused or abandoned before they began.

use clap::Args;
use safe_state_backends::format::FormatError;
use safe_state_backends::{Backend, Error};
use safe_state_base::status::look::Look;
use safe_state_base::status::{State, Status};
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{BAD, BOLD, Cell, DIM, Screen, Shown, table};
use super::shown::{percent, state_text, style};

/// Lists the jobs that have a checkpoint, and those that were paused or abandoned before their first run.
///
/// Jobs that have finished have none, unless they keep it.
#[derive(Args, Debug)]
pub(super) struct List {}

#[derive(Serialize)]
struct Listed {
    jobs: Vec<Row>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Row {
    Read(Box<Status>),
    Unreadable { job: String, state: State, error: String },
}

impl List {
    #[expect(clippy::unused_self, reason = "all commands are called alike")]
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        let overview = backend.overview()?;
        let backend = overview.as_deref().unwrap_or(&*backend);
        let listing = backend.listing()?;
        let rows = Look::at_each(backend, &listing.jobs, row);
        let not_begun = listing.not_begun().map(|job| not_begun(backend, job));
        // A job may finish while it is looked at.
        let rows = rows.into_iter().chain(not_begun).flatten();
        let (mut jobs, codes): (Vec<Row>, Vec<Option<Code>>) = rows.unzip();
        jobs.sort_by(|one, other| one.job().cmp(other.job()));
        let code = codes.into_iter().flatten().next();
        if jobs.is_empty() {
            screen.note(&format!(
                "there are no jobs in `{place}`; `--dir` or `--backend` names another place"
            ));
        }
        screen.show(&Listed { jobs })?;
        let message = || "there are checkpoints that cannot be read".to_owned();
        code.map_or(Ok(()), |code| Err(Failed { code, message: message() }))
    }
}

/// Returns a job's row, with an exit code if the job cannot be read. Returns `None` for a job that is gone, or for a
/// cache.
fn row(job: &str, look: Result<Option<Look>, Error>) -> Option<(Row, Option<Code>)> {
    match look {
        Ok(look) => Some((Row::Read(Box::new(Status::in_a_line(&look?))), None)),
        // Caches are stored under names of their own among the jobs.
        Err(Error::Format { reason: FormatError::OtherKind(_), .. }) => None,
        Err(error) => Some(unreadable(job, error)),
    }
}

/// Returns the row of a job that has no checkpoint. Returns `None` if nothing is asked of it any more.
fn not_begun(backend: &dyn Backend, job: &str) -> Option<(Row, Option<Code>)> {
    match Status::not_begun(backend, job) {
        Ok(status) if status.state == State::Waiting => None,
        Ok(status) => Some((Row::Read(Box::new(status)), None)),
        Err(error) => Some(unreadable(job, error)),
    }
}

fn unreadable(job: &str, error: Error) -> (Row, Option<Code>) {
    let (job, failed) = (job.to_owned(), Failed::from(error));
    let row = Row::Unreadable { job, state: State::Unreadable, error: failed.message };
    (row, Some(failed.code))
}

impl Shown for Listed {
    fn text(&self) -> String {
        if self.jobs.is_empty() {
            return String::new();
        }
        let names = ["job", "state", "complete", "of", "done", "runs", "given up", "updated"];
        let mut text = table(names, &self.jobs.iter().map(Row::cells).collect::<Vec<_>>());
        text.extend(self.jobs.iter().filter_map(Row::trouble));
        text
    }
}

impl Row {
    fn job(&self) -> &str {
        match self {
            Row::Read(status) => &status.job,
            Row::Unreadable { job, .. } => job,
        }
    }

    fn trouble(&self) -> Option<String> {
        let Row::Unreadable { error, .. } = self else { return None };
        Some(format!("\n{}\n", escape::line(error)))
    }

    fn cells(&self) -> [Cell; 8] {
        let it = match self {
            Row::Read(status) => status,
            Row::Unreadable { job, state, .. } => {
                let none = || Cell::number("");
                let what = Cell::new(state.name(), BAD);
                return [
                    Cell::new(job, BOLD),
                    what,
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                ];
            }
        };
        [
            Cell::new(&it.job, BOLD),
            Cell::new(state_text(it), style(it.state)),
            Cell::number(it.progress.completed.to_string()),
            Cell::number(it.progress.total.map_or_else(String::new, |total| total.to_string())),
            Cell::number(percent(it).unwrap_or_default()),
            Cell::number(it.runs.runs.to_string()),
            Cell::number((it.runs.dead_letters as u64 + it.runs.skipped).to_string()),
            Cell::new(it.runs.updated_at.map_or_else(String::new, |at| at.to_string()), DIM),
        ]
    }
}
