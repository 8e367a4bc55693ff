//! A look at one job, which may begin, go on and end meanwhile.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use safe_state_backends::{
    Backend, BegunSlice, Checkpoint, Error, Holder, Request, begun_slices, whole,
};

/// The most repeated looks at a job that changes meanwhile.
const LOOKS: usize = 5;

/// The number of jobs for each thread at least. For fewer, another thread is not worth it.
const FEW: usize = 64;
/// The most threads. More would only wait for the file system.
const MOST_THREADS: usize = 8;

/// The stored state of a job, and who runs it.
#[derive(Clone, Debug)]
pub struct Look {
    /// The checkpoint. For a shared job, it contains what all workers have done.
    pub checkpoint: Checkpoint,
    /// The process that runs the job.
    pub run: Run,
    /// The request that was made of the job's runs, and the reason.
    pub asked: Option<(Request, Option<String>)>,
    /// The slices of a shared job that have begun and are not finished.
    pub begun: Vec<BegunSlice>,
}

/// The answer to whether a job is under way.
#[derive(Clone, Debug)]
pub enum Run {
    /// The job is under way, in this process.
    By(Holder),
    /// The job is not under way.
    None,
    /// The answer is unknown: the backend can't tell.
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
    /// Looks at a job. Returns `None` if it has no checkpoint.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of the job.
    pub fn at(backend: &dyn Backend, job: &str) -> Result<Option<Look>, Error> {
        let mut looked = Look::once(backend, job)?;
        for _ in 0..LOOKS {
            // A run may have ended or begun between reading the holder and the checkpoint. A checkpoint that does not change
            // has no run.
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

    /// Looks at each of the jobs, and returns what `told` makes of it, in their order. Jobs in files are read in parallel.
    ///
    /// # Panics
    ///
    /// Panics if `told` does.
    pub fn at_each<T: Send>(
        backend: &dyn Backend,
        jobs: &[String],
        told: impl Fn(&str, Result<Option<Look>, Error>) -> T + Sync,
    ) -> Vec<T> {
        let look = |jobs: &[String]| -> Vec<T> {
            jobs.iter().map(|job| told(job, Look::at(backend, job))).collect()
        };
        let are_files = jobs.first().is_some_and(|job| backend.path(job).is_some());
        let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let part = jobs.len().div_ceil(cores).max(FEW);
        if !are_files || part >= jobs.len() {
            return look(jobs);
        }
        thread::scope(|scope| {
            let look = &look;
            let parts: Vec<_> = jobs
                .chunks(part)
                .map(|part| (part, thread::Builder::new().spawn_scoped(scope, move || look(part))))
                .collect();
            let looked = parts.into_iter().map(|(part, thread)| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // The system may have no more threads.
                Err(_) => look(part),
            });
            looked.flatten().collect()
        })
    }

    fn once(backend: &dyn Backend, job: &str) -> Result<Option<Look>, Error> {
        let run = Run::of(backend, job)?;
        let checkpoint = Checkpoint::load(backend, job)?;
        let Some(mut checkpoint) = checkpoint else { return Ok(None) };
        let (mut run, mut begun) = (run, Vec::new());
        if checkpoint.has_slices() {
            begun = begun_slices(backend, job, &checkpoint)?;
            // Of the workers of a shared job, the first one found counts as the holder.
            if let Some(worker) = begun.iter().find_map(|slice| slice.holder.clone()) {
                run = Run::By(worker);
            }
            checkpoint = whole(checkpoint, &begun);
        }
        let asked = Request::load_with_reason(backend, job)?;
        Ok(Some(Look { checkpoint, run, asked, begun }))
    }

    /// Returns the request that was made of the job's runs.
    pub fn request(&self) -> Option<Request> {
        self.asked.as_ref().map(|(request, _)| *request)
    }

    fn is_as(&self, before: &Look) -> bool {
        let state = |look: &Look| (look.checkpoint.run_count(), look.checkpoint.updated_at());
        matches!(self.run, Run::None) && state(self) == state(before)
    }
}
