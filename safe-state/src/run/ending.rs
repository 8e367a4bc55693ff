//! The end of a run: decides what the outcome means for the checkpoint, and what the caller is given.

use std::panic::resume_unwind;
use std::time::Instant;

use safe_state_backends::format::Change;
use safe_state_backends::{Error as BackendError, Failure, RunEnd, Store};
use safe_state_base::{exit, tell};

use super::judging::failure_of_item;
use super::sharing;
use super::stages::Stages;
use crate::Error;
use crate::attempt::Outcome;
use crate::error::one_line;
use crate::failure::outcome::{Failed, Failing};
use crate::failure::reported::look_up_calls;
use crate::failure::stopping::Stopping;
use crate::failure::try_trace::TryTrace;
use crate::job::in_array::finishes_here;
use crate::save::Write;
use crate::save::owner::Owner;
use crate::secrets::masked;

/// The result of the last write, and the number of complete items.
type Ended = (Result<(), BackendError>, u64);

/// Ends the run with the outcome of its function, and returns the outcome.
pub(super) fn finish<R>(
    stages: &mut Stages,
    outcome: Outcome<R>,
    failing: Failing,
    on_error: impl FnOnce(Error) -> R,
) -> R {
    stages.end_limits();
    let spans = stages.observer.spans();
    let _within = spans.within();
    let _ = stages.take_back_prepared();
    let (write, failed) = ending(stages, failing);
    let shared = sharing::last(stages, &write, failed);
    let last = last(stages, write, failed);
    let ended = match shared {
        Some(shared) => sharing::ended(stages, shared()).map(Some),
        None => let_go(stages).map(|owner| owner.map(|owner| owner.end(last))),
    };
    let ended = ended.and_then(|ended| check_left(stages, failed).map(|()| ended));
    give_back(stages, outcome, failed, ended, on_error)
}

/// Ends the run without blocking: see [`finish`].
pub(super) async fn finish_async<R>(
    stages: &mut Stages,
    outcome: Outcome<R>,
    failing: Failing,
    on_error: impl FnOnce(Error) -> R,
) -> R {
    stages.end_limits();
    let stopping = Stopping::take();
    let failing = look_up(stages, failing).await;
    if let Some(stopping) = stopping {
        stopping.put_back();
    }
    let _ = stages.take_back_prepared();
    let (write, failed) = ending(stages, failing);
    let shared = sharing::last(stages, &write, failed);
    let last = last(stages, write, failed);
    if let Some(shared) = shared {
        let finished = stages.on_thread(shared).await;
        let ended = sharing::ended(stages, finished).map(Some);
        return give_back(stages, outcome, failed, ended, on_error);
    }
    let ended = match let_go(stages) {
        Ok(Some(owner)) => Ok(Some(owner.end_async(last).await)),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    let ended = ended.and_then(|ended| check_left(stages, failed).map(|()| ended));
    give_back(stages, outcome, failed, ended, on_error)
}

/// Ends a run that neither finished nor failed, because its future was dropped. What is complete is saved.
pub(super) fn abandon(stages: &mut Stages) {
    end_unreturned(stages, None);
}

/// Ends a run whose function returns nothing. What is complete is saved, and the failure, if there was one. If the save
/// fails, only an event tells of it, as the caller is gone.
fn end_unreturned(stages: &mut Stages, failure: Option<Failure>) {
    stages.end_limits();
    let _ = stages.take_back_prepared();
    // While a commit is in doubt, the next run finds out what is saved.
    let Ok(owner) = let_go(stages) else { return };
    let Some(owner) = owner else { return stages.observer.dropped() };
    let end = if failure.is_some() { RunEnd::Failed } else { RunEnd::Stopped };
    let taken = stages.progress.change_of_stopped();
    let change = stages.change(taken, Instant::now());
    let last = Write::Save(Change { end: Some(end), failure, ..change }.into());
    let span = stages.observer.save_span();
    if let Err(error) = owner.end(move |store| {
        store.forget_statements();
        last.within(&span, store)
    }) {
        stages.observer.events().not_saved(&error.into());
    }
    match end {
        RunEnd::Failed => stages.observer.ended(end),
        _ => stages.observer.dropped(),
    }
}

/// Ends the process, although items go on, because a run that ends with `stopped` has waited for them long enough. What
/// is complete is saved, and the failure of the item that would have ended the function.
pub(super) fn end_process(stages: &mut Stages, stopped: &Error, failing: Failing) -> ! {
    let text = "an item did not end within the grace period; the process ends, and the next run goes on from what is \
                saved";
    tell(stages.observer.job(), text);
    let failure = match failing {
        Failing::Yes(failed) | Failing::IfInLoop(failed) if failed.stopping().is_none() => {
            Some(described(stages, failed))
        }
        _ => None,
    };
    end_unreturned(stages, failure);
    let ending = exit::ends(&stopped.to_string());
    let code = ending.map_or(1, |ending| exit::ExitCodes::new().code(ending));
    std::process::exit(i32::from(code))
}

/// Refuses a value that the function returned from within a slice of a shared loop: it is that of no whole job.
fn check_left(stages: &Stages, failed: bool) -> Result<(), Error> {
    if failed || !stages.is_in_slice() {
        return Ok(());
    }
    Err(Error::ReturnedFromSlice { job: stages.observer.job().to_owned() })
}

/// Takes the store from the run for one last write: from then on the run saves nothing.
///
/// # Errors
///
/// A commit is in doubt, so it is unknown what is stored. The store has been let go.
fn let_go(stages: &mut Stages) -> Result<Option<Owner>, Error> {
    let owner = stages.saving.let_go();
    stages.check_doubt().map(|()| owner)
}

/// Looks up the functions that a failure names, without blocking. The first look-up takes long; the results are
/// remembered.
async fn look_up(stages: &mut Stages, mut failing: Failing) -> Failing {
    if let (Failing::Yes(failed) | Failing::IfInLoop(failed), Some(worker)) =
        (&mut failing, stages.saving.thread())
        && let Some(calls) = look_up_calls(&mut failed.told)
    {
        worker.run(calls).await;
    }
    failing
}

/// Returns the last write that the outcome asks for, and whether the run has failed.
fn ending(stages: &mut Stages, failing: Failing) -> (Write, bool) {
    if stages.control.is_stopped() {
        let change = Change { end: Some(RunEnd::Stopped), ..last_change(stages) };
        return (Write::Save(change.into()), true);
    }
    let failed = match failing {
        Failing::Yes(failed) => Some(failed),
        Failing::IfInLoop(failed) if stages.progress.was_left_by_question_mark() => Some(failed),
        Failing::No | Failing::IfInLoop(_) => None,
    };
    // The trace of an error that did not end the run must not be taken for the next failure's.
    drop(TryTrace::take());
    let stopping = failed.as_ref().and_then(Failed::stopping);
    drop(Stopping::take());
    if let Some(stopping) = stopping {
        return (Write::Save(stopped_itself(stages, &stopping.reason).into()), true);
    }
    let Some(failed) = failed else {
        if stages.is_in_slice() {
            // Other workers are to go on with the slice.
            let change = Change { end: Some(RunEnd::Stopped), ..last_change(stages) };
            return (Write::Save(change.into()), false);
        }
        let has_dead_letters =
            stages.with_stored(|progress, stored| progress.has_dead_letters(stored));
        if let Some(key) = &stages.session.kept_as
            && !stages.session.terms.was_finished
        {
            finishes_here(key);
        }
        return if stages.session.keep_on_success || has_dead_letters {
            (Write::Finish(last_change(stages)), false)
        } else {
            // The items that completed since the last save are counted, too.
            (Write::Delete(Some(Box::new(last_change(stages)))), false)
        };
    };
    // A worker of a shared job has no checkpoint outside of its slices.
    let is_outside = stages.session.sharing.is_some() && !stages.is_in_slice();
    let has_begun_nothing =
        !is_outside && stages.with_stored(|progress, stored| progress.has_begun_nothing(stored));
    let change = failure(stages, failed);
    (if has_begun_nothing { Write::Delete(None) } else { Write::Save(change.into()) }, true)
}

fn last_change(stages: &mut Stages) -> Change {
    let taken = stages.progress.change_of_finished();
    stages.change(taken, Instant::now())
}

/// Ends the run as an item asked. That item has begun and may have changed carried values, so only progress that
/// matches the values is saved.
fn stopped_itself(stages: &mut Stages, reason: &str) -> Change {
    stages.control.stop();
    stages.observer.events().stopped_itself(reason);
    exit::stopped(Error::StoppedItself { reason: reason.to_owned() });
    stages.progress.keep_only_what_matches_values();
    let taken = stages.progress.change();
    Change { end: Some(RunEnd::Stopped), ..stages.change(taken, Instant::now()) }
}

fn failure(stages: &mut Stages, failed: Failed) -> Change {
    let failure = described(stages, failed);
    stages.progress.keep_only_what_matches_values();
    let median = stages.saving.median();
    let taken = stages.progress.change();
    let change = stages.change(taken, Instant::now());
    Change { item_nanos: median, failure: Some(failure), ..change }
}

/// Returns the failure that ends the run, with all details, and reports it.
fn described(stages: &mut Stages, mut failed: Failed) -> Failure {
    let store = stages.saving.store();
    let details = stages.failures.details(&mut failed, store.as_deref().map(Store::checkpoint));
    drop(store);
    let (failure, _) = failure_of_item(stages, &failed);
    let failure = failure.with_details(details);
    let told = stages.told(&failure);
    stages.observer.events().failed(&told);
    failure
}

/// Returns the last write, with which the files of a job that leaves no checkpoint are given back: one that is kept may be
/// gone on from, and cuts them.
fn last(
    stages: &mut Stages,
    mut write: Write,
    failed: bool,
) -> impl FnOnce(&mut Store) -> Ended + Send + 'static {
    let (span, outputs) = (stages.observer.save_span(), stages.handles.take_outputs());
    let keep_history = if failed { 0 } else { stages.session.keep_history };
    let is_stopped = stages.control.is_stopped();
    move |store| {
        let is_deleted = matches!(write, Write::Delete(_));
        let mut written = Ok(());
        if let (Write::Delete(change), true) = (&mut write, keep_history > 0) {
            let change = change.take().map(|it| *it);
            written = store.checkpoint().save_history(change, &**store.backend(), keep_history);
        }
        written = written.and_then(|()| write.within(&span, store));
        // A stopped run that has begun nothing leaves no checkpoint.
        if is_stopped && written.is_ok() && store.checkpoint().has_begun_nothing() {
            written = store.delete();
        }
        if is_deleted && written.is_ok() {
            outputs.release();
        }
        (written, store.checkpoint().completed().len())
    }
}

/// Reports the end of the run.
fn report_end(stages: &mut Stages, written: &Result<(), Error>, failed: bool) {
    let end = match written {
        _ if stages.control.is_stopped() => RunEnd::Stopped,
        Ok(()) if !failed => RunEnd::Finished,
        Ok(()) => RunEnd::Failed,
        Err(error) => {
            let error = masked(&one_line(error));
            stages.observer.events().counts.reason.get_or_insert(error);
            RunEnd::Failed
        }
    };
    stages.observer.ended(end);
}

/// Returns the value for the caller of the run, or panics with the outcome's panic.
fn give_back<R>(
    stages: &mut Stages,
    outcome: Outcome<R>,
    failed: bool,
    ended: Result<Option<Ended>, Error>,
    on_error: impl FnOnce(Error) -> R,
) -> R {
    let (written, completed) = match ended {
        Ok(Some((written, completed))) => {
            let completed = stages.observer.completed_in_whole(completed);
            (written.map_err(Error::from), Some(completed))
        }
        Ok(None) => (Ok(()), None),
        Err(error) => (Err(error), None),
    };
    report_end(stages, &written, failed);
    let events = stages.observer.events();
    let returned = outcome.unwrap_or_else(|panic| {
        if let Err(error) = &written {
            events.not_saved(error);
        }
        resume_unwind(panic)
    });
    match written {
        // The user's error comes first.
        Err(error) if failed => events.not_saved(&error),
        Err(error) => return on_error(error),
        Ok(()) if failed => completed.into_iter().for_each(|count| events.saved_so_far(count)),
        Ok(()) => completed.into_iter().for_each(|count| events.finished(count)),
    }
    returned
}
