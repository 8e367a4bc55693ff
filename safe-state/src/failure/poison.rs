//! Finds the item in which the process dies: the run after a crash saves before each item.

use std::time::{Duration, Instant};

use safe_state_backends::{CrashCause, Failure, FailureKind};

/// The search for an item that kills the process. It ends when the run is past the point where the run before can have
/// died.
#[derive(Debug)]
pub(crate) struct PoisonDetector {
    items: u64,
    until: Instant,
    is_over: bool,
}

impl PoisonDetector {
    /// Starts the search of a run that begins now. If the run before has died, at most `items` items, and the items of
    /// at most `time`, may have begun since its last save.
    pub(crate) fn new(has_crashed: bool, (items, time): (u64, Duration), now: Instant) -> Self {
        let (items, time) = if has_crashed { (items, time) } else { (0, Duration::ZERO) };
        // A run is not equally fast each time.
        PoisonDetector { items, until: now + 2 * time, is_over: !has_crashed }
    }

    /// Adds to the items that may have begun since the last save of the run before.
    pub(crate) fn risk_more(&mut self, items: u64) {
        if !self.is_over {
            self.items += items;
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes in an item that is about to begin. Returns whether it is a suspect; once past the point where the run
    /// before died, no item is. `saving` is the time that has gone into saves, which the run before did not make: it does not
    /// count.
    pub(crate) fn suspects_next(&mut self, now: Instant, saving: Duration) -> bool {
        if self.items == 0 && self.until + saving <= now {
            self.is_over = true;
            return false;
        }
        self.items = self.items.saturating_sub(1);
        true
    }
}

/// Returns the failure of an item in which the process died `crashes` times.
pub(crate) fn poison(crashes: u32, cause: Option<CrashCause>) -> Failure {
    let times = if crashes == 1 { "once".to_owned() } else { format!("{crashes} times") };
    let message = format!("the process died {times} in this item");
    Failure::new(FailureKind::Crash, "crash", message)
        .with_causes(cause.map(|cause| cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detector_suspects_as_many_items_as_may_have_begun() {
        let now = Instant::now();
        let mut detector = PoisonDetector::new(true, (2, Duration::ZERO), now);
        assert!(!detector.is_over());
        assert_eq!(
            [0; 3].map(|_| detector.suspects_next(now, Duration::ZERO)),
            [true, true, false]
        );
        assert!(detector.is_over());
    }

    #[test]
    fn the_detector_suspects_items_for_twice_the_time() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut detector = PoisonDetector::new(true, (1, second), now);
        let mut at = |seconds: u32, saving: u32| {
            detector.suspects_next(now + seconds * second, saving * second)
        };
        assert!(at(0, 0) && at(1, 0));
        assert!(at(10, 9), "most of the time has gone into saves");
        assert!(!at(11, 9));
    }

    #[test]
    fn nothing_is_suspected_where_no_run_has_died() {
        assert!(PoisonDetector::new(false, (2, Duration::from_secs(1)), Instant::now()).is_over());
    }
}
