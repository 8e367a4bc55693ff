//! Waits for the lease while another run holds it.

use std::time::{Duration, Instant};

use safe_state_backends::{Error as BackendError, Request};
use safe_state_base::engine::ArrayTask;
use safe_state_base::exit;

use super::begin::begin;
use super::begun::{Begun, Unclaimed};
use crate::control::requests::Source;
use crate::error::StopReason;
use crate::job::in_array::task_of_many;
use crate::observe::events::Events;
use crate::observe::service::waits_to_begin;
use crate::save::thread::Worker;
use crate::{Error, Job};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A run that tries to take its job's lease, and can be cancelled while it waits.
pub(crate) struct Waiting {
    job: Job,
    /// The array's task that this process is, if all tasks of the array do the job.
    task: Option<ArrayTask>,
    patience: Duration,
    began: Instant,
    pause: Duration,
    /// The place of requests, once the run had to wait.
    source: Option<Source>,
    /// Whether the run has seen the job without a request to cancel. A later request is meant for the waiting run, too.
    is_cancellable: bool,
}

/// The result of one attempt to begin.
pub(crate) enum Turn<B> {
    Begun(B),
    /// Another attempt is to follow, after this time.
    Again(Duration),
}

impl Waiting {
    pub(crate) fn new(job: &Job) -> Self {
        let task = task_of_many(job);
        if let Some(task) = &task {
            Events::new(job.job_name(), job.shown.verbose).done_by_each_task(task);
        }
        Waiting {
            task,
            job: job.clone().wait(Duration::ZERO),
            patience: job.patience(),
            began: Instant::now(),
            pause: FIRST_PAUSE,
            source: None,
            is_cancellable: false,
        }
    }

    /// Begins the run, and waits for the lease as long as the job allows.
    ///
    /// # Errors
    ///
    /// The lease was held for too long, the job was cancelled, or the run cannot begin at all.
    pub(crate) fn begin(mut self) -> Result<Begun, Error> {
        loop {
            match self.attempt()? {
                Turn::Begun(begun) => return Ok(begun),
                Turn::Again(pause) => std::thread::sleep(pause),
            }
        }
    }

    /// Tries once to begin the run.
    ///
    /// # Errors
    ///
    /// The lease was held for too long, the job was cancelled, or the run cannot begin at all.
    pub(crate) fn attempt(&mut self) -> Result<Turn<Begun>, Error> {
        let refused = match begin(&self.job) {
            Err(refused @ Error::Backend(BackendError::Held { .. })) => refused,
            done => return done.map(Turn::Begun),
        };
        let left = self.patience.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return Err(self.refusal(refused));
        }
        self.check_cancelled()?;
        waits_to_begin(self.job.job_name());
        let pause = self.pause.min(left);
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
        Ok(Turn::Again(pause))
    }

    fn refusal(&self, refused: Error) -> Error {
        match (&self.task, refused) {
            (Some(task), Error::Backend(held)) => {
                Error::HeldInArray { advice: task.advice(), source: held }
            }
            (_, refused) => refused,
        }
    }

    /// Returns an error if the job was cancelled while the run waits. The run under way, and not this one, uses the
    /// request up.
    fn check_cancelled(&mut self) -> Result<(), Error> {
        let source = match self.source.take() {
            Some(source) => source,
            None => self.job.requests()?,
        };
        // If the backend cannot be read, the next attempt at the lease returns the reason.
        let asked = source.look();
        self.source = Some(source);
        let Ok(asked) = asked else { return Ok(()) };
        let is_cancelled = asked == Some(Request::Cancel);
        if is_cancelled && self.is_cancellable {
            let (job, reason) = (self.job.job_name().to_owned(), StopReason::Cancelled);
            return Err(exit::stopped(Error::Stopped { job, reason }));
        }
        self.is_cancellable |= !is_cancelled;
        Ok(())
    }
}

impl<B> Turn<B> {
    pub(crate) fn map<C>(self, claim: impl FnOnce(B) -> C) -> Turn<C> {
        match self {
            Turn::Begun(begun) => Turn::Begun(claim(begun)),
            Turn::Again(pause) => Turn::Again(pause),
        }
    }
}

/// Waits for the lease in turns on the thread of `worker`. A future that is dropped meanwhile waits for one turn to
/// end.
pub(super) async fn begin_async(worker: &Worker, job: &Job) -> Result<Begun, Error> {
    let mut waiting = Waiting::new(&job.for_another_thread());
    loop {
        let turn = worker.run(move || {
            let turn = waiting.attempt().map(|turn| turn.map(Unclaimed::new));
            (turn, waiting)
        });
        let (turn, still_waiting) = turn.await;
        match turn? {
            Turn::Begun(begun) => return Ok(begun.claim()),
            Turn::Again(pause) => worker.sleep(pause).await,
        }
        waiting = still_waiting;
    }
}
