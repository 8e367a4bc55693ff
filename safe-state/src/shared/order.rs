//! The order in which a worker tries to claim slices.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};

use safe_state_backends::Completed;

/// The place where a worker looks for a slice. It is behind the worker's last slice, so that the worker goes through
/// the input as a loop does. Where another worker was first, it is somewhere else, so that workers spread over the
/// input.
#[derive(Debug)]
pub(crate) struct Order {
    next: u32,
    /// The slices that other workers have, as far as this one has tried them since it last waited.
    held: BTreeSet<u32>,
    /// The slices whose items this worker holds in memory.
    at_hand: BTreeSet<u32>,
    random: fn() -> u64,
}

impl Order {
    /// Creates an order that begins at a random slice.
    pub(crate) fn new(count: u32) -> Self {
        Order::by(count, || RandomState::new().build_hasher().finish())
    }

    fn by(count: u32, random: fn() -> u64) -> Self {
        let (held, at_hand) = (BTreeSet::new(), BTreeSet::new());
        let mut order = Order { next: 0, held, at_hand, random };
        order.go_elsewhere(count);
        order
    }

    /// Returns the slice of `count` to try next: one that is neither finished nor known to be another worker's. Returns
    /// `None` if no slice is left to try.
    pub(crate) fn next(&self, finished: &Completed, count: u32) -> Option<u32> {
        let at_hand = self.at_hand.iter().copied();
        let around = at_hand.chain(self.next..count).chain(0..self.next.min(count));
        let mut free = around.filter(|slice| !self.held.contains(slice));
        free.find(|slice| !finished.contains(u64::from(*slice)))
    }

    /// Notes the slices whose items are in memory: the worker tries these first.
    pub(crate) fn has_at_hand(&mut self, slices: impl Iterator<Item = u32>) {
        self.at_hand = slices.collect();
    }

    /// Notes that this worker has claimed `slice`.
    pub(crate) fn claimed(&mut self, slice: u32) {
        self.next = slice + 1;
        self.held.clear();
    }

    /// Notes that another worker has `slice`, and goes on at a random slice.
    pub(crate) fn is_held(&mut self, slice: u32, count: u32) {
        self.held.insert(slice);
        self.go_elsewhere(count);
    }

    /// Notes that the worker has waited, so that others may have let their slices go.
    pub(crate) fn has_waited(&mut self) {
        self.held.clear();
    }

    fn go_elsewhere(&mut self, count: u32) {
        self.next = u32::try_from((self.random)() % u64::from(count.max(1))).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(slices: impl IntoIterator<Item = u64>) -> Completed {
        let mut finished = Completed::default();
        slices.into_iter().for_each(|slice| finished.insert(slice));
        finished
    }

    #[test]
    fn a_worker_goes_on_behind_what_it_had() {
        let mut order = Order::by(8, || 5);
        assert_eq!(order.next(&finished([]), 8), Some(5));
        order.claimed(5);
        assert_eq!(order.next(&finished([5, 6]), 8), Some(7));
        order.claimed(7);
        assert_eq!(order.next(&finished([5, 6, 7]), 8), Some(0));
    }

    #[test]
    fn a_worker_passes_over_slices_of_others_until_it_has_waited() {
        let mut order = Order::by(3, || 0);
        order.is_held(0, 3);
        order.is_held(1, 3);
        assert_eq!(order.next(&finished([]), 3), Some(2));
        assert_eq!(order.next(&finished([2]), 3), None);
        order.has_waited();
        assert_eq!(order.next(&finished([2]), 3), Some(0));
        assert_eq!(order.next(&finished([0, 1, 2]), 3), None);
    }

    #[test]
    fn a_worker_tries_first_the_slices_that_it_has_at_hand() {
        let mut order = Order::by(8, || 5);
        order.has_at_hand([2, 3].into_iter());
        assert_eq!(order.next(&finished([2]), 8), Some(3));
        order.is_held(3, 8);
        assert_eq!(order.next(&finished([2]), 8), Some(5));
    }

    #[test]
    fn a_worker_finds_each_slice_from_wherever_it_begins() {
        for count in [1, 2, 7, 256] {
            let (mut order, mut done) = (Order::new(count), finished([]));
            while let Some(slice) = order.next(&done, count) {
                assert!(!done.contains(u64::from(slice)));
                order.claimed(slice);
                done.insert(u64::from(slice));
            }
            assert_eq!(done.len(), u64::from(count));
        }
    }
}
