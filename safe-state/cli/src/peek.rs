//! `safe-state peek`: shows what is stored of a job.

use std::time::Duration;

use clap::Args;
use safe_state_backends::LoopEnd;
use safe_state_base::status::{Status, StatusLoop, StatusMeasured};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{BOLD, Screen, Shown, field, items_of, within};
use super::shown::{percent, style};

/// The number of slowest items that are shown. The JSON has all that are stored.
const SLOWEST: usize = 3;

/// Shows how far a job has come.
#[derive(Args, Debug)]
pub(super) struct Peek {
    /// The job's name.
    job: String,
    /// Shows each worker that has a slice, of a job that many share.
    #[arg(long)]
    workers: bool,
}

impl Peek {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let status = Status::load(&*place.backend()?, &self.job)?;
        if status.details.is_none() && status.asked.asked.is_none() {
            return Err(place.no_such(&self.job));
        }
        screen.show(&Peeked { status, workers: self.workers })
    }
}

#[derive(Serialize)]
struct Peeked {
    #[serde(flatten)]
    status: Status,
    /// Whether each worker is shown.
    #[serde(skip)]
    workers: bool,
}

fn loop_text(it: &StatusLoop) -> String {
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

/// Tells what was measured of one run, or of all.
fn measured(it: Option<&StatusMeasured>, of: &str, some: &mut impl FnMut(&str, Option<String>)) {
    let Some(it) = it else { return };
    some("items", it.items.map(|items| format!("{of}{items}")));
    some("saving", (it.saving.saves > 0).then(|| format!("{of}{}", it.saving)));
}

fn rate_text(rate: f64, seconds_left: Option<f64>) -> String {
    let left = seconds_left.and_then(|left| Duration::try_from_secs_f64(left).ok());
    let left = left.map(|left| Duration::from_secs(left.as_secs()));
    let left = left.map(|left| format!(", {} left", humantime::format_duration(left)));
    format!("{rate:.1}/s{}", left.unwrap_or_default())
}

impl Shown for Peeked {
    fn text(&self) -> String {
        let status = &self.status;
        let Status { job, state, progress, runs, details, .. } = status;
        let (state, job) = (*state, escape::line(job));
        let style = style(state);
        let mut text = format!("job {BOLD}{job}{BOLD:#}: {style}{}{style:#}\n", state.name());
        let mut line = |name: &str, value: &str| text += &field(name, value);
        let mut some = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                line(name, &value);
            }
        };
        let is_stored = details.as_ref();
        some("version", is_stored.and_then(|it| it.version.clone()));
        let percent = percent(status).map(|it| format!(" ({it})")).unwrap_or_default();
        let come_to = || format!("{}{percent}", items_of(progress.completed, progress.total));
        some("progress", is_stored.map(|_| come_to()));
        some("completed", is_stored.map(|it| it.completed_items.clone()));
        let pace = is_stored.map(|it| it.pace);
        some("rate", pace.and_then(|it| Some(rate_text(it.items_per_second?, it.seconds_left))));
        let timings = is_stored.and_then(|it| it.timings.as_ref());
        measured(timings.map(|it| &it.last_run), "", &mut some);
        let earlier = timings.filter(|it| it.all_runs != it.last_run);
        measured(earlier.map(|it| &it.all_runs), "all runs: ", &mut some);
        let slowest = timings.into_iter().flat_map(|it| it.all_runs.slowest.iter().take(SLOWEST));
        slowest.for_each(|it| some("slowest", Some(it.to_string())));
        let loops = is_stored.map(|it| &*it.loops).filter(|loops| loops.len() > 1);
        loops.into_iter().flatten().for_each(|it| some("loop", Some(loop_text(it))));
        let shared = is_stored.and_then(|it| it.shared.as_ref());
        some("slices", shared.map(ToString::to_string));
        for worker in shared.into_iter().flat_map(|it| &it.workers) {
            if worker.straggles {
                some("straggler", Some(worker.to_string()));
            } else if self.workers {
                some("worker", Some(worker.to_string()));
            }
        }
        some("runs", is_stored.map(|_| runs.runs.to_string()));
        some("held by", status.holder.as_ref().map(ToString::to_string));
        let because = |reason: &String| format!(": {reason}");
        let reason = status.asked.reason.as_ref().map(because).unwrap_or_default();
        some("asked to", status.asked.asked.map(|asked| format!("{asked}{reason}")));
        some("started", runs.started_at.map(|at| at.to_string()));
        some("updated", runs.updated_at.map(|at| at.to_string()));
        some("skipped", Some(runs.skipped).filter(|it| *it > 0).map(|it| it.to_string()));
        some("given up", Some(runs.dead_letters).filter(|it| *it > 0).map(|it| it.to_string()));
        let carries = is_stored.map(|it| &it.carries).filter(|it| !it.is_empty());
        some("carries", carries.map(|it| it.join(", ")));
        some("failure", is_stored.and_then(|it| it.failure.clone()));
        let death = is_stored.and_then(|it| it.death.as_ref());
        some("died", death.map(|it| format!("in {}, {it}", it.named_item())));
        text
    }
}
