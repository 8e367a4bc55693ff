//! What can be done with what is stored of a job that is not running.

mod by_hand;
mod finished;
mod moving;

use std::sync::Arc;

use safe_state_backends::{Backend, LeaseOptions, Store};

use crate::Error;

pub use by_hand::{change, key_of_text};
pub use finished::clear_finished;
pub use moving::{rename, renamed};

/// Puts the dead letters of a job back, in one save, and returns how many there are: its next run does their items.
///
/// # Errors
///
/// [`Error::DeadLetterNotRetryable`] if that can't be done for each of them, and then nothing changes; the job is
/// running; or the backend cannot be read or written.
pub fn retry_dead_letters(
    backend: Arc<dyn Backend>,
    job: &str,
    options: LeaseOptions,
) -> Result<usize, Error> {
    if !backend.exists(job)? {
        return Ok(0);
    }
    let opening = Store::open(backend, job, options)?;
    let Some(mut checkpoint) = opening.found().cloned() else { return Ok(0) };
    let put_back = checkpoint.put_back_dead_letters();
    let put_back = put_back.map_err(|(index, reason)| Error::DeadLetterNotRetryable {
        job: job.to_owned(),
        index,
        reason,
    })?;
    if put_back > 0 {
        opening.begin(checkpoint)?;
    }
    Ok(put_back)
}

/// Removes what is stored of a job, so that its next run starts over. Does nothing if there is nothing.
///
/// # Errors
///
/// The job is running, or the backend cannot be written.
pub fn clear(backend: Arc<dyn Backend>, job: &str, options: LeaseOptions) -> Result<(), Error> {
    if backend.exists(job)? {
        backend.lease(job, options)?.delete()?;
    }
    Ok(())
}
