//! The status of a job: what programs ask for, and what `safe-state peek` shows.

#[doc(hidden)]
pub mod death;
mod details;
#[doc(hidden)]
pub mod history;
#[doc(hidden)]
pub mod letters;
#[doc(hidden)]
pub mod look;
#[doc(hidden)]
pub mod row;
mod state;
mod timings;
mod workers;

use safe_state_backends::format::FormatError;
use safe_state_backends::{Backend, Error, Holder, Request, Timestamp};
use serde::Serialize;

pub use death::Death;
pub use details::{StatusDetails, StatusLoop, StatusPace};
pub use state::State;
pub use timings::{StatusItemTimes, StatusMeasured, StatusSaving, StatusSlowItem, StatusTimings};
pub use workers::{StatusWorker, StatusWorkers, TASK};

use look::{Look, Run};

/// The version of the JSON form of [`Status`].
const VERSION: u32 = 1;

/// The status of a job, as of one look from outside.
///
/// In JSON, it is what `safe-state peek --json` shows, field by field, in one object. Unknown values are `null`, and times are
/// RFC 3339 in UTC. The field `safe_state_status` is the version of the form, which is 1: it changes when a field is removed or
/// gets another meaning, and not when one is added.
///
/// ```
/// use safe_state::{Job, State};
///
/// # let dir = tempfile::tempdir().unwrap();
/// let mail = Job::new("mail").state_dir(dir.path());
/// assert_eq!(mail.status()?.state, State::Waiting);
/// mail.pause_because("the server is down")?;
/// let status = mail.status()?;
/// assert_eq!(status.state, State::Paused);
/// assert_eq!(status.asked.reason.as_deref(), Some("the server is down"));
/// # Ok::<(), safe_state::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Status {
    #[serde(rename = "safe_state_status")]
    shape: u32,
    /// The job's name.
    pub job: String,
    /// The job's state in a word.
    pub state: State,
    /// The job's progress.
    #[serde(flatten)]
    pub progress: StatusProgress,
    /// The numbers of the job's runs.
    #[serde(flatten)]
    pub runs: StatusRuns,
    /// The process that runs the job.
    pub holder: Option<StatusHolder>,
    /// The request that was made of the job's runs.
    #[serde(flatten)]
    pub asked: StatusAsked,
    /// Further details. `None` if nothing is stored of the job, and in the lists of the command.
    #[serde(flatten)]
    pub details: Option<StatusDetails>,
}

/// The progress of a job in its current loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatusProgress {
    /// The number of complete items.
    pub completed: u64,
    /// The number of all items, if the input told its length.
    pub total: Option<u64>,
    /// The number of items that are not complete, if the input told its length.
    pub remaining: Option<u64>,
    /// The number of workers that lag behind the others, for a shared job; left out of the JSON if it is 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub stragglers: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The numbers and times of a job's runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatusRuns {
    /// The number of runs the job has had.
    pub runs: u32,
    /// The number of items that were given up without a dead letter.
    pub skipped: u64,
    /// The number of dead letters.
    pub dead_letters: usize,
    /// The time when the first run began.
    pub started_at: Option<Timestamp>,
    /// The time of the last save.
    pub updated_at: Option<Timestamp>,
}

/// The process that runs a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatusHolder {
    /// The process id.
    pub pid: u32,
    /// The name of the process's host.
    pub host: String,
    /// The time when the process took the lease.
    pub since: Timestamp,
}

/// The request that was made of a job's runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatusAsked {
    /// The request: `pause`, `cancel`, `accept` or `abandon`.
    pub asked: Option<&'static str>,
    /// The reason, in the words of the person who made the request.
    pub reason: Option<String>,
}

impl Status {
    /// Reads the status of a job. Takes no lease, and works while the job runs.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of the job.
    pub fn load(backend: &dyn Backend, job: &str) -> Result<Self, Error> {
        if let Some(look) = Look::at(backend, job)? {
            return Ok(Status::of(&look));
        }
        Status::not_begun(backend, job)
    }

    /// Reads the status of a job that has no checkpoint.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no request to the job.
    #[doc(hidden)]
    pub fn not_begun(backend: &dyn Backend, job: &str) -> Result<Self, Error> {
        let asked = Request::load_with_reason(backend, job)?;
        let run = Run::of(backend, job)?;
        let request = asked.as_ref().map(|(request, _)| *request);
        Ok(Status {
            holder: StatusHolder::of(&run),
            asked: StatusAsked::of(asked),
            ..Status::of_none(job, State::of_none(request, &run))
        })
    }

    /// Returns the status of all jobs of a backend, sorted by name: those that have a checkpoint, and those that have not begun
    /// and were paused or abandoned. A job that can't be read has [`State::Unreadable`].
    ///
    /// # Errors
    ///
    /// The backend cannot list its jobs, or cannot be read.
    pub fn list(backend: &dyn Backend) -> Result<Vec<Self>, Error> {
        let overview = backend.overview()?;
        let backend = overview.as_deref().unwrap_or(backend);
        let listing = backend.listing()?;
        let listed = Look::at_each(backend, &listing.jobs, |job, look| match look {
            // A job may finish during the look.
            Ok(look) => Ok(look.as_ref().map(Status::of)),
            // Caches have names among those of jobs.
            Err(Error::Format { reason: FormatError::OtherKind(_), .. }) => Ok(None),
            Err(error) => Status::unreadable(job, error).map(Some),
        });
        let not_begun = listing.not_begun().map(|job| {
            let status = Status::not_begun(backend, job);
            let status = status.or_else(|error| Status::unreadable(job, error))?;
            // The request may be taken back during the look.
            Ok(Some(status).filter(|it| it.state != State::Waiting))
        });
        let all = listed.into_iter().chain(not_begun).filter_map(Result::transpose);
        let mut all = all.collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|one, other| one.job.cmp(&other.job));
        Ok(all)
    }

    /// Returns the status of a job that can't be read; the error, if others can't be read either.
    fn unreadable(job: &str, error: Error) -> Result<Self, Error> {
        match error {
            Error::Format { .. } | Error::OtherJob { .. } => {
                Ok(Status::of_none(job, State::Unreadable))
            }
            error => Err(error),
        }
    }

    fn of_none(job: &str, state: State) -> Self {
        Status {
            shape: VERSION,
            job: job.to_owned(),
            state,
            progress: StatusProgress::default(),
            runs: StatusRuns::default(),
            holder: None,
            asked: StatusAsked::default(),
            details: None,
        }
    }

    /// Returns the status that a look has found.
    #[doc(hidden)]
    pub fn of(look: &Look) -> Self {
        let mut status = Status::in_a_line(look);
        status.details = Some(StatusDetails::of(look, status.state));
        status
    }

    /// Returns the status that a look has found, without details.
    #[doc(hidden)]
    pub fn in_a_line(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let progress = checkpoint.progress();
        Status {
            shape: VERSION,
            job: checkpoint.job().to_owned(),
            state: State::of(look),
            progress: StatusProgress {
                completed: progress.completed,
                total: progress.total,
                remaining: progress.remaining,
                stragglers: StatusWorkers::of(look).map_or(0, |it| it.stragglers().count()),
            },
            runs: StatusRuns {
                runs: checkpoint.run_count(),
                skipped: checkpoint.skipped(),
                dead_letters: checkpoint.dead_letters().len(),
                started_at: Some(checkpoint.started_at().into()),
                updated_at: Some(checkpoint.updated_at().into()),
            },
            holder: StatusHolder::of(&look.run),
            asked: StatusAsked::of(look.asked.clone()),
            details: None,
        }
    }
}

impl StatusHolder {
    fn of(run: &Run) -> Option<Self> {
        let of = |it: &Holder| StatusHolder {
            pid: it.pid(),
            host: it.host().to_owned(),
            since: it.since().into(),
        };
        match run {
            Run::By(holder) => Some(of(holder)),
            Run::None | Run::Unknown => None,
        }
    }
}

impl StatusAsked {
    fn of(asked: Option<(Request, Option<String>)>) -> Self {
        let Some((request, reason)) = asked else { return StatusAsked::default() };
        let asked = match request {
            Request::Pause => "pause",
            Request::Cancel => "cancel",
            Request::Accept => "accept",
            Request::Abandon => "abandon",
            _ => "else",
        };
        StatusAsked { asked: Some(asked), reason }
    }
}

impl std::fmt::Display for StatusHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pid {} on host {}, since {}", self.pid, self.host, self.since)
    }
}
