//! `safe-state list`: all jobs that have a checkpoint.

use clap::Args;
use safe_state_backends::Error;
use safe_state_backends::format::FormatError;
use safe_state_base::look::{Look, Row, Summary};
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{BAD, BOLD, Cell, DIM, Screen, Shown, state_style, table};

/// Lists the jobs that have a checkpoint.
///
/// Jobs that have finished have none, unless they keep it.
#[derive(Args, Debug)]
pub(super) struct List {}

#[derive(Serialize)]
struct Listed {
    jobs: Vec<Row>,
}

impl List {
    #[expect(clippy::unused_self, reason = "all commands are called alike")]
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        let mut code = None;
        let mut row = |job: String| match Look::at(&*backend, &job) {
            Ok(look) => Some(Row::Read(Summary::of(&look?))),
            Err(error) => {
                // Caches have names of their own among the jobs'.
                if let Error::Format { reason: FormatError::OtherKind(_), .. } = &error {
                    return None;
                }
                code.get_or_insert(Code::of(&error));
                Some(Row::unreadable(job, error))
            }
        };
        // A job may finish while it is looked at.
        let jobs: Vec<Row> = backend.list()?.into_iter().filter_map(&mut row).collect();
        if jobs.is_empty() {
            screen.note(&format!("there are no jobs in `{place}`"));
        }
        screen.show(&Listed { jobs })?;
        let message = || "there are checkpoints that cannot be read".to_owned();
        code.map_or(Ok(()), |code| Err(Failed { code, message: message() }))
    }
}

impl Shown for Listed {
    fn text(&self) -> String {
        if self.jobs.is_empty() {
            return String::new();
        }
        let names = ["job", "state", "complete", "of", "done", "runs", "given up", "updated"];
        let mut text = table(names, &self.jobs.iter().map(cells).collect::<Vec<_>>());
        text.extend(self.jobs.iter().filter_map(trouble));
        text
    }
}

fn trouble(row: &Row) -> Option<String> {
    let Row::Unreadable { error, .. } = row else { return None };
    Some(format!("\n{}\n", escape::line(error)))
}

fn cells(row: &Row) -> [Cell; 8] {
    let it = match row {
        Row::Read(summary) => summary,
        Row::Unreadable { job, state, .. } => {
            let none = || Cell::number("");
            let what = Cell::new(state.name(), BAD);
            return [Cell::new(job, BOLD), what, none(), none(), none(), none(), none(), none()];
        }
    };
    [
        Cell::new(&it.job, BOLD),
        Cell::new(it.state_text(), state_style(it.state)),
        Cell::number(it.completed.to_string()),
        Cell::number(it.total.map_or_else(String::new, |total| total.to_string())),
        Cell::number(it.percent().unwrap_or_default()),
        Cell::number(it.runs.to_string()),
        Cell::number(it.dead_letters.to_string()),
        Cell::new(it.updated_at.to_string(), DIM),
    ]
}
