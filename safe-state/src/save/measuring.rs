//! What a run measures of its items and saves, until a save stores it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use safe_state_backends::{Measured, SlowItem};

/// The shortest time between two saves that store what was measured, so that most saves stay as short as they are.
const STORED_AGAIN: Duration = Duration::from_millis(250);
/// The number of slowest items that are kept.
const SLOWEST: usize = 10;

/// The times of saves and, if the job asks for them, of items.
#[derive(Debug)]
pub(super) struct Measuring {
    /// The items that have begun, by the depths of their loops and their indices; `None` if items are not timed.
    items: Option<BTreeMap<(usize, u64), Timed>>,
    /// The times of this run's slowest items, the shortest first.
    slowest: Vec<u64>,
    unsaved: Measured,
    stored_at: Instant,
    /// Whether the next save is the last, and stores all.
    is_closing: bool,
    before_commit: Option<Box<Before>>,
}

/// What was measured before an item was committed, which counts again if the commit fails.
#[derive(Debug)]
struct Before {
    /// The item, once it has completed.
    item: Option<((usize, u64), Timed)>,
    slowest: Vec<u64>,
    unsaved: Measured,
}

/// An item that has begun.
#[derive(Clone, Copy, Debug)]
struct Timed {
    began: Instant,
    /// The end of its body, if another thread has seen that.
    ended: Option<Instant>,
}

impl Measuring {
    pub(super) fn new(now: Instant) -> Self {
        let (unsaved, slowest) = (Measured::default(), Vec::new());
        let before_commit = None;
        Measuring {
            items: None,
            slowest,
            unsaved,
            stored_at: now,
            is_closing: false,
            before_commit,
        }
    }

    pub(super) fn with_items(self) -> Self {
        Measuring { items: Some(BTreeMap::new()), ..self }
    }

    pub(super) fn times_items(&self) -> bool {
        self.items.is_some()
    }

    /// Notes that an item begins, unless it has begun.
    pub(super) fn begins(&mut self, depth: usize, index: u64) {
        if let Some(items) = &mut self.items {
            items
                .entry((depth, index))
                .or_insert_with(|| Timed { began: Instant::now(), ended: None });
        }
    }

    /// Notes when the body of an item, or the latest attempt at it, has ended.
    pub(super) fn ended(&mut self, depth: usize, index: u64, at: Instant) {
        let timed = self.items.as_mut().and_then(|items| items.get_mut(&(depth, index)));
        if let Some(timed) = timed {
            timed.ended = Some(at);
        }
    }

    /// Returns how long the item took, which is about to complete, in nanoseconds; and whether it is one of the slowest.
    pub(super) fn time_of(&self, depth: usize, index: u64) -> Option<(u64, bool)> {
        let Timed { began, ended } = *self.items.as_ref()?.get(&(depth, index))?;
        let took = ended.unwrap_or_else(Instant::now).saturating_duration_since(began);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let is_slow = self.slowest.len() < SLOWEST || self.slowest.first() < Some(&nanos);
        Some((nanos, is_slow))
    }

    /// Adds an item that has completed.
    pub(super) fn completed(
        &mut self,
        (depth, index): (usize, u64),
        nanos: u64,
        slow: Option<SlowItem>,
    ) {
        let begun = self.items.as_mut().and_then(|items| items.remove(&(depth, index)));
        if let Some(before) = &mut self.before_commit {
            before.item = begun.map(|timed| ((depth, index), timed));
        }
        self.unsaved.add_item(nanos);
        let Some(slow) = slow else { return };
        self.unsaved.add_slow(slow);
        let at = self.slowest.partition_point(|known| *known < nanos);
        self.slowest.insert(at, nanos);
        if self.slowest.len() > SLOWEST {
            self.slowest.remove(0);
        }
    }

    /// Forgets the items that have begun in the loop at `depth`, and in loops inside: the loop has been left.
    pub(super) fn left(&mut self, depth: usize) {
        if let Some(items) = &mut self.items {
            items.retain(|(of, _), _| *of < depth);
        }
    }

    /// Notes that an item is about to be committed: what is measured from here on is forgotten if that fails.
    pub(super) fn commit_begins(&mut self) {
        let (slowest, unsaved) = (self.slowest.clone(), self.unsaved.clone());
        self.before_commit = Some(Box::new(Before { item: None, slowest, unsaved }));
    }

    /// Notes that the commit has failed: the item is in flight again, and what a save was to store is not stored.
    pub(super) fn commit_failed(&mut self) {
        let Some(before) = self.before_commit.take() else { return };
        (self.slowest, self.unsaved) = (before.slowest, before.unsaved);
        if let Some(items) = &mut self.items {
            items.extend(before.item);
        }
    }

    pub(super) fn saved(&mut self, took: Duration) {
        self.unsaved.add_save(took);
    }

    /// Lets the next save store all that was measured.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
    }

    /// Takes what was measured, for a save, unless it was taken a moment ago. The last save of a run takes it always.
    pub(super) fn take(&mut self, now: Instant, is_last: bool) -> Option<Box<Measured>> {
        let is_due = is_last || self.is_closing || now - self.stored_at >= STORED_AGAIN;
        if !is_due || self.unsaved.is_empty() {
            return None;
        }
        self.stored_at = now;
        Some(Box::new(std::mem::take(&mut self.unsaved)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(index: u64, nanos: u64) -> SlowItem {
        SlowItem { index, nanos, ..SlowItem::default() }
    }

    #[test]
    fn an_item_is_timed_from_its_first_begin_to_its_last_end() {
        let mut measuring = Measuring::new(Instant::now()).with_items();
        measuring.begins(0, 7);
        std::thread::sleep(Duration::from_millis(2));
        measuring.begins(0, 7);
        let (nanos, is_slow) = measuring.time_of(0, 7).unwrap();
        assert!(nanos >= 2_000_000 && is_slow, "{nanos}");
        measuring.ended(0, 7, Instant::now());
        let (nanos, _) = measuring.time_of(0, 7).unwrap();
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(measuring.time_of(0, 7), Some((nanos, true)));
        measuring.completed((0, 7), nanos, Some(slow(7, nanos)));
        assert_eq!(measuring.time_of(0, 7), None);
        measuring.begins(0, 8);
        measuring.begins(1, 0);
        measuring.left(1);
        assert!(measuring.time_of(1, 0).is_none() && measuring.time_of(0, 8).is_some());
    }

    #[test]
    fn only_items_among_the_slowest_of_the_run_are_told() {
        let now = Instant::now();
        let mut measuring = Measuring::new(now).with_items();
        for index in 0..20 {
            measuring.completed((0, index), 1000 - index, Some(slow(index, 1000 - index)));
            measuring.take(now, true);
        }
        assert_eq!((measuring.slowest.len(), measuring.slowest[0]), (SLOWEST, 991));
        measuring.begins(0, 20);
        let began = measuring.items.as_ref().unwrap()[&(0, 20)].began;
        measuring.ended(0, 20, began + Duration::from_nanos(991));
        assert_eq!(measuring.time_of(0, 20), Some((991, false)));
        measuring.ended(0, 20, began + Duration::from_nanos(992));
        assert_eq!(measuring.time_of(0, 20), Some((992, true)));
    }

    #[test]
    fn what_was_measured_is_taken_now_and_then_and_at_the_end() {
        let now = Instant::now();
        let mut measuring = Measuring::new(now);
        assert!(measuring.take(now, true).is_none() && !measuring.times_items());
        measuring.saved(Duration::from_millis(1));
        assert!(measuring.take(now, false).is_none());
        assert_eq!(measuring.take(now + STORED_AGAIN, false).unwrap().saves, 1);
        measuring.saved(Duration::from_millis(1));
        assert!(measuring.take(now + STORED_AGAIN, false).is_none());
        measuring.close();
        assert_eq!(measuring.take(now + STORED_AGAIN, false).unwrap().saves, 1);
    }

    #[test]
    fn an_item_whose_commit_fails_is_timed_once() {
        let now = Instant::now();
        let mut measuring = Measuring::new(now).with_items();
        measuring.saved(Duration::from_millis(1));
        for _ in 0..2 {
            measuring.begins(0, 7);
            measuring.commit_begins();
            let (nanos, _) = measuring.time_of(0, 7).unwrap();
            measuring.completed((0, 7), nanos, Some(slow(7, nanos)));
            let stored = measuring.take(now + STORED_AGAIN, true).unwrap();
            assert_eq!((stored.saves, stored.slowest.len()), (1, 1));
            assert_eq!(stored.quantiles().unwrap().count, 1);
            measuring.commit_failed();
            measuring.commit_failed();
        }
        assert!(measuring.time_of(0, 7).is_some() && measuring.slowest.is_empty());
    }
}
