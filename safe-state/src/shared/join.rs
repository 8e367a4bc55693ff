//! Joins a job that many workers share: the worker has to agree with those before it, or it is refused.

use std::iter;
use std::sync::Arc;

use safe_state_backends::{Checkpoint, Head, Request, SharedJob};
use safe_state_base::exit;

use crate::control::requests::Source;
use crate::error::StopReason;
use crate::items::terms::OnChange;
use crate::job::by_hand::note_keyed_loops;
use crate::job::in_array::{SUBMISSION, noted};
use crate::job::shared::SharedTerms;
use crate::{Error, Job};

/// The name under which the head notes how often the job was cancelled.
pub(crate) const CANCELLED: &str = "cancelled!";
/// How many submissions of a job are remembered.
const SUBMISSIONS: usize = 16;

/// A worker that has joined.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) job: SharedJob,
    /// The job's head.
    pub(crate) head: Head,
    /// The number of times that the job had been cancelled.
    pub(crate) cancelled: u32,
    /// Whether the worker accepts other arguments, other code or another version.
    pub(crate) accepts: bool,
    /// The request to the job, if it is one to pause.
    pub(crate) asked: Option<Request>,
    pub(crate) was_finished: bool,
}

/// Joins the job as a worker.
///
/// # Errors
///
/// The job was abandoned, the worker differs from those before it, or the backend cannot be read or written.
pub(crate) fn join(job: &Job, source: &Source) -> Result<Joined, Error> {
    let stored = SharedJob::new(Arc::clone(&source.backend), &source.job, job.lease_options())?;
    let requested = source.look()?;
    if requested == Some(Request::Abandon) {
        let (job, reason) = (source.job.clone(), StopReason::Abandoned);
        return Err(exit::stopped(Error::Stopped { job, reason }));
    }
    let accepts = requested == Some(Request::Accept);
    let is_cancelled = requested == Some(Request::Cancel);
    let submission = submission(job);
    let is_another = |head: &Head| {
        head.is_being_cleared()
            || head.is_finished() && submission.is_some_and(|it| !has_taken_part(head, it))
    };
    let joining = |found: Option<Head>| {
        if found.as_ref().is_some_and(is_another) {
            return Ok((None, None));
        }
        let before = found.clone();
        let mut head = agreed(job, found, accepts)?;
        head.note_failure(None);
        let mut cancelled = head.noted(CANCELLED).unwrap_or(0);
        if is_cancelled {
            // The workers under way end, even those that have not looked for requests yet.
            cancelled = cancelled.wrapping_add(1);
            head.note(CANCELLED, Some(cancelled));
        }
        let was_finished = head.is_finished();
        let is_new = before.as_ref() != Some(&head);
        Ok::<_, Error>((is_new.then(|| head.clone()), Some((cancelled, was_finished, head))))
    };
    let (cancelled, was_finished, began) = loop {
        match stored.change(joining)? {
            Some(joined) => break joined,
            None => stored.clear_if(is_another)?,
        }
    };
    if let Some(used_up @ (Request::Accept | Request::Cancel)) = requested {
        // If this fails, the next worker does the same once more.
        let _ = used_up.use_up(&source.backend, &source.job);
    }
    let asked = requested.filter(|asked| *asked == Request::Pause);
    let job = stored.of(&began);
    Ok(Joined { job, head: began, cancelled, accepts, asked, was_finished })
}

/// Returns the head to go on from, which agrees with the worker.
fn agreed(job: &Job, found: Option<Head>, accepts: bool) -> Result<Head, Error> {
    let mut head = match found {
        Some(head)
            if head.has_progress() && !head.has_slices() && head.loops().next().is_some() =>
        {
            return Err(Error::WorkerDiffers {
                job: job.job_name().to_owned(),
                found: "`shared`".to_owned(),
                stored: "a run that shares nothing".to_owned(),
            });
        }
        Some(head) => continued(job, head, accepts)?,
        None => {
            let version = job.expected.version.clone();
            Head::from(Checkpoint::new(job.job_name(), version))
        }
    };
    let notes = head.notes();
    head.set_code(job.expected.code.fingerprint);
    let arguments = job.expected.arguments.beside(job.job_name(), &head);
    head.set_arguments(arguments);
    job.expected.arguments.note_lent(job.job_name());
    head.put_notes(notes);
    if let Some(submission) = submission(job) {
        takes_part(&mut head, submission);
    }
    note_keyed_loops(job, &mut head);
    Ok(head)
}

/// Under what names the head has the submissions whose workers have joined, from the one that came last.
fn names_of_submissions() -> impl Iterator<Item = String> {
    let earlier = (1..SUBMISSIONS).map(|at| format!("{SUBMISSION}{at}"));
    iter::once(SUBMISSION.to_owned()).chain(earlier)
}

fn has_taken_part(head: &Head, submission: u32) -> bool {
    names_of_submissions().any(|name| head.noted(&name) == Some(submission))
}

/// Notes that a worker of the submission has joined. Of too many, the one that came first is forgotten.
fn takes_part(head: &mut Head, submission: u32) {
    if has_taken_part(head, submission) {
        return;
    }
    let before: Vec<u32> = names_of_submissions().filter_map(|name| head.noted(&name)).collect();
    for (name, noted) in names_of_submissions().zip(iter::once(submission).chain(before)) {
        head.forget_note(&name);
        head.note(&name, Some(noted));
    }
}

/// Returns the fingerprint of the worker's submission, as the head notes it.
fn submission(job: &Job) -> Option<u32> {
    noted(job.saves.shared.as_ref().and_then(SharedTerms::submission))
}

fn continued(job: &Job, mut head: Head, accepts: bool) -> Result<Head, Error> {
    let name = || job.job_name().to_owned();
    let notes = head.notes();
    let stored = head.set_version(job.expected.version.clone());
    if stored != job.expected.version && !accepts {
        let current = job.expected.version.clone();
        return Err(Error::VersionChanged { job: name(), stored, current });
    }
    let arguments = job.expected.arguments.beside(job.job_name(), &head);
    let changed = head.set_arguments(arguments);
    if let Some(argument) = changed.filter(|_| !accepts) {
        return Err(Error::ArgumentChanged { job: name(), argument });
    }
    let is_changed = head.set_code(job.expected.code.fingerprint);
    if is_changed && !accepts && job.expected.code.on_change != OnChange::Continue {
        return Err(Error::CodeChanged { job: name() });
    }
    head.put_notes(notes);
    Ok(head)
}
