//! The pauses between attempts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// The attempt from which the pause is the longest one, whatever the first was.
const LONGEST_FROM: u32 = 64;

/// The pauses before an item is tried again.
///
/// ```
/// use safe_state::Backoff;
/// use std::time::Duration;
///
/// let backoff = Backoff::exponential("100ms", "10s");
/// assert_eq!(backoff, Backoff::exponential(Duration::from_millis(100), Duration::from_secs(10)));
/// let _ = Backoff::constant("1s");
/// let _ = Backoff::none();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    has_jitter: bool,
}

impl Backoff {
    /// Waits `first` after the first attempt, and twice as long after each further one, up to `longest`. A random time of up to
    /// the same length is added to each pause, so that many runs that failed together do not come back together.
    ///
    /// # Panics
    ///
    /// Panics if a text is no time such as `"100ms"`.
    pub fn exponential(first: impl Into<Pause>, longest: impl Into<Pause>) -> Self {
        let (first, longest) = (first.into().0, longest.into().0);
        Backoff { first, longest: longest.max(first), has_jitter: true }
    }

    /// Always waits `pause`.
    ///
    /// # Panics
    ///
    /// Panics if a text is no time such as `"1s"`.
    pub fn constant(pause: impl Into<Pause>) -> Self {
        let pause = pause.into().0;
        Backoff { first: pause, longest: pause, has_jitter: false }
    }

    /// Tries again at once.
    pub fn none() -> Self {
        Backoff::constant(Duration::ZERO)
    }

    /// Returns the pause after the attempt `attempt`, counted from 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        if self.longest.is_zero() {
            return Duration::ZERO;
        }
        let exponential = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .without_max_times();
        let pauses = if self.has_jitter { exponential.with_jitter() } else { exponential };
        let nth = attempt.saturating_sub(1).min(LONGEST_FROM) as usize;
        pauses.build().nth(nth).unwrap_or(self.longest)
    }
}

impl Default for Backoff {
    /// Returns exponential pauses, from 100 milliseconds to 10 seconds.
    fn default() -> Self {
        Backoff::exponential(Duration::from_millis(100), Duration::from_secs(10))
    }
}

/// A time to wait: a [`Duration`], or a text such as `"100ms"`.
#[derive(Clone, Copy, Debug)]
pub struct Pause(Duration);

impl From<Duration> for Pause {
    fn from(pause: Duration) -> Self {
        Pause(pause)
    }
}

impl From<&str> for Pause {
    /// # Panics
    ///
    /// Panics if the text is no time.
    fn from(text: &str) -> Self {
        let pause = humantime::parse_duration(text);
        Pause(pause.unwrap_or_else(|error| {
            panic!("`{text}` is no time to wait ({error}); write one such as \"100ms\"")
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let backoff = Backoff::exponential("10ms", "1s");
        let about = [(1, 10), (2, 20), (3, 40), (7, 640), (8, 1000), (500, 1000), (u32::MAX, 1000)];
        for (attempt, millis) in about {
            let (pause, least) = (backoff.pause(attempt), Duration::from_millis(millis));
            assert!(least <= pause && pause <= 2 * least, "{attempt}: {pause:?}");
        }
        assert_eq!(Backoff::constant("3s").pause(9), Duration::from_secs(3));
        assert_eq!(Backoff::none().pause(9), Duration::ZERO);
    }

    #[test]
    fn no_two_pauses_are_the_same() {
        let backoff = Backoff::exponential("10s", "20s");
        assert_ne!(backoff.pause(1), backoff.pause(1));
    }

    #[test]
    #[should_panic(expected = "`soon` is no time to wait")]
    fn what_is_no_time_is_said() {
        let _ = Backoff::constant("soon");
    }
}
