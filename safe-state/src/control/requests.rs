//! A run's handling of requests from outside: pause, cancel and abandon.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_backends::{Backend, Error as BackendError, Request, Store};

use crate::error::StopReason;

/// The shortest time between two reads of the requests.
const INTERVAL: Duration = Duration::from_millis(50);
/// Reading requests may take at most one part in this many of a run's time.
const SHARE: u32 = 100;
/// The time that the items between two looks at the clock may take together. A look takes less than a hundredth of it.
const STRIDE: Duration = Duration::from_micros(10);
/// The most items between two looks at the clock. If items suddenly take longer, the run reads its requests this many
/// items late.
const STRIDE_LIMIT: u64 = 1024;

/// The requests to a run.
#[derive(Default)]
pub(crate) struct Requests {
    /// The place to read requests from; none in a nested call, which gets none.
    source: Option<Source>,
    asked: Option<Request>,
    is_paused: bool,
    /// Whether a test ends the run, whatever the stored request is.
    is_staged: bool,
    /// Whether an item has just completed, so that all progress can be saved.
    is_behind_item: bool,
    next: Option<Instant>,
    /// Since when the run has been about to read requests, if it does so for no other reason.
    due: Option<Instant>,
    stride: Stride,
}

/// The items between two looks at the clock.
#[derive(Default)]
struct Stride {
    /// The number of items that complete until the next look.
    items: u64,
    /// The number of items that have completed since the last look.
    counted: u64,
    since: Option<Instant>,
}

impl Stride {
    /// Begins the next stride: as many items as fit into a [`STRIDE`] at the pace of the last one, and at most twice as
    /// many as completed in it.
    fn next(&mut self, now: Instant) {
        let took = now - *self.since.get_or_insert(now);
        let fitting = STRIDE.as_nanos() * u128::from(self.counted) / took.as_nanos().max(1);
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX);
        let items = fitting.clamp(1, (2 * self.counted).clamp(1, STRIDE_LIMIT));
        *self = Stride { items, counted: 0, since: Some(now) };
    }
}

/// The place where the requests to a job are stored.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) job: String,
    /// Whether many workers share the job, so that each of them has to see the request.
    is_shared: bool,
}

impl Source {
    /// Returns the place of the requests to `job` in `backend`.
    pub(crate) fn new(backend: Arc<dyn Backend>, job: &str) -> Self {
        Source { backend, job: job.to_owned(), is_shared: false }
    }

    /// Makes it the place of a job that many workers share: a worker that reads a cancel leaves it, for the others to see,
    /// and the next worker that joins uses it up.
    pub(crate) fn shared(self) -> Self {
        Source { is_shared: true, ..self }
    }

    /// Returns the request to a run under way that has nothing stored, read beside any store.
    pub(crate) fn ask_beside(&self) -> Result<Option<Request>, BackendError> {
        let asked = self.look()?.filter(|asked| *asked != Request::Accept);
        Ok(self.heard(asked))
    }

    /// Returns the stored request to the job, if any.
    pub(crate) fn look(&self) -> Result<Option<Request>, BackendError> {
        Request::load(&*self.backend, &self.job)
    }

    /// Takes in the request that was [found](Self::look) when a run began. Returns it if it is for this run, too: a pause. A cancel
    /// was meant for the run before.
    pub(crate) fn begin(&self, found: Option<Request>) -> Option<Request> {
        self.heard(found).filter(|asked| *asked == Request::Pause)
    }

    /// Uses up the accept request: the run has begun with the changes that it accepts.
    pub(crate) fn has_accepted(&self) -> Result<(), BackendError> {
        Request::Accept.use_up(&self.backend, &self.job)
    }

    /// Returns the request to a run under way, read through its store. An accept only counts when a run begins.
    pub(crate) fn ask(&self, store: &mut Store) -> Result<Option<Request>, BackendError> {
        let asked = store.requested(&self.job)?.filter(|asked| *asked != Request::Accept);
        Ok(self.heard(asked))
    }

    /// Takes in a request that was read. A cancel is used up at once, as the run is about to end and the next one may
    /// begin.
    fn heard(&self, asked: Option<Request>) -> Option<Request> {
        if let Some(cancel @ Request::Cancel) = asked.filter(|_| !self.is_shared) {
            // If this fails, the next run uses the request up.
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

    /// Returns how many items may complete before the clock is read; at least 1.
    pub(crate) fn budget(&self) -> u64 {
        if self.source.is_none() {
            return u64::MAX;
        }
        self.stride.items.saturating_sub(self.stride.counted).max(1)
    }

    /// Counts an item that has completed. Returns whether a request is to be applied, or it is time to read requests.
    pub(crate) fn is_due(&mut self) -> bool {
        self.is_behind_item = true;
        self.count(1);
        self.source.is_some()
            && (self.asked.is_some()
                || (self.stride.counted >= self.stride.items && self.stride_is_over()))
    }

    /// Returns whether a request is to be applied at a point where no item has completed.
    pub(crate) fn is_due_at_once(&mut self) -> bool {
        self.is_behind_item = false;
        self.asked.is_some()
    }

    /// Looks at the clock, and begins the next stride. Returns whether it is time to read requests.
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

    /// Takes in the request that was read from `began` on. An error is ignored here: the next save tells why the
    /// backend can't be used.
    pub(crate) fn answered(
        &mut self,
        began: Instant,
        answer: Result<Option<Request>, BackendError>,
    ) {
        let now = Instant::now();
        // A cancel is used up where it is read, so a later answer, while the run waits for what is in flight, says nothing of it.
        if !self.is_staged && self.asked != Some(Request::Cancel) {
            self.asked = answer.unwrap_or(self.asked);
        }
        self.next = now.checked_add(INTERVAL.max((now - began) * SHARE));
    }

    /// Returns where to read requests, if it is time to read them.
    pub(crate) fn source(&self) -> Option<Source> {
        self.source.as_ref().filter(|_| self.is_time(Instant::now())).cloned()
    }
}

impl Requests {
    /// Returns since when the run has been about to read requests, and clears that; none if it isn't.
    pub(crate) fn take_due(&mut self) -> Option<Instant> {
        self.due.take()
    }

    /// Ends the run as if it were cancelled, for a test.
    #[cold]
    pub(crate) fn stage_end(&mut self) {
        (self.is_staged, self.asked) = (true, Some(Request::Cancel));
    }

    /// Returns whether a request is waiting to be applied.
    pub(crate) fn are_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Returns whether the request that is waiting ends the run.
    pub(crate) fn end_the_run(&self) -> bool {
        matches!(self.asked, Some(Request::Cancel | Request::Abandon))
    }

    /// Returns whether a request is waiting, and all progress can be saved with the item that has just completed.
    pub(crate) fn are_to_be_saved_for(&self) -> bool {
        self.are_asked() && self.is_behind_item
    }

    /// Applies the request. The run has saved its complete items before.
    pub(crate) fn apply(&mut self) -> Applied {
        match self.asked {
            Some(Request::Pause) => {
                let is_new = !std::mem::replace(&mut self.is_paused, true);
                Applied::Pause { pause: INTERVAL, is_new }
            }
            Some(Request::Abandon) => Applied::Stop(StopReason::Abandoned),
            // Only a cancel is left: an accept never gets here.
            Some(_) => Applied::Stop(StopReason::Cancelled),
            None => Applied::GoOn { was_paused: std::mem::take(&mut self.is_paused) },
        }
    }
}

/// The consequence for the run after its request was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The run goes on.
    GoOn { was_paused: bool },
    /// The run waits for `pause`, and reads the request again.
    Pause { pause: Duration, is_new: bool },
    /// The run stops for this reason.
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

    /// What is in flight may go on for longer than it takes until the requests are read again.
    #[test]
    fn a_cancel_that_was_read_stays_until_the_run_ends() {
        let mut requests = asked(None);
        requests.answered(Instant::now(), Ok(Some(Request::Cancel)));
        requests.answered(Instant::now(), Ok(None));
        assert!(requests.end_the_run());
        assert_eq!(requests.apply(), Applied::Stop(StopReason::Cancelled));
    }

    #[test]
    fn a_run_that_is_asked_to_cancel_stops() {
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
