//! A look at one job while it may begin, go on and end.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use safe_state_backends::{
    Backend, BegunSlice, Checkpoint, Error, Holder, Request, begun_slices, whole,
};

/// How often one looks again at a job that changes under one's eyes.
const LOOKS: usize = 5;

/// For fewer jobs than that, a thread is not worth it.
const FEW: usize = 64;
/// More threads wait for the file system.
const MOST_THREADS: usize = 8;

/// What is stored of a job, and who runs it.
#[derive(Clone, Debug)]
pub struct Look {
    /// What is stored of it.
    pub checkpoint: Checkpoint,
    /// Who runs it.
    pub run: Run,
    /// What was asked of its runs, and why.
    pub asked: Option<(Request, Option<String>)>,
    /// Slices that have begun and are not finished, of a job that many workers share.
    pub begun: Vec<BegunSlice>,
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

    /// Looks at jobs, and returns what `told` makes of each, in their order. Those in files are looked at side by side.
    ///
    /// # Panics
    ///
    /// If `told` does.
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
                // There may be no thread more.
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
            // Of workers that share it, the first is told.
            if let Some(worker) = begun.iter().find_map(|slice| slice.holder.clone()) {
                run = Run::By(worker);
            }
            checkpoint = whole(checkpoint, &begun);
        }
        let asked = Request::load_with_reason(backend, job)?;
        Ok(Some(Look { checkpoint, run, asked, begun }))
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
