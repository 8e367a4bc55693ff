//! How a run learns what is asked of it from outside, and what it does then.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_backends::{Backend, Error as BackendError, Request, Store};

use crate::error::StopReason;

/// How long a run goes without asking.
const INTERVAL: Duration = Duration::from_millis(50);
/// Asking may take one part in so many of its time.
const SHARE: u32 = 100;
/// How long the items that complete between two looks at the clock may take: no look takes a hundredth of that.
const STRIDE: Duration = Duration::from_micros(10);
/// How many they may be: if they take longer all of a sudden, it is asked so many items late.
const STRIDE_LIMIT: u64 = 1024;

/// What is asked of a run.
#[derive(Default)]
pub(crate) struct Requests {
    /// None in a nested call, of which nothing is asked.
    source: Option<Source>,
    asked: Option<Request>,
    is_paused: bool,
    /// Whether a test ends the run, whatever is asked.
    is_staged: bool,
    /// Whether an item has just completed, with which all can be saved.
    is_behind_item: bool,
    next: Option<Instant>,
    /// Since when it is about to ask, where nothing else is due.
    due: Option<Instant>,
    stride: Stride,
}

/// Items between two looks at the clock.
#[derive(Default)]
struct Stride {
    /// How many complete until the next look.
    items: u64,
    /// How many have, since when.
    counted: u64,
    since: Option<Instant>,
}

impl Stride {
    /// Begins the next one: as many items as take a [`STRIDE`], and no more than twice as many as have completed in the
    /// last.
    fn next(&mut self, now: Instant) {
        let took = now - *self.since.get_or_insert(now);
        let fitting = STRIDE.as_nanos() * u128::from(self.counted) / took.as_nanos().max(1);
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX);
        let items = fitting.clamp(1, (2 * self.counted).clamp(1, STRIDE_LIMIT));
        *self = Stride { items, counted: 0, since: Some(now) };
    }
}

/// Where requests to a job are.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) job: String,
    /// Whether other workers are to be told the same.
    is_shared: bool,
}

impl Source {
    /// Those of the job of that name, in the backend.
    pub(crate) fn new(backend: Arc<dyn Backend>, job: &str) -> Self {
        Source { backend, job: job.to_owned(), is_shared: false }
    }

    /// The same of a job that many workers share: each is told, and the next that joins uses the request up.
    pub(crate) fn shared(self) -> Self {
        Source { is_shared: true, ..self }
    }

    /// What is asked of a run under way that has nothing stored.
    pub(crate) fn ask_beside(&self) -> Result<Option<Request>, BackendError> {
        let asked = self.look()?.filter(|asked| *asked != Request::Accept);
        Ok(self.heard(asked))
    }

    /// What is asked of the job's runs.
    pub(crate) fn look(&self) -> Result<Option<Request>, BackendError> {
        Request::load(&*self.backend, &self.job)
    }

    /// What is asked of a run that begins. A cancelled one was another.
    pub(crate) fn begin(&self) -> Result<Option<Request>, BackendError> {
        let asked = self.look()?;
        Ok(self.heard(asked).filter(|asked| matches!(asked, Request::Pause | Request::Abandon)))
    }

    /// Returns whether the run that begins is to go on with what the one before was refused for.
    pub(crate) fn accepts(&self) -> Result<bool, BackendError> {
        Ok(self.look()? == Some(Request::Accept))
    }

    /// Returns whether no run is to begin any more.
    pub(crate) fn is_abandoned(&self) -> Result<bool, BackendError> {
        Ok(self.look()? == Some(Request::Abandon))
    }

    /// The run has begun with that.
    pub(crate) fn has_accepted(&self) -> Result<(), BackendError> {
        Request::Accept.use_up(&self.backend, &self.job)
    }

    /// What is asked of a run under way. What it is to go on with, it has when it begins.
    pub(crate) fn ask(&self, store: &mut Store) -> Result<Option<Request>, BackendError> {
        let asked = store.requested(&self.job)?.filter(|asked| *asked != Request::Accept);
        Ok(self.heard(asked))
    }

    /// A run that is cancelled is on its way to its end, and the next may begin at once.
    fn heard(&self, asked: Option<Request>) -> Option<Request> {
        if let Some(cancel @ Request::Cancel) = asked.filter(|_| !self.is_shared) {
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
        self.stride.counted += items;
    }

    /// How many may complete before the clock is looked at.
    pub(crate) fn budget(&self) -> u64 {
        if self.source.is_none() {
            return u64::MAX;
        }
        self.stride.items.saturating_sub(self.stride.counted).max(1)
    }

    /// Counts an item that has completed. Returns whether there is something to apply, or it is time to ask.
    pub(crate) fn is_due(&mut self) -> bool {
        self.is_behind_item = true;
        self.count(1);
        self.source.is_some()
            && (self.asked.is_some()
                || (self.stride.counted >= self.stride.items && self.stride_is_over()))
    }

    /// Returns whether there is something to apply where no item has completed.
    pub(crate) fn is_due_at_once(&mut self) -> bool {
        self.is_behind_item = false;
        self.asked.is_some()
    }

    /// Looks at the clock. Returns whether it is time to ask.
    #[cold]
    fn stride_is_over(&mut self) -> bool {
        let now = Instant::now();
        self.stride.next(now);
        self.due = Some(now).filter(|_| self.is_time(now));
        self.due.is_some()
    }

    fn is_time(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    /// Takes in the answer to what was asked at `began`. A backend that can't be asked says why where it
    /// has to save.
    pub(crate) fn answered(
        &mut self,
        began: Instant,
        answer: Result<Option<Request>, BackendError>,
    ) {
        let now = Instant::now();
        if !self.is_staged {
            self.asked = answer.unwrap_or(self.asked);
        }
        self.next = now.checked_add(INTERVAL.max((now - began) * SHARE));
    }

    /// Returns where requests are, if it is time to ask.
    pub(crate) fn source(&self) -> Option<Source> {
        self.source.as_ref().filter(|_| self.is_time(Instant::now())).cloned()
    }
}

impl Requests {
    /// Returns since when the run is about to ask, where nothing else is due; once.
    pub(crate) fn take_due(&mut self) -> Option<Instant> {
        self.due.take()
    }

    /// Ends the run as if it were cancelled.
    #[cold]
    pub(crate) fn stage_end(&mut self) {
        (self.is_staged, self.asked) = (true, Some(Request::Cancel));
    }

    /// Returns whether something is asked of the run.
    pub(crate) fn are_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Returns whether something is asked of the run, and all can be saved with the item that has just completed.
    pub(crate) fn are_to_be_saved_for(&self) -> bool {
        self.are_asked() && self.is_behind_item
    }

    /// Applies what is asked of the run, which has saved what is complete.
    pub(crate) fn apply(&mut self) -> Applied {
        match self.asked {
            Some(Request::Pause) => {
                let is_new = !std::mem::replace(&mut self.is_paused, true);
                Applied::Pause { pause: INTERVAL, is_new }
            }
            Some(Request::Abandon) => Applied::Stop(StopReason::Abandoned),
            // The one that is left: to cancel.
            Some(_) => Applied::Stop(StopReason::Cancelled),
            None => Applied::GoOn { was_paused: std::mem::take(&mut self.is_paused) },
        }
    }
}

/// What a run does because of what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It goes on.
    GoOn { was_paused: bool },
    /// It waits so long, and asks again.
    Pause { pause: Duration, is_new: bool },
    /// It ends.
    Stop(StopReason),
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("asked", &self.asked).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use safe_state_backends::MemoryBackend;

    use super::*;

    fn asked(asked: Option<Request>) -> Requests {
        let source = Source::new(Arc::new(MemoryBackend::default()), "asked");
        Requests::new(source, asked, Instant::now())
    }

    #[test]
    fn a_pause_is_new_once_and_ends_once() {
        let mut requests = asked(Some(Request::Pause));
        let pause = |is_new| Applied::Pause { pause: INTERVAL, is_new };
        assert_eq!([requests.apply(), requests.apply()], [pause(true), pause(false)]);
        requests.answered(Instant::now(), Ok(None));
        let go_on = |was_paused| Applied::GoOn { was_paused };
        assert_eq!([requests.apply(), requests.apply()], [go_on(true), go_on(false)]);
    }

    #[test]
    fn strides_are_short_in_time_and_in_items() {
        let now = Instant::now();
        let next = |counted, took| {
            let mut stride = Stride { items: counted, counted, since: Some(now) };
            stride.next(now + took);
            stride.items
        };
        assert_eq!(next(1_000, Duration::from_millis(1)), 10, "items of a microsecond");
        assert_eq!(next(1, Duration::from_secs(10)), 1);
        assert_eq!(next(4, Duration::ZERO), 8);
        assert_eq!(next(1_000_000, Duration::ZERO), STRIDE_LIMIT);
    }

    #[test]
    fn one_that_is_cancelled_stops() {
        let mut requests = asked(Some(Request::Cancel));
        assert!(requests.is_due() && requests.are_to_be_saved_for());
        assert_eq!(requests.apply(), Applied::Stop(StopReason::Cancelled));
    }

    #[test]
    fn nothing_is_asked_of_a_nested_call() {
        let mut requests = Requests::default();
        assert!(!requests.is_due() && !requests.is_due_at_once());
        assert_eq!(requests.budget(), u64::MAX);
        assert!(requests.source().is_none());
    }
}
