//! The limit on the time of an item whose body runs beside others.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_base::{Error, LimitExceeded};

use crate::active::ActiveLimit;
use crate::escalation::{Interrupt, Steps};
use crate::future::under_limit;
use crate::job_limits::JobLimits;
use crate::limit::{Enforcement, Look, Measure, Watching};
use crate::token::Token;
use crate::units::after;
use crate::watchdog::Watched;

/// The longest time between two looks at an item, as only a look notices its progress.
const INTERVAL: Duration = Duration::from_millis(100);

/// The limit on the time of each item of a loop whose items run side by side. Each item is watched for itself.
#[derive(Clone, Debug)]
pub struct ItemLimit {
    job: Arc<str>,
    timeout: Duration,
    enforcement: Enforcement,
}

impl ItemLimit {
    /// Returns the limit on the items of `job`, if it has one.
    pub fn of(job: &str, limits: &JobLimits) -> Option<ItemLimit> {
        let grace = limits.process.grace_period;
        let steps = Steps { interrupt: Interrupt::default(), send_kill: true, grace };
        let enforcement = Enforcement { steps, check_interval: INTERVAL };
        limits.item_timeout.map(|timeout| ItemLimit { job: job.into(), timeout, enforcement })
    }

    /// Calls the body of an item under the limit.
    ///
    /// # Errors
    ///
    /// The watchdog's thread can't be started.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> Result<T, Error> {
        let (token, watched) = self.watch()?;
        let _limit = ActiveLimit::new(token, watched);
        Ok(body())
    }

    /// Polls the body of an item to its end under the limit. If it is cancelled, it ends at its next `.await`.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the body was cancelled; or the watchdog's thread can't be started.
    pub async fn run_async<F: Future>(&self, body: F) -> Result<F::Output, Error> {
        let (token, _watched) = self.watch()?;
        under_limit(&token, body).await
    }

    fn watch(&self) -> Result<(Arc<Token>, Watched), Error> {
        let now = Instant::now();
        let first = next_look(now, after(now, self.timeout));
        let measure = ItemTime(self.clone());
        let token = Arc::new(Token::new(true));
        Watching::new((measure, now), self.enforcement, token, Location::caller()).start(first)
    }
}

fn next_look(now: Instant, due: Instant) -> Instant {
    due.min(after(now, INTERVAL))
}

/// The time of an item since its last progress.
struct ItemTime(ItemLimit);

impl Measure for ItemTime {
    /// When the item last made progress, as far as was seen.
    type Seen = Instant;

    fn look(&self, since: &mut Instant, token: &Token, now: Instant) -> Look {
        if token.takes_progress() {
            *since = now;
        }
        let limit = self.0.timeout;
        let passed = after(*since, limit);
        if now < passed {
            return Look::Within(next_look(now, passed));
        }
        let (used, place) = (now - *since, format!("of an item of job `{}`", self.0.job));
        Look::Exceeded(LimitExceeded::ExecutionTimeout { limit, used, place }, passed)
    }
}
