//! An item's way through the stages when it fails: it is judged, tried again, or given up.

use std::panic::resume_unwind;
use std::time::Duration;

use safe_state_backends::{CrashCause, Failure};

use super::sharing;
use super::stages::Stages;
use crate::Error;
use crate::error::one_line;
use crate::failure::notes::Notes;
use crate::failure::outcome::{Failed, Failing};
use crate::failure::{Action, ErrorContext, Judgement, Policy, Thrown, Verdict, poison};
use crate::secrets::masked;

/// The judgement on a failed item, before the items that were given up are counted.
#[derive(Debug)]
pub enum Judged {
    /// The verdict is certain.
    As(Verdict),
    /// The item is to be given up, if the limit allows one more.
    GivenUp(Box<GivenUp>),
}

impl Judged {
    /// The judgement of a loop that gives up no item.
    pub const FAIL: Judged = Judged::As(Verdict::Fail);
}

/// A failed item that is to be given up, if the limit allows one more.
#[derive(Debug)]
pub struct GivenUp {
    failed: Failed,
    failure: Failure,
    attempt: u32,
    is_kept: bool,
    /// The most items that may be given up.
    pub(crate) most: u64,
    depth: usize,
}

/// An item that may have killed the process.
#[derive(Debug)]
pub struct Suspected {
    crashes: u32,
    cause: Option<CrashCause>,
    /// The most items that may be given up, if this item is to be one of them.
    pub(crate) most: Option<u64>,
}

/// Judges the item in flight inside `depth` loops, which has failed.
pub(super) fn judge<F: Fn(&ErrorContext<'_>) -> Action>(
    stages: &mut Stages,
    policy: &Policy<F>,
    depth: usize,
    failing: Failing,
    thrown: Thrown<'_>,
) -> Verdict {
    match ask(stages, policy, depth, failing, thrown) {
        Judged::As(verdict) => verdict,
        Judged::GivenUp(it) => {
            let count = sharing::given_up(stages, it.most);
            decide(stages, *it, count)
        }
    }
}

/// Returns the verdict without blocking.
pub(super) async fn judged_async(stages: &mut Stages, judged: Judged) -> Verdict {
    match judged {
        Judged::As(verdict) => verdict,
        Judged::GivenUp(it) => {
            let count = sharing::given_up_async(stages, it.most).await;
            decide(stages, *it, count)
        }
    }
}

/// Judges the item in flight inside `depth` loops, which has failed, without counting how many items have been given
/// up.
pub(super) fn ask<F: Fn(&ErrorContext<'_>) -> Action>(
    stages: &mut Stages,
    policy: &Policy<F>,
    depth: usize,
    failing: Failing,
    thrown: Thrown<'_>,
) -> Judged {
    let (Failing::Yes(failed) | Failing::IfInLoop(failed)) = failing else {
        return Judged::As(Verdict::Fail);
    };
    stages.control.end_item();
    // No item is to blame if the time of the run is over: the item is neither tried again nor given up.
    if stages.control.is_over() || failed.stopping().is_some() {
        return Judged::As(ends(failed, Verdict::Fail));
    }
    let attempt = stages.progress.attempted(depth).count();
    let (failure, key) = failure_of_item(stages, &failed);
    let told = stages.told(&failure);
    let context = ErrorContext::new(told, thrown, key, attempt, policy.most_attempts());
    let is_kept = match policy.judge(&context) {
        Judgement::TryAgain(pause) => {
            stages.observer.events().tries_again(context.failure(), attempt, pause);
            return Judged::As(ends(failed, Verdict::Again(pause)));
        }
        Judgement::Skip => false,
        Judgement::DeadLetter => true,
        Judgement::Fail => return Judged::As(ends(failed, Verdict::Fail)),
        Judgement::Panicked(panic) => {
            let failure = context.failure();
            let item = format!("{} ({})", failure.message(), failure.error_type());
            let asked = "`on_error` panicked, which was asked about this error:".to_owned();
            let chain = failure.causes().iter().cloned();
            stages.failures.end_for_these([asked, item].into_iter().chain(chain).collect());
            resume_unwind(panic)
        }
    };
    let most = policy.most_given_up();
    Judged::GivenUp(Box::new(GivenUp { failed, failure, attempt, is_kept, most, depth }))
}

/// Returns the verdict. If the failure may leave the function with it, the notes of the failure are put back.
fn ends(failed: Failed, verdict: Verdict) -> Verdict {
    if !verdict.is_next() {
        Notes::from(failed).put_back();
    }
    verdict
}

/// Gives up the failed item if `count`, the number of items given up before, allows one more. Returns the verdict.
pub(super) fn decide(stages: &mut Stages, it: GivenUp, count: Result<u64, Error>) -> Verdict {
    let GivenUp { failed, failure, attempt, is_kept, most, depth } = it;
    let is_given_up = match count {
        Err(error) => {
            end_for(stages, not_counted(&error));
            false
        }
        Ok(count) if count >= most => {
            end_for(
                stages,
                format!(
                    "`skip_limit = {most}` is reached: so many items have been given up, and this one ends the run"
                ),
            );
            false
        }
        Ok(_) if is_kept => give_up(stages, depth, failure, attempt),
        Ok(_) => {
            let told = stages.told(&failure);
            stages.observer.events().skipped(&told, attempt);
            stages.progress.skip();
            true
        }
    };
    ends(failed, if is_given_up { Verdict::Next } else { Verdict::Fail })
}

fn not_counted(error: &Error) -> String {
    masked(&format!(
        "could not ask how many items other workers have given up: {}",
        one_line(error)
    ))
}

/// Returns the failure with what is known of the item in flight, and the hash of the item's key.
pub(super) fn failure_of_item(stages: &Stages, failed: &Failed) -> (Failure, Option<u64>) {
    let item = stages.progress.in_flight();
    let failure = failed.of_item(item.index, item.location, item.captured);
    (stages.failures.with_reasons(failure), item.key)
}

/// Gives up the item in flight inside `depth` loops as a dead letter. Returns whether there was room for the letter.
fn give_up(stages: &mut Stages, depth: usize, failure: Failure, attempts: u32) -> bool {
    let Some(letter) = stages.progress.attempted(depth).dead_letter(failure) else { return false };
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

/// Gives up the item in flight inside `depth` loops if it has killed the process as often as the policy allows.
/// Otherwise notes the item as the suspect of the next crash. Returns whether the item is given up.
pub(super) fn gives_up<F>(stages: &mut Stages, policy: &Policy<F>, depth: usize) -> bool {
    let Some(suspected) = suspected(stages, policy, depth) else { return false };
    let count = suspected.most.map(|most| sharing::given_up(stages, most));
    is_given_up(stages, &suspected, count, depth)
}

/// Gives up a suspected item without blocking: see [`gives_up`].
pub(super) async fn gives_up_async(
    stages: &mut Stages,
    suspected: Option<Suspected>,
    depth: usize,
) -> bool {
    let Some(suspected) = suspected else { return false };
    let count = match suspected.most {
        Some(most) => Some(sharing::given_up_async(stages, most).await),
        None => None,
    };
    is_given_up(stages, &suspected, count, depth)
}

/// Returns how often the item in flight inside `depth` loops has killed the process, and whether it is to be given up
/// for that.
pub(super) fn suspected<F>(
    stages: &mut Stages,
    policy: &Policy<F>,
    depth: usize,
) -> Option<Suspected> {
    let (crashes, cause) = stages.progress.attempted(depth).crashes()?;
    let most = policy.is_poison(crashes).then(|| policy.most_given_up());
    Some(Suspected { crashes, cause, most })
}

/// Gives up a suspected item, if `count`, the number of items given up before, allows one more. Otherwise notes it as the
/// suspect of the next crash.
pub(super) fn is_given_up(
    stages: &mut Stages,
    suspected: &Suspected,
    count: Option<Result<u64, Error>>,
    depth: usize,
) -> bool {
    let Suspected { crashes, cause, most } = *suspected;
    let gives_up = match count {
        Some(Ok(count)) => most.is_some_and(|most| count < most),
        Some(Err(error)) => {
            end_for(stages, not_counted(&error));
            false
        }
        None => false,
    };
    if gives_up {
        let item = stages.progress.in_flight();
        let failure = poison(crashes, cause).with_index(item.index).with_location(item.location);
        return give_up(stages, depth, failure, crashes);
    }
    if stages.failures.suspect_next(stages.saving.spent()) {
        stages.progress.attempted(depth).suspect();
    } else {
        stages.progress.attempted(depth).clear_suspect();
    }
    false
}

/// Reports at once why an item's failure ends the run, and adds the reason to the failure.
pub(super) fn end_for(stages: &mut Stages, reason: String) {
    stages.observer.events().ends_for(&reason);
    stages.failures.end_for(reason);
}

/// Returns how long to wait before another attempt; `None` if no attempt follows. A failed save ends the run with the
/// item's own error, and its reason is added to the failure.
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
