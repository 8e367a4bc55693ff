//! The removal of checkpoints that finished jobs have kept.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use safe_state_backends::{Backend, Checkpoint, Error as BackendError, LeaseOptions};

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
        if !Checkpoint::load(&**backend, &job).is_ok_and(|it| it.as_ref().is_some_and(is_over)) {
            continue;
        }
        let mut lease = match Arc::clone(backend).lease(&job, LeaseOptions::default()) {
            Err(BackendError::Held { .. } | BackendError::OutOfReach { .. }) => continue,
            other => other?,
        };
        // A run may have come and gone since the first look.
        if Checkpoint::load_held(&mut *lease, &**backend, &job)?.as_ref().is_some_and(is_over) {
            lease.delete()?;
            cleared.push(job);
        }
    }
    Ok(cleared)
}
