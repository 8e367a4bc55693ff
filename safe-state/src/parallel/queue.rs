//! The places of tasks that wait for a thread. Each place is claimed by one thread, in the order of the queue and without
//! a lock.

use super::sync::{AtomicU32, AtomicU64, Ordering};

/// The places that wait. One thread appends to the queue; any thread may claim.
#[derive(Debug)]
pub(super) struct Queue {
    ring: Box<[AtomicU32]>,
    /// The number of places that were appended.
    appended: Apart,
    /// The number of places that were claimed.
    claimed: Apart,
}

/// A number in a cache line of its own, as one thread writes it while others write their neighbours.
#[derive(Debug)]
#[repr(align(128))]
struct Apart(AtomicU64);

impl Queue {
    /// Creates a queue that has room for `most` places.
    pub(super) fn new(most: usize) -> Self {
        let ring = (0..most.next_power_of_two()).map(|_| AtomicU32::new(0)).collect();
        Queue { ring, appended: Apart(AtomicU64::new(0)), claimed: Apart(AtomicU64::new(0)) }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the ring is shorter than that")]
    fn slot(&self, number: u64) -> &AtomicU32 {
        &self.ring[number as usize & (self.ring.len() - 1)]
    }

    /// Appends places, for which there must be room. Only one thread may append.
    pub(super) fn append(&self, places: &[u32]) {
        let appended = self.appended.0.load(Ordering::Relaxed);
        for (number, place) in (appended..).zip(places) {
            self.slot(number).store(*place, Ordering::Relaxed);
        }
        // Whoever sees the new number sees the places, and what was stored in them.
        self.appended.0.store(appended + places.len() as u64, Ordering::Release);
    }

    /// Claims the first place. Returns its number in the queue, and the place; `None` if none waits.
    pub(super) fn claim(&self) -> Option<(u64, u32)> {
        let mut number = self.claimed.0.load(Ordering::Acquire);
        while number < self.appended.0.load(Ordering::Acquire) {
            // The slot is written again only after this number was claimed, and then the claim below fails.
            let place = self.slot(number).load(Ordering::Relaxed);
            let claimed = self.claimed.0.compare_exchange_weak(
                number,
                number + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match claimed {
                Ok(_) => return Some((number, place)),
                Err(now) => number = now,
            }
        }
        None
    }

    /// Returns the number of places that were appended.
    pub(super) fn appended(&self) -> u64 {
        self.appended.0.load(Ordering::Acquire)
    }

    /// Returns the number of places that were claimed.
    pub(super) fn claimed(&self) -> u64 {
        self.claimed.0.load(Ordering::Acquire)
    }

    /// Returns whether no place waits.
    pub(super) fn is_empty(&self) -> bool {
        self.claimed() >= self.appended()
    }

    /// Returns the first place that waits and is one that `is_wanted`. Only the thread that appends may ask.
    pub(super) fn first(&self, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let places =
            (self.claimed()..self.appended()).map(|it| self.slot(it).load(Ordering::Relaxed));
        places.into_iter().find(|place| is_wanted(*place))
    }
}
