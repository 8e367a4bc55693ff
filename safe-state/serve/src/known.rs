//! The known state of one job, which is read again only when it has changed.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use safe_state_backends::format::FormatError;
use safe_state_backends::{Backend, Error, Signs};
use safe_state_base::status::look::Look;
use safe_state_base::status::row::Row;
use safe_state_base::status::{State, Status};
use serde::Serialize;

use crate::pace::{Left, Pace};

/// The rest after a job was read, as a multiple of the time that this took: reading takes at most half a percent of a
/// core.
pub(crate) const REST: u32 = 200;

/// A job, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The job's row in the list; `None` until the job is read.
    pub(crate) listed: Option<Arc<Listed>>,
    /// The number of the change, among those of all jobs, with which this job changed last.
    pub(crate) changed: u64,
    pub(crate) pace: Pace,
    /// The last look, while a page of this job is open.
    pub(crate) look: Option<Arc<Look>>,
    signs: Option<Signs>,
    /// Whether many workers share the job: they save to the files of their slices.
    is_shared: bool,
    next: Option<Instant>,
}

/// A job in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    /// The row, as `safe-state list --json` prints it.
    pub(crate) job: Row,
    /// The present rate, for a running job.
    items_per_second: Option<f64>,
    left: Option<Left>,
    /// The message of the job's last failure.
    trouble: Option<String>,
}

/// The result of reading a job.
pub(crate) enum Read {
    /// The job has not changed.
    Same,
    /// The job no longer exists.
    Gone,
    New(Box<Fresh>),
}

pub(crate) struct Fresh {
    look: Result<Look, Error>,
    signs: Option<Signs>,
    took: Duration,
}

/// The earlier state of a job, which tells whether it has to be read again.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    signs: Option<Signs>,
    holder: Option<u32>,
    may_rest: bool,
}

impl Known {
    /// Returns whether the rest after the last reading is over.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| next <= now)
    }

    /// Returns whether a run of the job may be under way.
    pub(crate) fn may_run(&self) -> bool {
        let state = self.listed.as_ref().map(|it| it.job.state());
        matches!(state, Some(State::Running | State::Paused | State::Open))
    }

    pub(crate) fn before(&self, needs_look: bool) -> Before {
        let holder = match self.listed.as_deref() {
            Some(Listed { job: Row::Read(status), .. }) => status.holder.as_ref().map(|it| it.pid),
            _ => None,
        };
        let has_look = !needs_look || self.look.is_some();
        let may_rest = self.listed.is_some() && has_look && !self.is_unsure();
        Before { signs: self.signs, holder, may_rest }
    }

    /// Returns whether the job may change without a sign of it in its files.
    fn is_unsure(&self) -> bool {
        self.may_run() && (self.is_shared || self.signs.is_none_or(|signs| signs.has_page()))
    }

    /// Takes in what was read of the job.
    pub(crate) fn learn(&mut self, job: &str, fresh: Fresh, keeps_look: bool) {
        let now = millis(SystemTime::now());
        let Fresh { look, signs, took } = fresh;
        self.signs = signs;
        self.next = Instant::now().checked_add(took.saturating_mul(REST));
        let listed = match look {
            Ok(look) => {
                let status = Status::in_a_line(&look);
                self.is_shared = look.checkpoint.has_slices();
                self.pace.add(now, status.progress.completed);
                let trouble =
                    look.checkpoint.last_failure().map(|failure| failure.message().to_owned());
                self.look = keeps_look.then(|| Arc::new(look));
                let is_running = status.state == State::Running;
                Listed {
                    items_per_second: self.pace.rate(now).filter(|_| is_running),
                    left: status
                        .progress
                        .remaining
                        .filter(|_| is_running)
                        .and_then(|items| self.pace.time_for(items)),
                    job: Row::Read(Box::new(status)),
                    trouble,
                }
            }
            Err(error) => {
                self.look = None;
                let job = Row::unreadable(job.to_owned(), error);
                Listed { job, items_per_second: None, left: None, trouble: None }
            }
        };
        if !listed.may_run() && self.pace.looks().len() == 1 {
            // A job that does not change has no pace to remember.
            self.pace = Pace::default();
        }
        self.listed = Some(Arc::new(listed));
    }

    /// Notes that time has passed and nothing was saved.
    pub(crate) fn stand(&mut self) {
        if let Some(Listed { job: Row::Read(status), .. }) = self.listed.as_deref() {
            self.pace.add(millis(SystemTime::now()), status.progress.completed);
        }
    }
}

impl Listed {
    fn may_run(&self) -> bool {
        matches!(self.job.state(), State::Running | State::Paused | State::Open)
    }
}

/// Reads a job, if it may have changed. The caller holds no lock meanwhile, as this may take long.
pub(crate) fn read(backend: &dyn Backend, job: &str, before: &Before) -> Read {
    let began = Instant::now();
    // While a file is being written, equal signs may hide a write.
    let signs = Signs::of(backend, job).filter(Signs::are_settled);
    if before.may_rest
        && signs.is_some()
        && signs == before.signs
        && !has_another_holder(backend, job, before)
    {
        return Read::Same;
    }
    let look = match Look::at(backend, job) {
        // Caches are stored under names of their own among the jobs.
        Ok(None) | Err(Error::Format { reason: FormatError::OtherKind(_), .. }) => {
            return Read::Gone;
        }
        Ok(Some(look)) => Ok(look),
        Err(error) => Err(error),
    };
    Read::New(Box::new(Fresh { look, signs, took: began.elapsed() }))
}

/// Returns whether the process that ran the job has ended or another one runs it: that changes no file.
fn has_another_holder(backend: &dyn Backend, job: &str, before: &Before) -> bool {
    let Some(pid) = before.holder else { return false };
    !matches!(backend.holder(job), Ok(Some(holder)) if holder.pid() == pid)
}

/// Returns the milliseconds since the Unix epoch.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
