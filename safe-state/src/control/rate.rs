//! The rate: how many items a run may begin in a time.

use std::time::{Duration, Instant};

/// An upper bound on the items begun in a time, evenly spread over it.
///
/// ```
/// use safe_state::{Job, Rate};
/// use std::time::Duration;
///
/// let gentle = Job::new("crawl").rate(Rate::new(90, Duration::from_secs(60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
}

impl Rate {
    /// Allows at most `count` items in each `time`. A `count` of 0 counts as 1.
    pub fn new(count: u32, time: Duration) -> Self {
        Rate { interval: time / count.max(1) }
    }
}

/// Spreads the beginnings of items evenly over time.
#[derive(Debug)]
pub(crate) struct Spread {
    interval: Duration,
    /// When the next item may begin.
    next: Instant,
    /// The number of workers that the rate is divided among; at least 1.
    workers: u32,
}

impl Spread {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Spread { interval: rate.interval, next: now, workers: 1 }
    }

    /// Sets the number of workers that the rate is divided among; 0 counts as 1.
    pub(crate) fn divide(&mut self, workers: u32) {
        self.workers = workers.max(1);
    }

    /// Returns how long the next item has to wait; zero means that it begins now, and the next interval starts.
    ///
    /// Time that a slow item took is not made up for by faster ones later.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        let wait = self.next.saturating_duration_since(now);
        if wait.is_zero() {
            self.next = now + self.interval.saturating_mul(self.workers);
        }
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_spread_and_lost_time_is_lost() {
        let second = Duration::from_secs(1);
        let begin = Instant::now();
        let mut spread = Spread::new(Rate::new(2, second), begin);
        assert_eq!(spread.wait(begin), Duration::ZERO);
        assert_eq!(spread.wait(begin), second / 2);
        assert_eq!(spread.wait(begin + second / 2), Duration::ZERO);
        let later = begin + 10 * second;
        assert_eq!(spread.wait(later), Duration::ZERO);
        assert_eq!(spread.wait(later), second / 2);
    }

    #[test]
    fn workers_divide_the_rate() {
        let second = Duration::from_secs(1);
        let begin = Instant::now();
        let mut spread = Spread::new(Rate::new(2, second), begin);
        spread.divide(3);
        assert_eq!(spread.wait(begin), Duration::ZERO);
        assert_eq!(spread.wait(begin), 3 * second / 2);
        spread.divide(1);
        let later = begin + 2 * second;
        assert_eq!([spread.wait(later), spread.wait(later)], [Duration::ZERO, second / 2]);
    }
}
