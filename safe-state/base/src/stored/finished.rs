//! The removal of checkpoints that finished jobs have kept.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use safe_state_backends::{Backend, Checkpoint, Error as BackendError, LeaseOptions, SharedJob};

use crate::Error;

/// Removes the checkpoints of jobs that have finished, have no dead letters, and were saved last `older_than` ago or earlier.
/// Returns their names. Leaves jobs alone that run, or can't be read.
///
/// # Errors
///
/// The backend cannot list its jobs, or cannot be written.
pub fn clear_finished(
    backend: &Arc<dyn Backend>,
    older_than: Duration,
) -> Result<Vec<String>, Error> {
    let until = SystemTime::now().checked_sub(older_than);
    let is_over = |it: &Checkpoint| {
        let is_old = until.is_some_and(|until| it.updated_at() <= until);
        it.is_finished() && it.dead_letters().is_empty() && is_old
    };
    let mut cleared = Vec::new();
    for job in backend.list()? {
        let found = Checkpoint::load(&**backend, &job).ok().flatten();
        let Some(found) = found.filter(is_over) else { continue };
        if found.has_slices() {
            if cleared_with_slices(backend, &job, is_over)? {
                cleared.push(job);
            }
            continue;
        }
        let mut lease = match Arc::clone(backend).lease(&job, LeaseOptions::default()) {
            Err(BackendError::Held { .. } | BackendError::OutOfReach { .. }) => continue,
            other => other?,
        };
        // A run may have come and gone since the first look.
        let found = Checkpoint::load_held(&mut *lease, &**backend, &job)?;
        if found.is_some_and(|it| is_over(&it) && !it.has_slices()) {
            lease.delete()?;
            cleared.push(job);
        }
    }
    Ok(cleared)
}

/// Removes what is stored of a job that many workers share, if it is over and none of them has a slice. Returns whether it did.
fn cleared_with_slices(
    backend: &Arc<dyn Backend>,
    job: &str,
    is_over: impl Fn(&Checkpoint) -> bool,
) -> Result<bool, Error> {
    let mut was_over = false;
    let shared = SharedJob::new(Arc::clone(backend), job, LeaseOptions::default())?;
    let cleared = shared.clear_if(|head| {
        was_over = is_over(head);
        was_over
    });
    match cleared {
        Err(BackendError::Held { .. } | BackendError::OutOfReach { .. }) => Ok(false),
        other => Ok(other.map(|()| was_over)?),
    }
}
