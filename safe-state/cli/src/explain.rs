//! `safe-state explain`: tells what a run would do now, and why.

use std::fmt::Write as _;

use clap::Args;
use safe_state_backends::escape::argument;
use safe_state_backends::{Checkpoint, Failure, LoopEnd, LoopProgress, Request};
use safe_state_base::engine;
use safe_state_base::status::StatusWorkers;
use safe_state_base::status::death::{self, Death};
use safe_state_base::status::look::{Look, Run};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{BAD, BOLD, GOOD, Screen, Shown, WARN, items, times, within};

/// Shows what a run of a job would do now, and why: skip, do again, restore, check, or refuse.
#[derive(Args, Debug)]
pub(super) struct Explain {
    /// The job's name.
    job: String,
}

#[derive(Serialize)]
struct Explanation {
    job: String,
    /// Whether a run would begin at all.
    begins: bool,
    points: Vec<Point>,
}

/// An action that a run would take, and the reason.
#[derive(Serialize)]
struct Point {
    does: Does,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Does {
    /// The run would not begin, or not go on.
    Refuses,
    /// The run would begin, and wait.
    Waits,
    /// The run would pass over complete items.
    Skips,
    /// The run would do items that may have begun before.
    Repeats,
    /// The run would go on with items that have not begun.
    Continues,
    /// The run would take values from the checkpoint.
    Restores,
    /// The run would check a condition, and fail if it does not hold.
    Checks,
    /// The run would end before the batch system ends it, as far as that time is known.
    Stops,
}

impl Explain {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        let Some(look) = Look::at(&*backend, &self.job)? else {
            let asked = Request::load_with_reason(&*backend, &self.job)?;
            return screen.show(&self.not_begun(&asked.ok_or_else(|| place.no_such(&self.job))?));
        };
        let is_abandoned = look.request() == Some(Request::Abandon);
        let is_held = matches!(look.run, Run::By(_)) && !look.checkpoint.has_slices();
        let begins = !is_held && !is_abandoned;
        screen.show(&Explanation { job: self.job.clone(), begins, points: points(&look) })
    }

    /// Explains a job that has no checkpoint, but a request to it.
    fn not_begun(&self, asked: &(Request, Option<String>)) -> Explanation {
        let mut points = Vec::new();
        of_request(&self.job, Some(asked), &mut points);
        points
            .push(Point::new(Does::Continues, "with the first item: nothing is stored".to_owned()));
        Explanation { job: self.job.clone(), begins: asked.0 != Request::Abandon, points }
    }
}

fn points(look: &Look) -> Vec<Point> {
    let Look { checkpoint, run, asked, .. } = look;
    let mut points = Vec::new();
    if let (Run::By(_), Some(workers)) = (run, StatusWorkers::of(look)) {
        points.push(Point::new(Does::Continues, format!("beside {workers}")));
        for worker in workers.stragglers() {
            let why = format!("the slice of a straggler as soon as that has died: {worker}");
            points.push(Point::new(Does::Continues, why));
        }
    } else if let Run::By(holder) = run {
        points.push(Point::new(Does::Refuses, format!("the job is running: {holder}")));
    }
    if matches!(run, Run::Unknown) && checkpoint.is_open() {
        let why = "that no other run is under way, which cannot be told from here";
        points.push(Point::new(Does::Checks, why.to_owned()));
    }
    of_request(checkpoint.job(), asked.as_ref(), &mut points);
    let version = match checkpoint.version() {
        Some(version) => format!("that its version is `{version}`"),
        None => "that it has no `version`".to_owned(),
    };
    points.push(Point::new(Does::Checks, version));
    for (number, progress) in checkpoint.numbered_loops() {
        let name = match checkpoint.loops().count() {
            1 => String::new(),
            _ => format!("loop {number}{}: ", within(progress.within())),
        };
        of_loop(checkpoint, progress, &name, &mut points);
        of_trouble(look, progress, &name, &mut points);
    }
    of_failure(checkpoint, &mut points);
    if let Some(told) = engine::told() {
        let heeds = "a run that is `graceful` or has limits stops one grace period before its end";
        points.push(Point::new(Does::Stops, format!("{heeds}: {told}")));
    }
    let (steps, variables): (Vec<&str>, Vec<&str>) =
        checkpoint.carried_names().partition(|name| name.starts_with("step!("));
    if !variables.is_empty() {
        let names = variables.join("`, `");
        points.push(Point::new(Does::Restores, format!("`{names}`, as of the last complete item")));
    }
    if !steps.is_empty() {
        points.push(Point::new(
            Does::Restores,
            format!("{}, and evaluates none of them", steps.join(", ")),
        ));
    }
    points
}

fn of_request(job: &str, asked: Option<&(Request, Option<String>)>, points: &mut Vec<Point>) {
    let Some((request, reason)) = asked else { return };
    let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let (does, why) = match request {
        Request::Pause => (Does::Waits, "before its first item, as the job was asked to pause"),
        Request::Abandon => (Does::Refuses, "the job was abandoned"),
        _ => return,
    };
    let why = format!("{why}{reason}; `safe-state resume {}` takes that back", argument(job));
    points.push(Point::new(does, why));
}

fn of_loop(checkpoint: &Checkpoint, progress: &LoopProgress, name: &str, points: &mut Vec<Point>) {
    let completed = progress.completed();
    let mut say = |does, why: String| points.push(Point::new(does, format!("{name}{why}")));
    if let Some(keys) = progress.keys() {
        say(
            Does::Skips,
            format!("{}, complete by key, at any position of the input", items(keys.len() as u64)),
        );
        say(Does::Continues, "with all items that have other keys".to_owned());
        return;
    }
    // A cursor that was given by hand tells nothing of indices, and in a later run they are counted from it.
    let has_cursor = progress.cursor().is_some();
    if has_cursor {
        say(Does::Skips, "the items up to the stored cursor".to_owned());
    } else if !completed.is_empty() {
        let which = match completed.len() {
            1 => format!("item {completed}, which is"),
            _ => format!("items {completed}, which are"),
        };
        say(Does::Skips, format!("{which} complete"));
    }
    if let Some(mark) = progress.mark() {
        say(Does::Checks, format!("that item {} has not changed (`on_input_change`)", mark.index));
    }
    match progress.end() {
        Some(LoopEnd::Exhausted) if checkpoint.is_finished() => {
            say(
                Does::Continues,
                "with new items at the end of the input, if there are any".to_owned(),
            );
        }
        Some(LoopEnd::Exhausted) => {
            say(Does::Continues, "after the loop, which had ended".to_owned());
        }
        Some(_) => {
            say(Does::Continues, "after the loop, which a `break` or `return` had left".to_owned());
        }
        None if has_cursor => say(Does::Continues, "with the item after the cursor".to_owned()),
        None => say(Does::Continues, format!("with item {}", completed.prefix())),
    }
}

/// Adds the item that failed, and the item in which the process died, unless they were given up.
fn of_trouble(look: &Look, progress: &LoopProgress, name: &str, points: &mut Vec<Point>) {
    let mut repeat = |why: String| points.push(Point::new(Does::Repeats, format!("{name}{why}")));
    if let Some(it) = progress.attempts().filter(|it| !death::is_complete(progress, it.item)) {
        let item = death::item(progress, it.item);
        let why = failure_of_attempts(&look.checkpoint);
        let why = why.map(|it| format!(": {}", it.message())).unwrap_or_default();
        repeat(format!("{item}, which has failed {}{why}", times(it.count)));
    }
    if let Some(death) = Death::of(look, progress) {
        let or_less = if death.times > 1 { " or less" } else { "" };
        repeat(format!(
            "{}, in which the process died {death}: it is given up if `max_crashes` is {}{or_less}",
            death.named_item(),
            death.times,
        ));
    }
}

/// Returns the last failure if it is that of the last attempt at an item of the only loop.
fn failure_of_attempts(checkpoint: &Checkpoint) -> Option<&Failure> {
    let mut loops = checkpoint.loops();
    let (Some(only), None) = (loops.next(), loops.next()) else { return None };
    let attempts = only.attempts().filter(|_| only.keys().is_none())?;
    checkpoint.last_failure().filter(|it| it.index() == Some(attempts.item))
}

fn of_failure(checkpoint: &Checkpoint, points: &mut Vec<Point>) {
    match checkpoint.last_failure() {
        Some(_) if failure_of_attempts(checkpoint).is_some() => {}
        Some(failure) => {
            let which = failure.index().map_or_else(
                || "the code outside the loop, which failed".to_owned(),
                |index| format!("item {index}, which failed"),
            );
            points.push(Point::new(Does::Repeats, format!("{which}: {}", failure.message())));
        }
        None if checkpoint.is_open() => {
            let saved: safe_state_backends::Timestamp = checkpoint.updated_at().into();
            let why = format!(
                "the item in progress, and what was done after the last save, {saved}; the run has no recorded end"
            );
            points.push(Point::new(Does::Repeats, why));
        }
        None => {}
    }
    let letters = checkpoint.dead_letters().len() as u64;
    let given_up = letters + checkpoint.skipped();
    if given_up > 0 {
        let retry = match letters {
            0 => String::new(),
            1 if given_up == 1 => "; `safe-state retry` puts it back".to_owned(),
            _ if letters == given_up => "; `safe-state retry` puts them back".to_owned(),
            _ => format!("; `safe-state retry` puts {letters} of them back"),
        };
        let why = format!("{} given up{retry}", items(given_up));
        points.push(Point::new(Does::Skips, why));
    }
}

impl Point {
    fn new(does: Does, why: String) -> Self {
        Point { does, why }
    }
}

impl Does {
    fn name(self) -> &'static str {
        match self {
            Does::Refuses => "refuses",
            Does::Waits => "waits",
            Does::Skips => "skips",
            Does::Repeats => "repeats",
            Does::Continues => "continues",
            Does::Restores => "restores",
            Does::Checks => "checks",
            Does::Stops => "stops",
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Does::Refuses => BAD,
            Does::Waits | Does::Repeats | Does::Checks | Does::Stops => WARN,
            Does::Skips | Does::Continues | Does::Restores => GOOD,
        }
    }
}

impl Shown for Explanation {
    fn text(&self) -> String {
        let would = if self.begins { "a run of it" } else { "another run" };
        let mut text = format!("job {BOLD}{}{BOLD:#}: {would}\n", escape::line(&self.job));
        for Point { does, why } in &self.points {
            let (name, style) = (does.name(), does.style());
            // Writing into a string does not fail.
            let _ = writeln!(text, "  {style}{name:<9}{style:#} {}", escape::line(why));
        }
        text
    }
}
