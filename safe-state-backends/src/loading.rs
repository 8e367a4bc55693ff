//! Loads checkpoints, and keeps the runs of finished jobs.

use crate::checkpoint::apply::apply;
use crate::checkpoint::{by_hand, run};
use crate::format::{self, Change, FormatError};
use crate::limits::RUN_LIMIT;
use crate::name::RESERVED;
use crate::{Backend, Checkpoint, Error, Lease};

/// Loads the checkpoint of `job` from `backend`; `None` if it has none.
pub(crate) fn load(backend: &dyn Backend, job: &str) -> Result<Option<Checkpoint>, Error> {
    read(backend, job, backend.load(job)?)
}

/// Loads the checkpoint of `job` through its lease: the newest, even where copies of the store lag behind.
pub(crate) fn load_held(
    lease: &mut dyn Lease,
    backend: &dyn Backend,
    job: &str,
) -> Result<Option<Checkpoint>, Error> {
    read(backend, job, lease.load(backend, job)?)
}

/// Loads the checkpoint of `job` through the lease of another job, and so never from a copy that lags behind.
pub(crate) fn load_current(
    lease: &mut dyn Lease,
    backend: &dyn Backend,
    job: &str,
) -> Result<Option<Checkpoint>, Error> {
    read(backend, job, lease.load_current(backend, job)?)
}

/// Loads the kept runs of a finished job, as a checkpoint with nothing else in it; `None` if none were kept.
pub(crate) fn load_history(backend: &dyn Backend, job: &str) -> Result<Option<Checkpoint>, Error> {
    read(backend, job, backend.load(&history_of(job))?)
}

/// Saves the last `last` runs of a job that has finished with `change` and is about to be removed.
pub(crate) fn save_history(
    checkpoint: &Checkpoint,
    change: Option<Change>,
    backend: &dyn Backend,
    last: u32,
) -> Result<(), Error> {
    let unwritable = |reason| Error::unwritable(backend, &checkpoint.job, reason);
    let mut finished = checkpoint.clone();
    if let Some(change) = change {
        let applied = apply(&mut finished, change.into());
        applied.map_err(|it| unwritable(FormatError::TooMany(it)))?;
    }
    let mut kept = by_hand::not_begun(&*checkpoint.job);
    (kept.run_count, kept.started_at) = (checkpoint.run_count, checkpoint.started_at);
    let last = usize::try_from(last).unwrap_or(RUN_LIMIT);
    kept.history = finished.history.last(last);
    kept.timings = finished.timings;
    run::finish(&mut kept);
    let bytes = format::encode(&kept).map_err(unwritable)?;
    backend.save(&history_of(&checkpoint.job), &bytes)
}

fn read(
    backend: &dyn Backend,
    job: &str,
    stored: Option<Vec<u8>>,
) -> Result<Option<Checkpoint>, Error> {
    let Some(bytes) = stored else { return Ok(None) };
    let checkpoint =
        format::decode(&bytes).map_err(|source| Error::unreadable(backend, job, source))?;
    if checkpoint.job == job {
        return Ok(Some(checkpoint));
    }
    Err(Error::other_job(backend, job, checkpoint.job))
}

fn history_of(job: &str) -> String {
    format!("{RESERVED}history/{job}")
}
