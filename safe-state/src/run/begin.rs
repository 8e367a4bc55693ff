//! The begin of a run: decides whether and how the run continues what is stored.

use std::sync::Arc;

use safe_state_backends::{Backend, Checkpoint, Request, Store};
use safe_state_base::exit;

use super::begun::Begun;
use super::{places, replay};
use crate::control::{Replay, limits};
use crate::error::StopReason;
use crate::items::terms::OnChange;
use crate::job::by_hand::note_keyed_loops;
use crate::job::in_array::{self, SUBMISSION};
use crate::job::older;
use crate::observe::events::Events;
use crate::{Error, Job};

/// The name of the note of the function that a job is of. No argument can have that name.
const FUNCTION: &str = "function!";

/// Takes the lease, loads and verifies what is stored, and saves that a run has begun.
pub(crate) fn begin(job: &Job) -> Result<Begun, Error> {
    if let Some(index) = replay::asked(job)? {
        return replay::begin(job, index);
    }
    exit::begins(job.job_name());
    places::check(job)?;
    let source = job.requests()?;
    let opening = Store::open(Arc::clone(&source.backend), &source.job, job.lease_options())?;
    // What is asked later counts between the items.
    let asked = source.look()?;
    if asked == Some(Request::Abandon) {
        return Err(exit::stopped(Error::Stopped {
            job: source.job,
            reason: StopReason::Abandoned,
        }));
    }
    let found = opening.found().filter(|found| !starts_over(job, found));
    let was_finished = found.is_some_and(Checkpoint::is_finished);
    let has_crashed = found.is_some_and(Checkpoint::is_open);
    let saved_at = found.map(Checkpoint::updated_at);
    let kept_for = in_array::kept_for(job, found);
    let accepts = asked == Some(Request::Accept);
    let checkpoint = match found {
        Some(found) => continued(job, found.clone(), accepts)?,
        None => None,
    };
    if opening.found().is_none()
        && let Some(older) = older::beside(job)
    {
        Events::new(job.job_name(), job.shown.verbose).begins_beside(&older);
    }
    let mut checkpoint = match checkpoint {
        Some(checkpoint) => checkpoint,
        None => new(job, &*source.backend)?,
    };
    checkpoint.set_code(job.expected.code.fingerprint);
    let arguments = job.expected.arguments.beside(job.job_name(), &checkpoint);
    checkpoint.set_arguments(arguments);
    job.expected.arguments.note_lent(job.job_name());
    checkpoint.note(SUBMISSION, kept_for);
    checkpoint.note(FUNCTION, job.expected.code.function_mark());
    note_keyed_loops(job, &mut checkpoint);
    if was_finished && kept_for.is_some() {
        Events::new(job.job_name(), job.shown.verbose).done_by_a_task();
    }
    let (asked, replay) = (source.begin(asked), Replay::No);
    let store = opening.begin(checkpoint)?;
    if accepts {
        // If this fails, the next run accepts the same change once more.
        let _ = source.has_accepted();
    }
    Ok(Begun { store, was_finished, has_crashed, accepts, source, asked, replay, saved_at })
}

/// Returns the checkpoint of a job that starts over, with the history of its earlier runs if the job keeps one.
fn new(job: &Job, backend: &dyn Backend) -> Result<Checkpoint, Error> {
    let mut new = Checkpoint::new(job.job_name(), job.expected.version.clone());
    if job.saves.kept.history > 0
        && let Some(kept) = Checkpoint::load_history(backend, job.job_name())?
    {
        new.remember(&kept);
    }
    Ok(new)
}

/// Returns whether the run ignores the stored checkpoint `found` and starts over.
fn starts_over(job: &Job, found: &Checkpoint) -> bool {
    let age = || found.first_finished_at().and_then(|finished| finished.elapsed().ok());
    let is_expired = |after| age().is_some_and(|age| age > after);
    let may_expire = found.is_finished() && found.dead_letters().is_empty();
    job.expected.runs.restart
        || in_array::was_kept_for_others(job, found)
        || (may_expire && job.saves.kept.expires_after.is_some_and(is_expired))
}

/// Returns the checkpoint to go on from, or `None` to start over.
fn continued(
    job: &Job,
    mut checkpoint: Checkpoint,
    accepts: bool,
) -> Result<Option<Checkpoint>, Error> {
    let events = Events::new(job.job_name(), job.shown.verbose);
    let name = || job.job_name().to_owned();
    check_runs(job, &checkpoint, accepts)?;
    let is_by_hand = checkpoint.is_by_hand();
    let stored = checkpoint.set_version(job.expected.version.clone());
    let is_other = stored != job.expected.version;
    let is_migrated = is_other
        && job.expected.migrations.apply(job.job_name(), stored.as_deref(), &mut checkpoint)?;
    if is_migrated {
        events.migrated(stored.as_deref());
    } else if is_other && !is_by_hand {
        if !accepts {
            let current = job.expected.version.clone();
            return Err(Error::VersionChanged { job: name(), stored, current });
        }
        events.accepted("another version");
    }
    let began = checkpoint.noted(FUNCTION);
    let is_changed = checkpoint.set_code(job.expected.code.fingerprint);
    // A function that was renamed has other code, which is told below.
    if !is_migrated && !is_changed && is_of_another_function(job, began) {
        if !checkpoint.has_progress() {
            return Ok(None);
        }
        if !accepts {
            let function = job.expected.code.function.clone().unwrap_or_default();
            return Err(Error::OtherFunction { job: name(), function });
        }
        events.accepted("another function");
    }
    let arguments = job.expected.arguments.beside(job.job_name(), &checkpoint);
    if let Some(argument) = checkpoint.set_arguments(arguments) {
        // Without progress, nothing of the argument's old value has to be kept.
        if !checkpoint.has_progress() {
            return Ok(None);
        }
        if !accepts {
            return Err(Error::ArgumentChanged { job: name(), argument });
        }
        events.accepted(&format!("another value of `{argument}`"));
    }
    if accepts {
        checkpoint.forget_marks();
        events.accepted("any input");
    }
    // A value that stayed would be restored with later progress if the variable were carried again.
    let forgotten = checkpoint.forget_carried(|name| has_forgotten(job, name));
    // A job that has migrated its values is expected to have other code.
    let is_other_code = !is_migrated && (is_changed || !forgotten.is_empty());
    if is_other_code && !goes_on(job, &events, (accepts, is_changed), &forgotten)? {
        return Ok(None);
    }
    checkpoint.begin_run(limits::died_of());
    Ok(Some(checkpoint))
}

/// Returns whether a job with other code goes on, or else starts over.
fn goes_on(
    job: &Job,
    events: &Events,
    (accepts, is_changed): (bool, bool),
    forgotten: &[String],
) -> Result<bool, Error> {
    match job.expected.code.on_change {
        OnChange::Fail if accepts => events.accepted("other code"),
        OnChange::Fail => return Err(Error::CodeChanged { job: job.job_name().to_owned() }),
        OnChange::Restart => return Ok(false),
        OnChange::Continue => say_changed(events, is_changed, forgotten),
    }
    Ok(true)
}

fn check_runs(job: &Job, checkpoint: &Checkpoint, accepts: bool) -> Result<(), Error> {
    let runs = checkpoint.runs_unfinished();
    if !accepts && job.expected.runs.max.is_some_and(|max| runs >= max) {
        return Err(Error::TooManyRuns { job: job.job_name().to_owned(), runs });
    }
    Ok(())
}

/// Returns whether the function `began`, by its mark, is another one than the job's.
fn is_of_another_function(job: &Job, began: Option<u32>) -> bool {
    began.zip(job.expected.code.function_mark()).is_some_and(|(began, now)| began != now)
}

fn say_changed(events: &Events, is_changed: bool, forgotten: &[String]) {
    if is_changed {
        events.code_changed();
    }
    for variable in forgotten {
        events.no_longer_carried(variable);
    }
}

/// Returns whether the code no longer carries the variable `name`.
fn has_forgotten(job: &Job, name: &str) -> bool {
    job.expected.carries.is_some_and(|carried| !carried.contains(&name))
}
