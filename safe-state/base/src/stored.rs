//! Operations on the stored state of a job that is not running.

mod by_hand;
mod finished;
mod moving;

use std::sync::Arc;

use safe_state_backends::{
    Backend, Checkpoint, LeaseOptions, SharedJob, Store, begun_slices, whole,
};

use crate::Error;

pub use by_hand::{change, key_of_text};
pub use finished::clear_finished;
pub use moving::{rename, renamed};

/// Puts the dead letters of a job back, in one save, so that its next run does their items. Returns how many there are.
///
/// # Errors
///
/// [`Error::DeadLetterNotRetryable`] if one of them can't be put back, and then nothing changes; the job is running; or the
/// backend cannot be read or written.
pub fn retry_dead_letters(
    backend: Arc<dyn Backend>,
    job: &str,
    options: LeaseOptions,
) -> Result<usize, Error> {
    if !backend.exists(job)? {
        return Ok(0);
    }
    let not_retryable =
        |(index, reason)| Error::DeadLetterNotRetryable { job: job.to_owned(), index, reason };
    if let Some((shared, _)) = shared(&backend, job, options)? {
        return shared.put_back_dead_letters()?.map_err(not_retryable);
    }
    let opening = Store::open(backend, job, options)?;
    let Some(mut checkpoint) = opening.found().cloned() else { return Ok(0) };
    let put_back = checkpoint.put_back_dead_letters();
    let put_back = put_back.map_err(not_retryable)?;
    if put_back > 0 {
        opening.begin(checkpoint)?;
    }
    Ok(put_back)
}

/// Removes what is stored of a job, so that its next run starts over. Does nothing if nothing is stored.
///
/// # Errors
///
/// The job is running, or the backend cannot be written.
pub fn clear(backend: Arc<dyn Backend>, job: &str, options: LeaseOptions) -> Result<(), Error> {
    if let Ok(Some((shared, _))) = shared(&backend, job, options) {
        return Ok(shared.clear()?);
    }
    if backend.exists(job)? {
        backend.lease(job, options)?.delete()?;
    }
    Ok(())
}

/// Returns the checkpoint of a job, even while it runs. For a job that many workers share, it contains what all workers have
/// done.
///
/// # Errors
///
/// The backend cannot be read, or what it holds is no checkpoint of this job.
pub fn peek(backend: &dyn Backend, job: &str) -> Result<Option<Checkpoint>, Error> {
    match Checkpoint::load(backend, job)? {
        Some(head) if head.has_slices() => {
            let begun = begun_slices(backend, job, &head)?;
            Ok(Some(whole(head, &begun)))
        }
        stored => Ok(stored),
    }
}

/// Returns the job and its head, if many workers share it.
fn shared(
    backend: &Arc<dyn Backend>,
    job: &str,
    options: LeaseOptions,
) -> Result<Option<(SharedJob, Checkpoint)>, Error> {
    let head = Checkpoint::load(&**backend, job)?.filter(Checkpoint::has_slices);
    let Some(head) = head else { return Ok(None) };
    Ok(Some((SharedJob::new(Arc::clone(backend), job, options)?, head)))
}
