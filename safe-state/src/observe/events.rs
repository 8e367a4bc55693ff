//! What a run says: `tracing` events under the target `safe_state`, and the same as lines on
//! standard error where `verbose` asks for them.

use std::time::{Duration, Instant};

use safe_state_backends::{Checkpoint, Error as BackendError, Failure};
use safe_state_base::engine::ArrayTask;
use safe_state_base::tell;

use crate::Error;
use crate::error::{StopReason, items, one_line};
use crate::observe::meters::Meters;
use crate::observe::summary::Counts;
use crate::secrets::masked;

/// How long no line is written of saves after the first, and after the later ones.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Says things about one job.
#[derive(Debug)]
pub(crate) struct Events {
    job: String,
    verbose: bool,
    told: Told,
    meters: Meters,
    pub(crate) counts: Counts,
}

/// What was told last of the saves, of which there may be thousands in a second.
#[derive(Debug, Default)]
struct Told {
    /// How many items were complete.
    completed: u64,
    /// When to tell it again; at once if it has not been told.
    next: Option<Instant>,
    pause: Duration,
}

impl Told {
    fn is_due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    /// The pauses grow with how long the run takes.
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
            told: Told::default(),
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

    /// Before the first item of a run that has something to skip.
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

    /// Items that completed in that time, all together.
    pub(crate) fn worked(&mut self, items: u64, time: Duration) {
        self.meters.completed(items, time);
        self.counts.items.completed += items;
    }

    /// The run has waited that long for a save.
    pub(crate) fn waited_for_save(&mut self, took: Duration) {
        self.meters.saved(took);
        self.counts.saved(took);
    }

    pub(crate) fn saved(&mut self, checkpoint: &Checkpoint) {
        // Counted only if someone listens.
        let completed = || checkpoint.completed().len();
        tracing::debug!(target: "safe_state", job = %self.job, completed = completed(), "saved");
        if self.verbose && self.told.is_due(Instant::now()) {
            self.saved_so_far(completed());
        }
    }

    /// How many items are complete, if that has not been told.
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

    /// An item has failed, and is tried again.
    pub(crate) fn tries_again(&mut self, failure: &Failure, attempt: u32, pause: Duration) {
        self.meters.retried();
        self.counts.items.retried += 1;
        let (index, error) = (failure.index(), failure.message());
        tracing::warn!(target: "safe_state", job = %self.job, index, attempt, ?pause, error, "tries again");
        self.line(|| format!("attempt {attempt} in vain, the next in {pause:.1?}: {failure}"));
    }

    /// An item has failed, and is not tried again.
    pub(crate) fn skipped(&mut self, failure: &Failure, attempt: u32) {
        self.meters.skipped();
        self.counts.items.skipped += 1;
        let (index, error) = (failure.index(), failure.message());
        tracing::warn!(target: "safe_state", job = %self.job, index, attempt, error, "skipped");
        self.line(|| format!("skipped after attempt {attempt}: {failure}"));
    }

    /// An item has failed, and is a dead letter now.
    pub(crate) fn given_up(&mut self, failure: &Failure, attempt: u32) {
        self.meters.given_up();
        self.counts.items.dead_letters += 1;
        let (index, error) = (failure.index(), failure.message());
        tracing::warn!(target: "safe_state", job = %self.job, index, attempt, error, "given up");
        self.line(|| format!("given up after attempt {attempt}: {failure}"));
    }

    /// Why an item's failure ends the run. It is told in any case: what the function returns is the item's
    /// error, and says nothing of it.
    pub(crate) fn ends_for(&self, reason: &str) {
        tracing::error!(target: "safe_state", job = %self.job, "{reason}");
        tell(&self.job, reason);
    }

    /// A save that failed where something else is being reported: the user's error comes first. It is told in
    /// any case, as nobody else tells it.
    pub(crate) fn not_saved(&self, error: &Error) {
        let error = masked(&one_line(error));
        tracing::error!(target: "safe_state", job = %self.job, error, "not saved");
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

    /// Items are saved as the job says, and not each of them kept in a page as well.
    pub(crate) fn no_page(&self, error: &BackendError) {
        let error = masked(&one_line(error));
        self.warning(&format!("keeps no page beside its checkpoint: {error}"));
    }

    /// An item was left in the middle of its inner loop, and does not come first.
    pub(crate) fn inner_items_again(&self, completed: u64) {
        let text = "an item was left in the middle of its inner loop, and the input gives another new one \
                    before it; the inner items that were complete are done again";
        tracing::warn!(target: "safe_state", job = %self.job, completed, "{text}");
        self.line(|| format!("warning: {text}"));
    }

    pub(crate) fn code_changed(&self) {
        self.warning(
            "the function has changed since the checkpoint was made, or it was made by another one under \
             this name; `on_code_change` says what to do then, and `version` which changes matter",
        );
    }

    /// The run goes on with what the one before was refused for. It is told in any case, and once.
    pub(crate) fn accepted(&self, what: &str) {
        tracing::warn!(target: "safe_state", job = %self.job, what, "goes on, as was accepted");
        tell(&self.job, &format!("goes on with {what}, as was accepted"));
    }

    /// What is stored was of another version, and is of this one now.
    pub(crate) fn migrated(&self, from: Option<&str>) {
        let from = from.unwrap_or("none");
        tracing::info!(target: "safe_state", job = %self.job, from, "migrated from another version");
        self.line(|| format!("goes on from a checkpoint of version `{from}`"));
    }

    /// The job begins anew, though a run of it elsewhere is not finished. It is told in any case: nothing else shows it.
    pub(crate) fn begins_beside(&self, older: &str) {
        tracing::warn!(target: "safe_state", job = %self.job, "{older}");
        tell(&self.job, older);
    }

    /// Each task of an array does the job, or one of them for all. It is told in any case, as nothing else shows it.
    pub(crate) fn done_by_each_task(&self, task: &ArrayTask) {
        let text = task.advice();
        tracing::warn!(target: "safe_state", job = %self.job, variable = task.variable, "{text}");
        tell(&self.job, &text);
    }

    /// The job was finished by a task of the array. It is told in any case: the run does nothing.
    pub(crate) fn done_by_a_task(&self) {
        let text = "a task of this array has finished the job";
        tracing::info!(target: "safe_state", job = %self.job, "{text}");
        tell(&self.job, text);
    }

    /// What a variable was in the run before is gone.
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

    /// Before the next item, and not by a failure.
    pub(crate) fn stopped(&mut self, reason: StopReason) {
        self.meters.ended("stopped");
        self.counts.reason = Some(reason.to_string());
        tracing::info!(target: "safe_state", job = %self.job, "stopped {reason}");
        self.line(|| format!("stopped {reason}"));
    }

    /// By an item, on purpose.
    pub(crate) fn stopped_itself(&mut self, reason: &str) {
        self.meters.ended("stopped");
        self.counts.reason = Some(reason.to_owned());
        tracing::info!(target: "safe_state", job = %self.job, reason, "stopped itself");
        self.line(|| format!("stopped itself: {reason}"));
    }

    /// By a request, before the next item. It is told in any case: else the run seems to hang.
    pub(crate) fn paused(&self) {
        tracing::info!(target: "safe_state", job = %self.job, "paused");
        tell(&self.job, "paused; `Job::resume` lets it go on");
    }

    /// After a pause.
    pub(crate) fn goes_on(&self) {
        tracing::info!(target: "safe_state", job = %self.job, "goes on");
        self.line(|| "goes on".to_owned());
    }

    /// A call of the job from within its own run, on the same thread.
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
        let mut told = Told::default();
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
