//! Limits on time.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_base::{Error, LimitExceeded};

use crate::escalation::SHORTEST_GRACE;
use crate::limit::{Enforcement, Look, Measure, Watching, enforced};
use crate::token::Token;
use crate::units::{Time, after};
use crate::watchdog::Watched;

/// A limit on the time that work may take without progress.
///
/// ```
/// use safe_state::limits::TimeLimit;
///
/// let limit = TimeLimit::new("90s").grace_period("5s").start()?;
/// for part in 0..3 {
///     limit.check()?;
///     // ..
///     limit.progress();
/// }
/// # Ok::<(), safe_state::Error>(())
/// ```
///
/// Limits nest, and any number of threads may be under limits of their own. One thread watches them all.
#[derive(Clone, Debug)]
#[must_use = "it watches nothing until it is started"]
pub struct TimeLimit {
    timeout: Duration,
    enforcement: Enforcement,
}

impl TimeLimit {
    /// Makes a limit on work that may take this long without progress: a [`Duration`], or a text such as `"90s"`.
    ///
    /// # Panics
    ///
    /// Panics if a text is no time. The other methods that take a time panic, too.
    pub fn new(timeout: impl Into<Time>) -> Self {
        TimeLimit { timeout: timeout.into().into(), ..TimeLimit::default() }
    }

    /// Sets the time between two steps of the escalation: at least 10 ms, by default 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.enforcement.steps.grace = Duration::from(grace_period.into()).max(SHORTEST_GRACE);
        self
    }

    fn watch(&self, place: &'static Location<'static>) -> Result<(Arc<Token>, Watched), Error> {
        let now = Instant::now();
        let first = self.next_look(now, after(now, self.timeout));
        self.watching(place, now).start(first)
    }

    fn watching(&self, place: &'static Location<'static>, now: Instant) -> Watching<TimePassed> {
        let measure = TimePassed { limit: self.clone(), place };
        Watching::new((measure, now), self.enforcement, Arc::new(Token::new(true)), place)
    }

    fn next_look(&self, now: Instant, due: Instant) -> Instant {
        due.min(after(now, self.enforcement.check_interval))
    }
}

enforced!(TimeLimit);

impl Default for TimeLimit {
    /// Returns a limit of one minute, which cancels first and ends with SIGTERM, 15 seconds after each step.
    fn default() -> Self {
        let enforcement = Enforcement::with_grace(Duration::from_secs(15));
        TimeLimit { timeout: Duration::from_secs(60), enforcement }
    }
}

/// The time since the last progress, as a limit measures it.
struct TimePassed {
    limit: TimeLimit,
    place: &'static Location<'static>,
}

impl Measure for TimePassed {
    /// When the work last made progress, as far as was seen.
    type Seen = Instant;

    fn look(&self, since: &mut Instant, token: &Token, now: Instant) -> Look {
        if token.takes_progress() {
            *since = now;
        }
        let limit = self.limit.timeout;
        let passed = after(*since, limit);
        if now < passed {
            return Look::Within(self.limit.next_look(now, passed));
        }
        let (used, place) = (now - *since, format!("at {}", self.place));
        Look::Exceeded(LimitExceeded::ExecutionTimeout { limit, used, place }, passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interrupt;
    use crate::watchdog::Watch;

    /// Makes a limit of a minute that cancels, and a function that looks at it at a time in milliseconds.
    fn watch() -> (Watching<TimePassed>, impl Fn(&Watching<TimePassed>, u64) -> u64) {
        let began = Instant::now();
        let limit = TimeLimit::default().interrupt(Interrupt::Cancellation);
        let look = move |watch: &Watching<TimePassed>, millis| {
            let again = watch.look(began + Duration::from_millis(millis)).unwrap() - began;
            u64::try_from(again.as_millis()).unwrap()
        };
        (limit.watching(Location::caller(), began), look)
    }

    #[test]
    fn the_guard_looks_when_its_limit_is_passed_and_not_later() {
        let (watch, look) = watch();
        assert_eq!(look(&watch, 0), 500);
        assert_eq!(look(&watch, 59_700), 60_000);
        assert!(watch.token().check().is_ok());
        look(&watch, 60_000);
        assert!(watch.token().check().is_err());
    }

    #[test]
    fn progress_in_time_keeps_a_limit_from_being_passed() {
        let (watch, look) = watch();
        for minute in 1..100 {
            look(&watch, minute * 60_000 - 1);
            watch.token().progress();
            assert_eq!(look(&watch, minute * 60_000), minute * 60_000 + 500);
            assert!(watch.token().check().is_ok());
        }
        look(&watch, 99 * 60_000 + 59_999);
        assert!(watch.token().check().is_ok());
        look(&watch, 100 * 60_000);
        assert!(watch.token().check().is_err());
    }

    #[test]
    fn a_guard_that_has_been_left_does_nothing() {
        let (watch, _) = watch();
        watch.end();
        assert_eq!(watch.look(Instant::now() + Duration::from_secs(3600)), None);
        assert!(watch.token().check().is_ok());
    }

    #[test]
    fn a_time_that_never_comes_is_no_limit() {
        let limit = TimeLimit::new(Duration::MAX).grace_period(Duration::MAX);
        limit.check_interval(Duration::MAX).start().unwrap().check().unwrap();
    }
}
