//! `safe-state peek`: what is stored of a job.

use std::time::Duration;

use clap::Args;
use safe_state_backends::{Checkpoint, Keys, LoopEnd, LoopProgress};
use serde::Serialize;

use super::death::Death;
use super::escape;
use super::exit::Failed;
use super::look::Look;
use super::place::Place;
use super::screen::{BOLD, Screen, Shown, field, items_of, within};
use super::summary::{State, Summary};

/// Shows how far a job has come.
#[derive(Args, Debug)]
pub(super) struct Peek {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct Peeked {
    #[serde(flatten)]
    summary: Summary,
    version: Option<String>,
    /// As ranges with both ends included.
    completed_items: String,
    /// The median, in seconds.
    item_seconds: Option<f64>,
    /// Those of the last run, if the job has one loop.
    items_per_second: Option<f64>,
    /// How long the rest takes at that rate.
    seconds_left: Option<f64>,
    carries: Vec<String>,
    loops: Vec<Loop>,
    failure: Option<String>,
    /// Of the last run.
    death: Option<Death>,
}

/// One resumable loop, in the function's order.
#[derive(Serialize)]
struct Loop {
    number: u16,
    /// The items of the loops around it in which it runs.
    within: Vec<u64>,
    completed: u64,
    total: Option<u64>,
    /// How many items are complete, of a loop that knows them by key.
    keys: Option<usize>,
    end: Option<LoopEnd>,
}

impl Peek {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        screen.show(&Peeked::of(&place.look(&self.job)?))
    }
}

impl Peeked {
    fn of(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let summary = Summary::of(look);
        let rate = rate(checkpoint);
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let left = summary.remaining.zip(rate).map(|(items, rate)| items as f64 / rate);
        Peeked {
            items_per_second: rate,
            seconds_left: left.filter(|_| summary.state == State::Running),
            summary,
            version: checkpoint.version().map(str::to_owned),
            completed_items: checkpoint.completed().to_string(),
            item_seconds: checkpoint.typical_item_time().map(|time| time.as_secs_f64()),
            carries: checkpoint.carried_names().map(str::to_owned).collect(),
            loops: checkpoint.numbered_loops().map(Loop::of).collect(),
            failure: checkpoint.last_failure().map(ToString::to_string),
            death: Death::of_last_run(look),
        }
    }
}

/// Of several loops, not all are as fast.
fn rate(checkpoint: &Checkpoint) -> Option<f64> {
    let run = checkpoint.history().last().filter(|_| checkpoint.loops().count() == 1)?;
    let until = run.ended_at().unwrap_or_else(|| checkpoint.updated_at());
    let seconds = until.duration_since(run.started_at()).ok()?.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    let rate = run.completed() as f64 / seconds;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

impl Loop {
    fn of((number, progress): (u16, &LoopProgress)) -> Self {
        Loop {
            number,
            within: progress.within().to_vec(),
            completed: progress.completed().len(),
            total: progress.total(),
            keys: progress.keys().map(Keys::len),
            end: progress.end(),
        }
    }

    fn text(&self) -> String {
        let around = within(&self.within);
        let items = items_of(self.completed, self.total);
        let keys = self.keys.map_or_else(String::new, |keys| format!(", {keys} by key"));
        let end = match self.end {
            Some(LoopEnd::Exhausted) => ", at its end",
            Some(LoopEnd::Left) => ", left",
            None => "",
        };
        format!("{}{around}: {items}{keys}{end}", self.number)
    }
}

impl Shown for Peeked {
    fn text(&self) -> String {
        let Summary { job, state, completed, total, .. } = &self.summary;
        let style = state.style();
        let mut text =
            format!("job {BOLD}{}{BOLD:#}: {style}{}{style:#}\n", escape::line(job), state.name());
        let mut line = |name: &str, value: &str| text += &field(name, value);
        if let Some(version) = &self.version {
            line("version", version);
        }
        let percent = self.summary.percent().map(|it| format!(" ({it})")).unwrap_or_default();
        line("progress", &format!("{}{percent}", items_of(*completed, *total)));
        line("completed", &self.completed_items);
        if let Some(rate) = self.items_per_second {
            let left = self.seconds_left.and_then(|left| Duration::try_from_secs_f64(left).ok());
            let left = left.map(|left| Duration::from_secs(left.as_secs()));
            let left = left.map(|left| format!(", {} left", humantime::format_duration(left)));
            line("rate", &format!("{rate:.1}/s{}", left.unwrap_or_default()));
        }
        if self.loops.len() > 1 {
            self.loops.iter().for_each(|it| line("loop", &it.text()));
        }
        line("runs", &self.summary.runs.to_string());
        if let Some(holder) = &self.summary.holder {
            line("held by", &holder.to_string());
        }
        if let Some(asked) = self.summary.asked {
            line("asked to", asked);
        }
        line("started", &self.summary.started_at.to_string());
        line("updated", &self.summary.updated_at.to_string());
        if self.summary.skipped > 0 {
            line("skipped", &self.summary.skipped.to_string());
        }
        if self.summary.dead_letters > 0 {
            line("given up", &self.summary.dead_letters.to_string());
        }
        if !self.carries.is_empty() {
            line("carries", &self.carries.join(", "));
        }
        if let Some(failure) = &self.failure {
            line("failure", failure);
        }
        if let Some(death) = &self.death {
            line("died", &format!("in {}, {death}", death.item()));
        }
        text
    }
}
