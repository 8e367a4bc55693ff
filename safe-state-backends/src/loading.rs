//! Loads checkpoints, and keeps the runs of finished jobs.

use crate::format::{Change, FormatError};
use crate::limits::RUN_LIMIT;
use crate::name::RESERVED;
use crate::{Backend, Checkpoint, Error, Lease};

impl Checkpoint {
    /// Loads the checkpoint of `job` from `backend`; `None` if it has none. Takes no lease, and works while the job runs.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is not a checkpoint of this job.
    pub fn load(backend: &dyn Backend, job: &str) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::read(backend, job, backend.load(job)?)
    }

    /// Loads the checkpoint of `job` through its lease: the newest, even where copies of the store lag behind.
    ///
    /// # Errors
    ///
    /// The same errors as [`load`](Self::load); or the lease is no longer held.
    pub fn load_held(
        lease: &mut dyn Lease,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::read(backend, job, lease.load(backend, job)?)
    }

    /// Loads the checkpoint of `job` through the lease of another job, and so never from a copy that lags behind.
    pub(crate) fn load_current(
        lease: &mut dyn Lease,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::read(backend, job, lease.load_current(backend, job)?)
    }

    /// Loads the kept runs of a finished job, as a checkpoint with nothing else in it; `None` if none were kept.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is not the history of this job.
    pub fn load_history(backend: &dyn Backend, job: &str) -> Result<Option<Self>, Error> {
        Checkpoint::read(backend, job, backend.load(&history_of(job))?)
    }

    /// Saves the last `last` runs of the job, which has finished with `change` and is about to be removed.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn save_history(
        &self,
        change: Option<Change>,
        backend: &dyn Backend,
        last: u32,
    ) -> Result<(), Error> {
        let mut finished = self.clone();
        if let Some(change) = change {
            let applied = finished.apply(change.into());
            applied
                .map_err(|it| Error::unwritable(backend, &self.job, FormatError::TooMany(it)))?;
        }
        let mut kept = Checkpoint::by_hand(self.job.clone());
        (kept.run_count, kept.started_at) = (self.run_count, self.started_at);
        let last = usize::try_from(last).unwrap_or(RUN_LIMIT);
        kept.history = finished.history.last(last);
        kept.timings = finished.timings;
        kept.finish();
        let bytes = kept.encode().map_err(|it| Error::unwritable(backend, &self.job, it))?;
        backend.save(&history_of(&self.job), &bytes)
    }

    fn read(
        backend: &dyn Backend,
        job: &str,
        stored: Option<Vec<u8>>,
    ) -> Result<Option<Checkpoint>, Error> {
        let Some(bytes) = stored else { return Ok(None) };
        let checkpoint =
            Checkpoint::decode(&bytes).map_err(|source| Error::unreadable(backend, job, source))?;
        if checkpoint.job == job {
            return Ok(Some(checkpoint));
        }
        Err(Error::other_job(backend, job, checkpoint.job))
    }
}

fn history_of(job: &str) -> String {
    format!("{RESERVED}history/{job}")
}
