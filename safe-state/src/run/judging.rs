//! An item's way through the stages when it fails: it is judged, tried again, or given up.

use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::time::Duration;

use safe_state_backends::Failure;

use super::sharing;
use super::stages::Stages;
use crate::Error;
use crate::error::one_line;
use crate::failure::notes::Notes;
use crate::failure::outcome::{Failed, Failing};
use crate::failure::{Action, ErrorContext, Judgement, Policy, Thrown, Verdict, poison};
use crate::secrets::masked;

/// Judges the item in flight inside `depth` loops, which has failed.
pub(super) fn judge<F: Fn(&ErrorContext<'_>) -> Action>(
    stages: &mut Stages,
    policy: &Policy<F>,
    depth: usize,
    failing: Failing,
    thrown: Thrown<'_>,
) -> Verdict {
    let (Failing::Yes(failed) | Failing::IfInLoop(failed)) = failing else {
        return Verdict::Fail;
    };
    let verdict = verdict(stages, policy, depth, &failed, thrown);
    if !verdict.is_next() {
        Notes::from(failed).put_back();
    }
    verdict
}

fn verdict<F: Fn(&ErrorContext<'_>) -> Action>(
    stages: &mut Stages,
    policy: &Policy<F>,
    depth: usize,
    failed: &Failed,
    thrown: Thrown<'_>,
) -> Verdict {
    stages.control.end_item();
    // No item is to blame for the time of the run being over: none is tried again, or given up.
    if stages.control.is_over() || failed.stopping().is_some() {
        return Verdict::Fail;
    }
    let attempt = stages.progress.count_attempt(depth);
    let (failure, key) = failure_of_item(stages, failed);
    let context = ErrorContext::new(failure, thrown, key, attempt, policy.most_attempts());
    let counted = Counted::new(stages, policy.most_given_up());
    let judgement = policy.judge(&context, || counted.given_up());
    if let Some(error) = counted.failed() {
        end_for(stages, not_counted(&error));
        return Verdict::Fail;
    }
    match judgement {
        Judgement::TryAgain(pause) => {
            stages.observer.events().tries_again(context.failure(), attempt, pause);
            Verdict::Again(pause)
        }
        Judgement::Skip => {
            stages.observer.events().skipped(context.failure(), attempt);
            stages.progress.skip();
            Verdict::Next
        }
        Judgement::DeadLetter if give_up(stages, depth, context.failure().clone(), attempt) => {
            Verdict::Next
        }
        Judgement::SkipLimit(limit) => {
            end_for(
                stages,
                format!(
                    "`skip_limit = {limit}` is reached: so many items have been given up, and this one ends the run"
                ),
            );
            Verdict::Fail
        }
        Judgement::DeadLetter | Judgement::Fail => Verdict::Fail,
        Judgement::Panicked(panic) => {
            let failure = context.failure();
            let item = format!("{} ({})", failure.message(), failure.error_type());
            let asked = "`on_error` panicked, which was asked about this error:".to_owned();
            let chain = failure.causes().iter().cloned();
            stages.failures.end_for_these([asked, item].into_iter().chain(chain).collect());
            resume_unwind(panic)
        }
    }
}

/// Counts how many items are given up: of a job that many workers share, in all slices.
struct Counted<'s> {
    stages: RefCell<&'s mut Stages>,
    most: u64,
    failed: Cell<Option<Error>>,
}

impl<'s> Counted<'s> {
    fn new(stages: &'s mut Stages, most: u64) -> Self {
        Counted { stages: RefCell::new(stages), most, failed: Cell::new(None) }
    }

    /// Returns how many there are, before one that is about to be given up as well.
    fn given_up(&self) -> u64 {
        let mut stages = self.stages.borrow_mut();
        let own = stages.with_stored(|progress, stored| progress.given_up(stored));
        sharing::given_up(&mut stages, own, self.most).unwrap_or_else(|error| {
            self.failed.set(Some(error));
            u64::MAX
        })
    }

    /// Returns why they can't be counted.
    fn failed(self) -> Option<Error> {
        self.failed.into_inner()
    }
}

fn not_counted(error: &Error) -> String {
    masked(&format!(
        "could not ask how many items other workers have given up: {}",
        one_line(error)
    ))
}

/// Returns the failure with what is known of the item in flight, and the hash of its key.
pub(super) fn failure_of_item(stages: &Stages, failed: &Failed) -> (Failure, Option<u64>) {
    let item = stages.progress.in_flight();
    let failure = failed.of_item(item.index, item.location, item.captured);
    (stages.failures.with_reasons(failure), item.key)
}

/// Gives up the item in flight inside `depth` loops as a dead letter. Returns whether there is room for one more.
fn give_up(stages: &mut Stages, depth: usize, failure: Failure, attempts: u32) -> bool {
    let Some(letter) = stages.progress.dead_letter(depth, failure) else { return false };
    let letter = letter.with_attempts(attempts);
    let is_given_up = stages.with_stored(|progress, stored| progress.give_up(stored, &letter));
    if is_given_up {
        stages.observer.gave_up(&letter);
    } else {
        end_for(
            stages,
            "there are 10000 dead letters, and no room for more; look at what is wrong with so many, and \
             retry or clear them"
                .to_owned(),
        );
    }
    is_given_up
}

/// Gives up the item in flight inside `depth` loops, if it has killed the process as often as it may; else takes it
/// for the one that may. Returns whether it is given up.
pub(super) fn gives_up<F>(stages: &mut Stages, policy: &Policy<F>, depth: usize) -> bool {
    let Some((crashes, cause)) = stages.progress.crashes(depth) else { return false };
    let counted = Counted::new(stages, policy.most_given_up());
    let gives_up = policy.gives_up(crashes, || counted.given_up());
    if let Some(error) = counted.failed() {
        end_for(stages, not_counted(&error));
    }
    if gives_up {
        let item = stages.progress.in_flight();
        let failure = poison(crashes, cause).with_index(item.index).with_location(item.location);
        return give_up(stages, depth, failure, crashes);
    }
    if stages.failures.suspect_next() {
        stages.progress.suspect(depth);
    } else {
        stages.progress.clear_suspect(depth);
    }
    false
}

/// Reports why the item's failure ends the run, at once and with the failure.
pub(super) fn end_for(stages: &mut Stages, reason: String) {
    stages.observer.events().ends_for(&reason);
    stages.failures.end_for(reason);
}

/// Returns how long to wait for another attempt; none if there is to be none. The item's error comes first: if it
/// can't be saved, it is the end.
pub(super) fn pause_after(
    stages: &mut Stages,
    verdict: Verdict,
    saved: Result<(), Error>,
    notes: Notes,
) -> Option<Duration> {
    let pause = match (saved, verdict) {
        (Ok(()), Verdict::Again(pause)) => Some(pause),
        (Ok(()), Verdict::Next | Verdict::Fail) => None,
        (Err(error), _) => {
            stages.observer.events().not_saved(&error);
            stages.failures.end_for(masked(&format!("could not save: {}", one_line(&error))));
            None
        }
    };
    if pause.is_none() {
        notes.put_back();
    }
    pause
}
