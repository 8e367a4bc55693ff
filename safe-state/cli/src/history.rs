//! `safe-state history`: shows how a job's runs went.

use std::time::Duration;

use clap::Args;
use safe_state_backends::Checkpoint;
use safe_state_base::status::history::{End, Past, PastRow};
use safe_state_base::status::look::{Look, Run};

use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{BAD, Cell, DIM, GOOD, Screen, Shown, WARN, table};

/// Shows a job's last 32 runs: when they began, how long they took, and how they ended.
#[derive(Args, Debug)]
pub(super) struct History {
    /// The job's name.
    job: String,
}

impl History {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let look = match place.look(&self.job) {
            Err(nothing) if nothing.code == Code::Nothing => {
                let kept = Checkpoint::load_history(&*place.backend()?, &self.job)?;
                let checkpoint = kept.ok_or(nothing)?;
                Look { checkpoint, run: Run::None, asked: None, begun: Vec::new() }
            }
            look => look?,
        };
        screen.show(&Past::of(&look))
    }
}

fn cells(row: &PastRow) -> [Cell; 6] {
    let took = Duration::from_millis(row.seconds.map_or(0, millis));
    [
        Cell::number(row.run.to_string()),
        Cell::new(row.started_at.to_string(), DIM),
        Cell::number(humantime::format_duration(took).to_string()),
        Cell::number(row.completed.to_string()),
        Cell::new(row.end.name(), style(row.end)),
        Cell::new(format!("pid {} on {}", row.pid, row.host), DIM),
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}

fn style(end: End) -> anstyle::Style {
    match end {
        End::Running | End::Finished => GOOD,
        End::Stopped | End::Open => WARN,
        End::Failed | End::Died => BAD,
    }
}

impl Shown for Past {
    fn text(&self) -> String {
        let names = ["run", "started", "took", "items", "end", "where"];
        table(names, &self.history.iter().map(cells).collect::<Vec<_>>())
    }
}
