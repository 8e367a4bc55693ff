//! A look at one job while it may begin, go on and end.

use safe_state_backends::{Backend, Checkpoint, Error, Holder, Request, whole, workers};

/// How often one looks again at a job that changes under one's eyes.
const LOOKS: usize = 5;

/// What is stored of a job, and who runs it.
#[derive(Clone, Debug)]
pub struct Look {
    /// What is stored of it.
    pub checkpoint: Checkpoint,
    /// Who runs it.
    pub run: Run,
    /// What was asked of its runs, and why.
    pub asked: Option<(Request, Option<String>)>,
}

/// Whether a job is under way.
#[derive(Clone, Debug)]
pub enum Run {
    /// It is, by that process.
    By(Holder),
    /// It is not.
    None,
    /// The backend can't tell.
    Unknown,
}

impl Run {
    /// Returns whether a job is under way.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn of(backend: &dyn Backend, job: &str) -> Result<Run, Error> {
        match backend.holder(job) {
            Ok(Some(holder)) => Ok(Run::By(holder)),
            Ok(None) => Ok(Run::None),
            Err(Error::Unsupported(_)) => Ok(Run::Unknown),
            Err(error) => Err(error),
        }
    }
}

impl Look {
    /// Looks at a job. `None` if it has no checkpoint.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of the job.
    pub fn at(backend: &dyn Backend, job: &str) -> Result<Option<Look>, Error> {
        let mut looked = Look::once(backend, job)?;
        for _ in 0..LOOKS {
            // A run may have ended between the two looks, or begun: what stands still is no run.
            let Some(look) = &looked else { break };
            if !look.checkpoint.is_open() || !matches!(look.run, Run::None) {
                break;
            }
            let again = Look::once(backend, job)?;
            let is_same = again.as_ref().is_some_and(|again| again.is_as(look));
            looked = again;
            if is_same {
                break;
            }
        }
        Ok(looked)
    }

    fn once(backend: &dyn Backend, job: &str) -> Result<Option<Look>, Error> {
        let run = Run::of(backend, job)?;
        let checkpoint = Checkpoint::load(backend, job)?;
        let Some(mut checkpoint) = checkpoint else { return Ok(None) };
        let mut run = run;
        if checkpoint.has_slices() {
            // Of workers that share it, the first is told.
            if let Ok(workers) = workers(backend, job, &checkpoint)
                && let Some((.., worker)) = workers.into_iter().next()
            {
                run = Run::By(worker);
            }
            checkpoint = whole(backend, job, checkpoint)?;
        }
        let asked = Request::load_with_reason(backend, job)?;
        Ok(Some(Look { checkpoint, run, asked }))
    }

    /// What was asked of the job's runs.
    pub fn request(&self) -> Option<Request> {
        self.asked.as_ref().map(|(request, _)| *request)
    }

    fn is_as(&self, before: &Look) -> bool {
        let state = |look: &Look| (look.checkpoint.run_count(), look.checkpoint.updated_at());
        matches!(self.run, Run::None) && state(self) == state(before)
    }
}
