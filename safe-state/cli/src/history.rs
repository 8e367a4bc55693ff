//! `safe-state history`: how a job's runs went.

use std::time::Duration;

use clap::Args;
use safe_state_backends::{Checkpoint, PastRun, RunEnd, Timestamp};
use safe_state_base::status::look::{Look, Run};
use serde::Serialize;

use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{BAD, Cell, DIM, GOOD, Screen, Shown, WARN, table};

/// Shows a job's last 32 runs: when they began, how long they took, and how they ended.
#[derive(Args, Debug)]
pub(super) struct History {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct Past {
    job: String,
    /// How many there were, those that are forgotten included.
    runs: u32,
    history: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    run: u32,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    seconds: Option<f64>,
    completed: u64,
    end: End,
    pid: u32,
    host: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Running,
    Finished,
    Failed,
    Stopped,
    Died,
    /// It runs, or has died.
    Open,
}

impl History {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let look = match place.look(&self.job) {
            Err(nothing) if nothing.code == Code::Nothing => {
                let kept = Checkpoint::load_history(&*place.backend()?, &self.job)?;
                let checkpoint = kept.ok_or(nothing)?;
                Look { checkpoint, run: Run::None, asked: None }
            }
            look => look?,
        };
        let checkpoint = &look.checkpoint;
        let history = checkpoint.history().iter().map(|run| Row::of(run, &look)).collect();
        let job = checkpoint.job().to_owned();
        screen.show(&Past { job, runs: checkpoint.run_count(), history })
    }
}

impl Row {
    fn of(run: &PastRun, look: &Look) -> Self {
        let end = End::of(run, look);
        // What is known of one that died is its last save.
        let saved = || look.checkpoint.updated_at();
        let ended_at = run.ended_at().or_else(|| matches!(end, End::Died).then(saved));
        let until = ended_at.unwrap_or_else(saved);
        Row {
            run: run.number(),
            started_at: run.started_at().into(),
            ended_at: ended_at.map(Into::into),
            seconds: until.duration_since(run.started_at()).ok().map(|took| took.as_secs_f64()),
            completed: run.completed(),
            end,
            pid: run.pid(),
            host: run.host().to_owned(),
        }
    }

    fn cells(&self) -> [Cell; 6] {
        let took = Duration::from_millis(self.seconds.map_or(0, millis));
        [
            Cell::number(self.run.to_string()),
            Cell::new(self.started_at.to_string(), DIM),
            Cell::number(humantime::format_duration(took).to_string()),
            Cell::number(self.completed.to_string()),
            Cell::new(self.end.name(), self.end.style()),
            Cell::new(format!("pid {} on {}", self.pid, self.host), DIM),
        ]
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}

impl End {
    fn of(run: &PastRun, look: &Look) -> Self {
        match (run.end(), &look.run) {
            (Some(RunEnd::Finished), _) => End::Finished,
            (Some(RunEnd::Failed), _) => End::Failed,
            (Some(RunEnd::Stopped), _) => End::Stopped,
            (Some(_), _) | (None, Run::None) => End::Died,
            (None, Run::By(_)) => End::Running,
            (None, Run::Unknown) => End::Open,
        }
    }

    fn name(self) -> &'static str {
        match self {
            End::Running => "running",
            End::Finished => "finished",
            End::Failed => "failed",
            End::Stopped => "stopped",
            End::Died => "died",
            End::Open => "open",
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            End::Running | End::Finished => GOOD,
            End::Stopped | End::Open => WARN,
            End::Failed | End::Died => BAD,
        }
    }
}

impl Shown for Past {
    fn text(&self) -> String {
        let names = ["run", "started", "took", "items", "end", "where"];
        table(names, &self.history.iter().map(Row::cells).collect::<Vec<_>>())
    }
}
