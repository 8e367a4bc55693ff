//! How a run learns what is asked of it from outside, and heeds it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_backends::{Backend, Error as BackendError, Request, Store};

use crate::error::StopReason;
use crate::run::Run;
use crate::{Error, Job};

/// How long a run goes without asking.
const INTERVAL: Duration = Duration::from_millis(50);
/// Asking may take one part in so many of its time.
const SHARE: u32 = 100;
/// How long the items that complete between two looks at the clock may take.
const STRIDE: Duration = Duration::from_millis(10);

/// What is asked of a run.
#[derive(Default)]
pub(crate) struct Requests {
    /// None in a nested call, of which nothing is asked.
    source: Option<Source>,
    asked: Option<Request>,
    is_paused: bool,
    /// Whether an item has just completed, with which all can be saved.
    is_behind_item: bool,
    next: Option<Instant>,
    /// Since when it is about to ask, where nothing else is due.
    due: Option<Instant>,
    /// Items that complete until the clock is looked at again, and those that have, since when.
    stride: u64,
    counted: u64,
    since: Option<Instant>,
}

/// Where requests to a job are.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) job: String,
}

impl Source {
    pub(crate) fn of(job: &Job) -> Result<Self, Error> {
        Ok(Source { backend: job.stored_in()?, job: job.job_name().to_owned() })
    }

    /// What is asked of the job's runs.
    pub(crate) fn look(&self) -> Result<Option<Request>, BackendError> {
        Request::load(&*self.backend, &self.job)
    }

    /// What is asked of a run that begins. A cancelled one was another.
    pub(crate) fn begin(&self) -> Result<Option<Request>, BackendError> {
        let asked = self.look()?;
        Ok(self.heard(asked).filter(|asked| *asked == Request::Pause))
    }

    /// Whether the run that begins is to go on with what the one before was refused for.
    pub(crate) fn accepts(&self) -> Result<bool, BackendError> {
        Ok(self.look()? == Some(Request::Accept))
    }

    /// The run has begun with that.
    pub(crate) fn has_accepted(&self) -> Result<(), BackendError> {
        Request::Accept.use_up(&self.backend, &self.job)
    }

    /// What is asked of a run under way. What it is to go on with, it has when it begins.
    fn ask(&self, store: &mut Store) -> Result<Option<Request>, BackendError> {
        let asked = store.requested()?.filter(|asked| *asked != Request::Accept);
        Ok(self.heard(asked))
    }

    /// A run that is cancelled is on its way to its end, and the next may begin at once.
    fn heard(&self, asked: Option<Request>) -> Option<Request> {
        if let Some(cancel @ Request::Cancel) = asked {
            // If it can't be, the next run does it.
            let _ = cancel.use_up(&self.backend, &self.job);
        }
        asked
    }
}

impl Requests {
    pub(crate) fn new(source: Source, asked: Option<Request>, now: Instant) -> Self {
        let (source, next) = (Some(source), now.checked_add(INTERVAL));
        Requests { source, asked, next, ..Requests::default() }
    }

    /// Counts items that have completed.
    pub(crate) fn count(&mut self, items: u64) {
        self.counted += items;
    }

    /// How many may complete before the clock is looked at.
    pub(crate) fn budget(&self) -> u64 {
        if self.source.is_none() {
            return u64::MAX;
        }
        self.stride.saturating_sub(self.counted).max(1)
    }

    /// Whether there is something to heed, or it is time to ask: an item has completed.
    pub(crate) fn is_due(&mut self) -> bool {
        self.is_behind_item = true;
        self.count(1);
        self.source.is_some()
            && (self.asked.is_some() || (self.counted >= self.stride && self.stride_is_over()))
    }

    /// The same where none has.
    pub(crate) fn is_due_at_once(&mut self) -> bool {
        self.is_behind_item = false;
        self.asked.is_some()
    }

    /// Finds out how many items may complete until the next look at the clock: as many as take a
    /// [`STRIDE`], and no more than twice as many as last time.
    #[cold]
    fn stride_is_over(&mut self) -> bool {
        let now = Instant::now();
        let took = now - *self.since.get_or_insert(now);
        let fitting = STRIDE.as_nanos() * u128::from(self.counted) / took.as_nanos().max(1);
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX);
        self.stride = fitting.clamp(1, (2 * self.counted).max(1));
        (self.counted, self.since) = (0, Some(now));
        self.due = Some(now).filter(|_| self.is_time(now));
        self.due.is_some()
    }

    fn is_time(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    /// Takes in the answer to what was asked at `began`. A backend that can't be asked says why where it
    /// has to save.
    fn answered(&mut self, began: Instant, answer: Result<Option<Request>, BackendError>) {
        let now = Instant::now();
        self.asked = answer.unwrap_or(self.asked);
        self.next = now.checked_add(INTERVAL.max((now - began) * SHARE));
    }

    fn source(&self) -> Option<Source> {
        self.source.as_ref().filter(|_| self.is_time(Instant::now())).cloned()
    }
}

impl Run {
    /// Asks what is asked of the run, if it is time. Says whether what is complete is to be saved: it is
    /// due, or there is something to heed.
    pub fn asks(&mut self) -> bool {
        if let (Some(source), Some(owner)) = (self.requests.source(), &self.owner) {
            let began = Instant::now();
            self.requests.answered(began, source.ask(&mut owner.store()));
        }
        self.saves()
    }

    /// The same without blocking, where the carried variables have been taken, unless there are handles among
    /// them: the run may be dropped while it waits.
    pub async fn asks_async(&mut self) -> bool {
        // Values that are taken to ask alone take a part of the time that asking may.
        let due = self.requests.due.take().filter(|_| !self.schedule.is_due());
        if let Some(source) = self.requests.source() {
            let began = due.unwrap_or_else(Instant::now);
            self.position.rest.is_at_head = true;
            let answer = self.with_store(move |store| source.ask(store)).await;
            self.position.rest.is_at_head = false;
            self.requests.answered(began, answer.unwrap_or(Ok(None)));
        }
        self.saves()
    }

    fn saves(&self) -> bool {
        let Requests { asked, is_behind_item, .. } = &self.requests;
        self.schedule.is_due() || (asked.is_some() && *is_behind_item) || self.is_in_doubt()
    }

    /// Does what is asked of the run, which has saved what is complete: waits, or ends.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub fn heed(&mut self) -> Result<(), Error> {
        while let Some(pause) = self.heeds()? {
            std::thread::sleep(pause);
            self.asks();
        }
        Ok(())
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`heed`](Self::heed).
    pub async fn heed_async(&mut self) -> Result<(), Error> {
        while let Some(pause) = self.heeds()? {
            self.sleep(pause).await;
            self.asks_async().await;
        }
        Ok(())
    }

    /// Whether something is asked of the run.
    pub(crate) fn is_asked(&self) -> bool {
        self.requests.asked.is_some()
    }

    /// How long to wait before asking again; none to go on.
    fn heeds(&mut self) -> Result<Option<Duration>, Error> {
        match self.requests.asked {
            Some(Request::Pause) => {
                if !std::mem::replace(&mut self.requests.is_paused, true) {
                    self.events.paused();
                }
                self.check_stop().map(|()| Some(INTERVAL))
            }
            // The one that is left: to cancel.
            Some(_) => Err(self.stop(StopReason::Cancelled)),
            None => {
                if std::mem::take(&mut self.requests.is_paused) {
                    self.events.goes_on();
                }
                Ok(None)
            }
        }
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("asked", &self.asked).finish_non_exhaustive()
    }
}
