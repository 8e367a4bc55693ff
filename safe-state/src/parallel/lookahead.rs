//! How many items are handed out before there is a thread for them.

use std::time::{Duration, Instant};

/// The time that the items may take together that are handed out before there is a thread for them.
const SPAN: Duration = Duration::from_micros(500);

/// The number of items that are handed out before there is a thread for them: none while items are long, and many while
/// they are so short that threads would wait for the caller's.
#[derive(Debug)]
pub(super) struct Lookahead {
    most: u64,
    now: u64,
    since: Instant,
}

impl Lookahead {
    /// Creates a look-ahead of no item for now, and of at most `most`.
    pub(super) fn new(most: u64, now: Instant) -> Self {
        Lookahead { most, now: 0, since: now }
    }

    /// Returns whether there may be items for which there is no thread.
    pub(super) fn is_on(&self) -> bool {
        self.most > 0
    }

    /// Returns the number of items.
    pub(super) fn items(&self) -> u64 {
        self.now
    }

    /// Notes that the caller's thread was busy with something else until now.
    pub(super) fn starts(&mut self) {
        if self.most > 0 {
            self.since = Instant::now();
        }
    }

    /// Adapts to the pace at which `ended` items have ended. The number at most doubles.
    pub(super) fn adapt(&mut self, ended: u64) {
        if self.most > 0 && ended > 0 {
            self.go_on(ended, Instant::now());
        }
    }

    fn go_on(&mut self, ended: u64, now: Instant) {
        let took = (now - self.since).as_nanos().max(1);
        let fitting = SPAN.as_nanos() * u128::from(ended) / took;
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX);
        self.now = fitting.min(2 * ended.max(self.now)).min(self.most);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_items_are_handed_out_ahead() {
        let begin = Instant::now();
        let mut lookahead = Lookahead::new(100, begin);
        assert_eq!(lookahead.items(), 0, "nothing is known yet");
        let mut now = begin;
        let mut after = |ended, micros| {
            now += Duration::from_micros(micros);
            lookahead.go_on(ended, now);
            lookahead.items()
        };
        assert_eq!([after(2, 2), after(6, 6), after(14, 14)], [4, 12, 28]);
        assert_eq!(after(60, 60), 100);
        assert_eq!(after(100, 10_000), 5, "a tenth of a millisecond each");
        assert_eq!(after(1, 1_000), 0);
        assert_eq!(Lookahead::new(0, begin).items(), 0);
    }
}
