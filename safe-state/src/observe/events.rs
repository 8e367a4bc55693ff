//! The events of a run: `tracing` events under the target `safe_state`, and the same texts as lines on standard error
//! if the job is `verbose`.

use std::time::{Duration, Instant};

use safe_state_backends::escape::argument;
use safe_state_backends::{Checkpoint, Error as BackendError, Failure};
use safe_state_base::engine::ArrayTask;
use safe_state_base::tell;

use crate::Error;
use crate::error::{StopReason, items, one_line};
use crate::observe::meters::Meters;
use crate::observe::summary::Counts;
use crate::secrets::masked;

/// The shortest and the longest pause between two lines about saves. The pause doubles with each line.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Writes the events, the lines and the metrics of one job's run.
#[derive(Debug)]
pub(crate) struct Events {
    job: String,
    verbose: bool,
    told: SaveLines,
    meters: Meters,
    pub(crate) counts: Counts,
}

/// The state of the lines about saves. A run may save thousands of times a second, so not each save has a line.
#[derive(Debug, Default)]
struct SaveLines {
    /// The number of complete items at the last line.
    completed: u64,
    /// The time of the next line; `None` before the first, which is written at once.
    next: Option<Instant>,
    pause: Duration,
}

impl SaveLines {
    fn is_due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    /// Notes a line about saves and doubles the pause to the next, up to the longest.
    fn note(&mut self, completed: u64, now: Instant) {
        self.completed = completed;
        self.pause = (2 * self.pause).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        self.next = now.checked_add(self.pause);
    }
}

impl Events {
    pub(crate) fn new(job: &str, verbose: bool) -> Self {
        Events {
            job: job.to_owned(),
            verbose,
            told: SaveLines::default(),
            meters: Meters::new(job),
            counts: Counts::new(),
        }
    }

    pub(crate) fn job(&self) -> &str {
        &self.job
    }

    pub(crate) fn opened(&mut self, checkpoint: &Checkpoint) {
        let (job, run) = (&self.job, checkpoint.run_count());
        self.counts.begin(run);
        tracing::info!(target: "safe_state", %job, run, "opened");
        if self.verbose {
            self.told.completed = checkpoint.completed().len();
        }
        // Of a job that many workers share, the first begins it.
        if run == 1 && !checkpoint.has_slices() {
            self.line(|| "starting".to_owned());
        }
    }

    /// Tells that a run goes on from earlier progress, before its first item.
    pub(crate) fn resumed(&self, run: u32, skipped: u64, item_time: Option<Duration>) {
        let job = &self.job;
        let took =
            item_time.map(|time| time.saturating_mul(u32::try_from(skipped).unwrap_or(u32::MAX)));
        tracing::info!(target: "safe_state", %job, run, skipped, took = took.map(tracing::field::debug), "resumed");
        let skipped = items(skipped);
        self.line(|| match took {
            Some(took) => format!("run {run} skips {skipped}, which took about {took:.1?}"),
            None => format!("run {run} skips {skipped}"),
        });
    }

    /// Counts items that completed in `time` all together.
    pub(crate) fn worked(&mut self, items: u64, time: Duration) {
        self.meters.completed(items, time);
        self.counts.items.completed += items;
    }

    /// Counts a save for which the run waited for `took`.
    pub(crate) fn waited_for_save(&mut self, took: Duration) {
        self.meters.saved(took);
        self.counts.saved(took);
    }

    pub(crate) fn saved(&mut self, completed: impl Fn() -> u64) {
        tracing::debug!(target: "safe_state", job = %self.job, completed = completed(), "saved");
        if self.verbose && self.told.is_due(Instant::now()) {
            self.saved_so_far(completed());
        }
    }

    /// Tells how many items are complete, if the last line told another number.
    pub(crate) fn saved_so_far(&mut self, completed: u64) {
        if self.verbose && self.told.completed != completed {
            self.told.note(completed, Instant::now());
            self.line(|| format!("saved, {} complete", items(completed)));
        }
    }

    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.meters.ended("failed");
        let item = failure.index().map(|index| format!("item {index}: ")).unwrap_or_default();
        self.counts.reason = Some(format!("{item}{}", failure.message()));
        let index = failure.index();
        tracing::error!(target: "safe_state", job = %self.job, index, error = failure.message(), "failed");
        self.line(|| format!("failed: {failure}"));
    }

    /// Tells that an item has failed and is tried again.
    pub(crate) fn tries_again(&mut self, failure: &Failure, attempt: u32, pause: Duration) {
        self.meters.retried();
        self.counts.items.retried += 1;
        let (index, error) = (failure.index(), failure.message());
        tracing::warn!(target: "safe_state", job = %self.job, index, attempt, ?pause, error, "tries again");
        self.line(|| format!("attempt {attempt} failed, next attempt in {pause:.1?}: {failure}"));
    }

    /// Tells that an item has failed and is passed over.
    pub(crate) fn skipped(&mut self, failure: &Failure, attempt: u32) {
        self.meters.skipped();
        self.counts.items.skipped += 1;
        let (index, error) = (failure.index(), failure.message());
        tracing::warn!(target: "safe_state", job = %self.job, index, attempt, error, "skipped");
        self.line(|| format!("skipped after attempt {attempt}: {failure}"));
    }

    /// Tells that an item has failed and is a dead letter now.
    pub(crate) fn given_up(&mut self, failure: &Failure, attempt: u32) {
        self.meters.given_up();
        self.counts.items.dead_letters += 1;
        let (index, error) = (failure.index(), failure.message());
        tracing::warn!(target: "safe_state", job = %self.job, index, attempt, error, "given up");
        self.line(|| format!("given up after attempt {attempt}: {failure}"));
    }

    /// Tells why an item's failure ends the run. The line is written even without `verbose`: the function returns the
    /// item's error, which does not tell the reason.
    pub(crate) fn ends_for(&self, reason: &str) {
        tracing::error!(target: "safe_state", job = %self.job, "{reason}");
        tell(&self.job, reason);
    }

    /// Tells of a save that failed while the function returns another error. The line is written even without
    /// `verbose`, as nothing else tells of it. A trial of `testing::survives` fails saves on purpose.
    pub(crate) fn not_saved(&self, error: &Error) {
        let error = masked(&one_line(error));
        tracing::error!(target: "safe_state", job = %self.job, error, "not saved");
        #[cfg(feature = "testing")]
        if crate::testing::backend().is_some() {
            return;
        }
        tell(&self.job, &format!("could not save: {error}"));
    }

    pub(crate) fn finished(&self, completed: u64) {
        self.meters.ended("finished");
        tracing::info!(target: "safe_state", job = %self.job, completed, "finished");
        self.line(|| format!("finished, {} complete", items(completed)));
    }

    pub(crate) fn slow_saving(&self) {
        self.warning(
            "more than a fifth of the time goes into saving; a larger `save_every` repeats more items \
             after a crash, and `durability = \"process\"` may lose saves to a power cut",
        );
    }

    /// Warns that the run keeps no page: items are saved only as often as the job says.
    pub(crate) fn no_page(&self, error: &BackendError) {
        let error = masked(&one_line(error));
        self.warning(&format!("keeps no page beside its checkpoint: {error}"));
    }

    /// Warns that an item which was left in the middle of its inner loop no longer comes first in the input.
    pub(crate) fn inner_items_again(&self, completed: u64) {
        let text = "an item was left in the middle of its inner loop, and the input gives another new one \
                    before it; the inner items that were complete are done again";
        tracing::warn!(target: "safe_state", job = %self.job, completed, "{text}");
        self.line(|| format!("warning: {text}"));
    }

    pub(crate) fn code_changed(&self) {
        let text = "the function has changed since the checkpoint was made, or it was made by another one under \
                    this name; `on_code_change` says what to do then, and `version` which changes matter";
        tracing::warn!(target: "safe_state", job = %self.job, "{text}");
        tell(&self.job, &format!("warning: {text}"));
    }

    /// Tells, even without `verbose`, that the run goes on with a change that the run before was refused for.
    pub(crate) fn accepted(&self, what: &str) {
        tracing::warn!(target: "safe_state", job = %self.job, what, "goes on, as was accepted");
        tell(&self.job, &format!("goes on with {what}, as was accepted"));
    }

    /// Tells that the checkpoint was of another version, and has been migrated to this one.
    pub(crate) fn migrated(&self, from: Option<&str>) {
        let from = from.unwrap_or("none");
        tracing::info!(target: "safe_state", job = %self.job, from, "migrated from another version");
        self.line(|| format!("goes on from a checkpoint of version `{from}`"));
    }

    /// Warns that the job begins anew although a run of it elsewhere is unfinished. The line is written even without
    /// `verbose`, as nothing else shows it.
    pub(crate) fn begins_beside(&self, older: &str) {
        tracing::warn!(target: "safe_state", job = %self.job, "{older}");
        tell(&self.job, older);
    }

    /// Warns that each task of an array does the job, or one does it for all. The line is written even without
    /// `verbose`, as nothing else shows it.
    pub(crate) fn done_by_each_task(&self, task: &ArrayTask) {
        let text = task.advice();
        tracing::warn!(target: "safe_state", job = %self.job, variable = task.variable, "{text}");
        tell(&self.job, &text);
    }

    /// Tells that a task of the array has finished the job. The line is written even without `verbose`, as the run does
    /// nothing.
    pub(crate) fn done_by_a_task(&self) {
        let text = "a task of this array has finished the job";
        tracing::info!(target: "safe_state", job = %self.job, "{text}");
        tell(&self.job, text);
    }

    /// Warns that a variable which the run before carried is no longer carried.
    pub(crate) fn no_longer_carried(&self, variable: &str) {
        tracing::warn!(
            target: "safe_state",
            job = %self.job,
            variable,
            "a variable was carried with the items that are complete, and no longer is: it starts anew; \
             `on_code_change` says what to do then"
        );
        self.line(|| format!("warning: `{variable}` is no longer carried, and starts anew"));
    }

    /// Tells that the run stopped before the next item, for a reason other than a failure.
    pub(crate) fn stopped(&mut self, reason: StopReason) {
        self.meters.ended("stopped");
        self.counts.reason = Some(reason.to_string());
        tracing::info!(target: "safe_state", job = %self.job, "stopped {reason}");
        self.line(|| format!("stopped {reason}"));
    }

    /// Tells that an item stopped the run on purpose.
    pub(crate) fn stopped_itself(&mut self, reason: &str) {
        self.meters.ended("stopped");
        self.counts.reason = Some(reason.to_owned());
        tracing::info!(target: "safe_state", job = %self.job, reason, "stopped itself");
        self.line(|| format!("stopped itself: {reason}"));
    }

    /// Tells that the run was paused by a request. The line is written even without `verbose`, as the run seems to hang
    /// otherwise.
    pub(crate) fn paused(&self) {
        tracing::info!(target: "safe_state", job = %self.job, "paused");
        let job = argument(&self.job);
        tell(&self.job, &format!("paused until `safe-state resume {job}` or `Job::resume`"));
    }

    /// Tells that the run goes on after a pause.
    pub(crate) fn goes_on(&self) {
        tracing::info!(target: "safe_state", job = %self.job, "goes on");
        self.line(|| "goes on".to_owned());
    }

    /// Tells that the job was called from within its own run, on the same thread.
    pub(crate) fn nested(&self) {
        tracing::debug!(target: "safe_state", job = %self.job, "called within its own run");
    }

    fn warning(&self, text: &str) {
        tracing::warn!(target: "safe_state", job = %self.job, "{text}");
        self.line(|| format!("warning: {text}"));
    }

    fn line(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            tell(&self.job, &text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saves_are_told_at_once_and_then_ever_more_seldom() {
        let began = Instant::now();
        let mut told = SaveLines::default();
        let mut times = Vec::new();
        for second in 0..300 {
            let now = began + Duration::from_secs(second);
            if told.is_due(now) {
                told.note(second, now);
                times.push(second);
            }
        }
        assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    }
}
