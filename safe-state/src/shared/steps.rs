//! `step!` in a job that many workers share: one worker does the step, and all use its value.

use std::fmt;
use std::time::Duration;

use safe_state_backends::format::Change;
use safe_state_backends::{Error as BackendError, Head, Lease, SharedJob};

use crate::Error;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The right of a worker to do a step.
pub(crate) struct Steps {
    job: SharedJob,
    /// The lease of the step under way, until its value is saved. A worker that dies loses the lease.
    lease: Option<Box<dyn Lease>>,
}

/// The answer of a look at a step.
pub(crate) enum StepTurn {
    /// The step is done; the head has its value.
    Done(Box<Head>),
    /// This worker has to do the step.
    Own(Box<dyn Lease>),
    /// Another worker does the step; look again after this time.
    Wait(Duration),
}

/// A step that the run has come to, and that another worker may do.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    job: SharedJob,
    step: String,
    stored_as: String,
    pause: Duration,
}

impl Steps {
    pub(crate) fn new(job: SharedJob) -> Self {
        Steps { job, lease: None }
    }

    /// Returns the step that the run has come to, whose value is stored under `stored_as`.
    pub(crate) fn reach(&self, step: &str, stored_as: String) -> Awaited {
        Awaited { job: self.job.clone(), step: step.to_owned(), stored_as, pause: FIRST_PAUSE }
    }

    /// Notes that this worker does the step, under `lease`.
    pub(crate) fn begin(&mut self, lease: Box<dyn Lease>) {
        self.lease = Some(lease);
    }

    /// Takes the lease of the step, to be dropped when the value is saved.
    pub(crate) fn end(&mut self) -> Option<Box<dyn Lease>> {
        self.lease.take()
    }
}

impl Awaited {
    /// Looks whether the step is done. If it is not, takes the right to do it, or finds that another worker has the
    /// right.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or the job was cleared.
    pub(crate) fn turn(&mut self) -> Result<StepTurn, Error> {
        if let Some(done) = self.job.head()?.and_then(|head| self.done(head)) {
            return Ok(StepTurn::Done(done));
        }
        match self.job.claim_step(&self.step) {
            Ok(mut lease) => {
                let cleared = || Error::Cleared { job: self.job.name().to_owned() };
                let head = self.job.head_by_step(&mut *lease)?.ok_or_else(cleared)?;
                Ok(match self.done(head) {
                    Some(done) => StepTurn::Done(done),
                    None => StepTurn::Own(lease),
                })
            }
            Err(BackendError::Held { .. }) => {
                let pause = self.pause;
                self.pause = (2 * pause).min(LONGEST_PAUSE);
                Ok(StepTurn::Wait(pause))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn done(&self, head: Head) -> Option<Box<Head>> {
        head.carried_value(&self.stored_as).is_some().then(|| Box::new(head))
    }
}

/// Saves the value of a step under the name `stored_as`. If another worker has saved a value meanwhile, returns the
/// head, whose value counts for all.
///
/// # Errors
///
/// The backend cannot be read or written, or the job was cleared.
pub(crate) fn save(
    job: &SharedJob,
    stored_as: &str,
    change: &Change,
) -> Result<Option<Box<Head>>, Error> {
    job.change(|head| {
        let Some(mut head) = head else {
            return Err(Error::Cleared { job: job.name().to_owned() });
        };
        if head.carried_value(stored_as).is_some() {
            return Ok((None, Some(Box::new(head))));
        }
        head.take_in(change.clone()).map_err(|reason| job.unwritable(reason))?;
        Ok((Some(head), None))
    })
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("is_own", &self.lease.is_some()).finish_non_exhaustive()
    }
}
