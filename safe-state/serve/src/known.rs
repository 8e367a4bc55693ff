//! What is known of one job, so that it is read again only when it has changed.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use safe_state_backends::format::FormatError;
use safe_state_backends::{Backend, Error, Signs};
use safe_state_base::status::look::Look;
use safe_state_base::status::row::Row;
use safe_state_base::status::{State, Status};
use serde::Serialize;

use crate::pace::{Left, Pace};

/// A job that took so long to read is read again after so many times that long: at most half a percent of a core.
pub(crate) const REST: u32 = 200;

/// A job, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// `None` until it is read.
    pub(crate) listed: Option<Arc<Listed>>,
    /// At which change of all jobs it changed last.
    pub(crate) changed: u64,
    pub(crate) pace: Pace,
    /// What was read last, while a page of this job is open.
    pub(crate) look: Option<Arc<Look>>,
    signs: Option<Signs>,
    /// Whether many workers share it: they save in files of their slices.
    is_shared: bool,
    next: Option<Instant>,
}

/// A job in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    /// As `safe-state list --json` has it.
    pub(crate) job: Row,
    /// Lately.
    items_per_second: Option<f64>,
    left: Option<Left>,
    /// Of its last failure.
    trouble: Option<String>,
}

/// What was read of a job.
pub(crate) enum Read {
    /// Nothing has changed.
    Same,
    /// There is no such job any more.
    Gone,
    New(Box<Fresh>),
}

pub(crate) struct Fresh {
    look: Result<Look, Error>,
    signs: Option<Signs>,
    took: Duration,
}

/// What tells whether a job has to be read again.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    signs: Option<Signs>,
    holder: Option<u32>,
    may_rest: bool,
}

impl Known {
    /// Whether it may be read again by now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| next <= now)
    }

    /// Whether a run of it may be under way.
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

    /// Whether its files do not show all that may change.
    fn is_unsure(&self) -> bool {
        self.may_run() && (self.is_shared || self.signs.is_none_or(|signs| signs.has_page()))
    }

    /// Takes in what was read.
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
            // Of a job that stands there is nothing to remember.
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

/// Reads a job, if it may have changed. No lock of ours is held meanwhile.
pub(crate) fn read(backend: &dyn Backend, job: &str, before: &Before) -> Read {
    let began = Instant::now();
    // Of what is being written, equal signs may hide a write.
    let signs = Signs::of(backend, job).filter(Signs::are_settled);
    if before.may_rest
        && signs.is_some()
        && signs == before.signs
        && !has_another_holder(backend, job, before)
    {
        return Read::Same;
    }
    let look = match Look::at(backend, job) {
        // Caches have names of their own among the jobs'.
        Ok(None) | Err(Error::Format { reason: FormatError::OtherKind(_), .. }) => {
            return Read::Gone;
        }
        Ok(Some(look)) => Ok(look),
        Err(error) => Err(error),
    };
    Read::New(Box::new(Fresh { look, signs, took: began.elapsed() }))
}

/// Whether the process that runs it has ended: that changes no file.
fn has_another_holder(backend: &dyn Backend, job: &str, before: &Before) -> bool {
    let Some(pid) = before.holder else { return false };
    !matches!(backend.holder(job), Ok(Some(holder)) if holder.pid() == pid)
}

/// Since the Unix epoch.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
