//! `safe-state peek`: what is stored of a job.

use std::time::Duration;

use clap::Args;
use safe_state_backends::LoopEnd;
use safe_state_base::look::{Loop, Peeked, Summary};

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{BOLD, Screen, Shown, field, items_of, state_style, within};

/// Shows how far a job has come.
#[derive(Args, Debug)]
pub(super) struct Peek {
    /// The job's name.
    job: String,
}

impl Peek {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        screen.show(&Peeked::of(&place.look(&self.job)?))
    }
}

fn loop_text(it: &Loop) -> String {
    let around = within(&it.within);
    let items = items_of(it.completed, it.total);
    let keys = it.keys.map_or_else(String::new, |keys| format!(", {keys} by key"));
    let end = match it.end {
        Some(LoopEnd::Exhausted) => ", at its end",
        Some(LoopEnd::Left) => ", left",
        None => "",
    };
    format!("{}{around}: {items}{keys}{end}", it.number)
}

impl Shown for Peeked {
    fn text(&self) -> String {
        let Summary { job, state, completed, total, .. } = &self.summary;
        let style = state_style(*state);
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
            self.loops.iter().for_each(|it| line("loop", &loop_text(it)));
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
