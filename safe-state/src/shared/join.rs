//! Joins a job that many workers share: the worker has to agree with those before it, or it is refused.

use std::sync::Arc;

use safe_state_backends::{Checkpoint, Request, SharedJob};
use safe_state_base::exit;

use crate::control::requests::Source;
use crate::error::StopReason;
use crate::items::terms::OnChange;
use crate::job::in_array::{SUBMISSION, noted};
use crate::job::shared::SharedTerms;
use crate::{Error, Job};

/// The name under which the head notes how often the job was cancelled.
pub(crate) const CANCELLED: &str = "cancelled!";

/// A worker that has joined.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) job: SharedJob,
    /// The job's head.
    pub(crate) head: Checkpoint,
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
    let is_another = |head: &Checkpoint| {
        head.is_being_cleared()
            || head.is_finished() && submission.is_some() && head.noted(SUBMISSION) != submission
    };
    if stored.head()?.is_some_and(|head| is_another(&head)) {
        stored.clear_if(is_another)?;
    }
    let (cancelled, was_finished, began) = stored.change(|found| {
        let before = found.clone();
        let mut head = agreed(job, found, accepts)?;
        let mut cancelled = head.noted(CANCELLED).unwrap_or(0);
        if is_cancelled {
            // The workers under way end, even those that have not looked for requests yet.
            cancelled = cancelled.wrapping_add(1);
            head.note(CANCELLED, Some(cancelled));
        }
        let was_finished = head.is_finished();
        let is_new = before.as_ref() != Some(&head);
        Ok::<_, Error>((is_new.then(|| head.clone()), (cancelled, was_finished, head)))
    })?;
    if let Some(used_up @ (Request::Accept | Request::Cancel)) = requested {
        // If this fails, the next worker does the same once more.
        let _ = used_up.use_up(&source.backend, &source.job);
    }
    let asked = requested.filter(|asked| *asked == Request::Pause);
    let job = stored.of(&began);
    Ok(Joined { job, head: began, cancelled, accepts, asked, was_finished })
}

/// Returns the head to go on from, which agrees with the worker.
fn agreed(job: &Job, found: Option<Checkpoint>, accepts: bool) -> Result<Checkpoint, Error> {
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
        None => Checkpoint::new(job.job_name(), job.expected.version.clone()),
    };
    let notes = head.notes();
    head.set_code(job.expected.code);
    head.set_arguments(job.expected.arguments.iter().cloned());
    head.put_notes(notes);
    head.note(SUBMISSION, submission(job));
    job.note_keyed_loops(&mut head);
    Ok(head)
}

/// Returns the fingerprint of the worker's submission, as the head notes it.
fn submission(job: &Job) -> Option<u32> {
    noted(job.saves.shared.as_ref().and_then(SharedTerms::submission))
}

fn continued(job: &Job, mut head: Checkpoint, accepts: bool) -> Result<Checkpoint, Error> {
    let name = || job.job_name().to_owned();
    let notes = head.notes();
    let stored = head.set_version(job.expected.version.clone());
    if stored != job.expected.version && !accepts {
        let current = job.expected.version.clone();
        return Err(Error::VersionChanged { job: name(), stored, current });
    }
    let changed = head.set_arguments(job.expected.arguments.iter().cloned());
    if let Some(argument) = changed.filter(|_| !accepts) {
        return Err(Error::ArgumentChanged { job: name(), argument });
    }
    let is_changed = head.set_code(job.expected.code);
    if is_changed && !accepts && job.expected.on_code_change != OnChange::Continue {
        return Err(Error::CodeChanged { job: name() });
    }
    head.put_notes(notes);
    Ok(head)
}
