//! The items in flight, and the complete ones, in a loop whose items run side by side.

use std::fmt::Arguments;

use safe_state_backends::format::SideBySide;
use safe_state_backends::{Captured, Completed, Mark};

use crate::ascending::Ascending;
use crate::bounded::write_bounded;
use crate::items::capture;

/// The items whose bodies run, and the values of the one that the run attends to.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// The values recorded of the item that the run attends to.
    pub(super) captured: Vec<Captured>,
    /// All items in flight, if they run side by side.
    pub(super) flights: Option<Box<Flights>>,
}

impl Bodies {
    /// Records values of the item that was handed out last.
    pub(super) fn capture(&mut self, values: &[(&str, Arguments<'_>)]) {
        // The strings of the item before are reused.
        self.captured.resize_with(values.len(), Captured::default);
        for (captured, (name, value)) in self.captured.iter_mut().zip(values) {
            captured.name.clear();
            captured.name.push_str(name);
            captured.value.clear();
            write_bounded(&mut captured.value, capture::LIMIT, *value);
        }
    }
}

/// The most complete items that are kept one by one, until they are added to the set of all.
const LATELY: usize = 4096;

/// The items that were handed out, and those that are complete.
#[derive(Debug)]
pub(in crate::progress) struct Flights {
    /// The complete items, without those of `lately`. In a loop by key, only those of the present walk.
    complete: Completed,
    /// Items that have completed lately, in any order.
    lately: Vec<u64>,
    /// The index of the item that is handed out next.
    next: u64,
    /// The items that were handed out and are not complete, by their indices.
    in_flight: Ascending<Flight>,
    /// The index from which on no item has begun that was handed out.
    unbegun: u64,
    /// The mark with the highest index among the items that completed since the last save.
    last: Option<Mark>,
    unsaved: Unsaved,
}

/// The changes that the checkpoint does not have yet.
#[derive(Clone, Copy, Debug, Default)]
struct Unsaved {
    /// The number of items that completed since the last save.
    count: u64,
    /// Whether it does not have all complete items.
    is_any: bool,
    /// Whether some of these items need a record in a page.
    needs_record: bool,
}

/// An item in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Flight {
    /// The hash of the item's key, in a loop by key.
    pub(super) key: Option<u64>,
    /// The item's fingerprint, if it was wanted.
    pub(super) mark: Option<Mark>,
    pub(super) captured: Vec<Captured>,
    /// The number of failed attempts in this run.
    pub(super) attempts: u32,
}

impl Flights {
    /// Creates the state of a loop whose complete items are `complete`, with none in flight. `next` is the first item
    /// that is not passed over.
    pub(super) fn new(complete: Completed, next: u64) -> Self {
        Flights {
            complete,
            lately: Vec::new(),
            next,
            in_flight: Ascending::default(),
            unbegun: u64::MAX,
            last: None,
            unsaved: Unsaved::default(),
        }
    }

    /// Passes over the next `count` items, which the checkpoint counts as complete.
    pub(super) fn pass_over(&mut self, count: u64) {
        self.next += count;
    }

    /// Passes over an item whose key tells that it is complete.
    pub(super) fn pass_over_known(&mut self) {
        self.complete.insert(self.next);
        self.next += 1;
        (self.unsaved.is_any, self.unsaved.needs_record) = (true, true);
    }

    /// Hands out the next item, with the hash of its key if the loop knows items by key.
    #[inline]
    pub(super) fn hand_out(&mut self, key: Option<u64>) {
        self.in_flight.insert(self.next, Flight { key, ..Flight::default() });
        self.next += 1;
    }

    /// Returns the index of the item that is handed out next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Returns the index of the item that was handed out last.
    pub(super) fn last_handed_out(&self) -> u64 {
        self.in_flight.last().unwrap_or_default()
    }

    /// Takes the fingerprint of the item that was handed out last, if the item can have one.
    pub(super) fn mark(&mut self, fingerprint: Option<u32>) {
        let index = self.last_handed_out();
        if let Some(flight) = self.in_flight.get_mut(index) {
            flight.mark = fingerprint.map(|fingerprint| Mark { index, fingerprint });
        }
    }

    pub(super) fn get(&self, index: u64) -> Option<&Flight> {
        self.in_flight.get(index)
    }

    /// Stores the values recorded of an item in flight.
    pub(in crate::progress) fn set_captured(&mut self, index: u64, captured: Vec<Captured>) {
        if let Some(flight) = self.get_mut(index) {
            flight.captured = captured;
        }
    }

    pub(super) fn get_mut(&mut self, index: u64) -> Option<&mut Flight> {
        self.in_flight.get_mut(index)
    }

    /// Sets the index from which on no item has begun that was handed out.
    pub(in crate::progress) fn set_unbegun(&mut self, index: u64) {
        // Then other items are in flight than the checkpoint may say.
        self.unsaved.is_any |= index != self.unbegun;
        self.unbegun = index;
    }

    /// Completes an item. Returns whether it was in flight.
    #[inline]
    pub(super) fn complete(&mut self, index: u64) -> bool {
        let Some(flight) = self.in_flight.remove(index) else { return false };
        if self.lately.len() == LATELY {
            self.gather();
        }
        self.lately.push(index);
        self.last = flight
            .mark
            .filter(|mark| self.last.is_none_or(|last| last.index < mark.index))
            .or(self.last);
        self.unsaved.count += 1;
        self.unsaved.is_any = true;
        true
    }

    /// Notes that an item has completed that a page has only as a record.
    pub(in crate::progress) fn need_record(&mut self) {
        self.unsaved.needs_record = true;
    }

    pub(super) fn needs_record(&self) -> bool {
        self.unsaved.needs_record
    }

    /// Returns the index before which all items have begun.
    pub(super) fn begun(&self) -> u64 {
        self.next.min(self.unbegun)
    }

    /// Returns the complete items, if all of them were taken for a save or a record.
    pub(super) fn recorded(&self) -> Option<&Completed> {
        (self.unsaved.count == 0 && self.lately.is_empty()).then_some(&self.complete)
    }

    /// Returns the mark with the highest index among the items that completed since the last save.
    pub(super) fn last(&self) -> Option<Mark> {
        self.last
    }

    /// Adds the items that have completed lately to the set of all.
    fn gather(&mut self) {
        let mut lately = std::mem::take(&mut self.lately);
        lately.sort_unstable();
        for range in lately.chunk_by(|before, next| before + 1 == *next) {
            self.complete.insert_range(range[0]..range[0] + range.len() as u64);
        }
        lately.clear();
        self.lately = lately;
    }

    /// Removes the items in flight, without completing them. Returns whether there were any.
    pub(super) fn land(&mut self) -> bool {
        let had_any = !self.in_flight.is_empty();
        self.unsaved.is_any |= had_any;
        self.in_flight.clear();
        had_any
    }

    /// Takes in that there are only so many items.
    pub(super) fn shrink(&mut self, total: u64) {
        self.gather();
        self.complete.truncate(total);
        self.unsaved.is_any = true;
    }

    /// Returns how many items are complete.
    pub(super) fn reached(&self) -> u64 {
        self.complete.len() + self.lately.len() as u64
    }

    /// Returns the index up to which all items are complete, by the change that was taken last.
    pub(super) fn prefix(&self) -> u64 {
        self.complete.prefix()
    }

    /// Takes the mark with the highest index among the items that completed since the last save.
    pub(super) fn take_mark(&mut self) -> Option<Mark> {
        self.last.take()
    }

    /// Takes the number of items that completed since the last save.
    pub(super) fn take_unsaved(&mut self) -> u64 {
        std::mem::take(&mut self.unsaved.count)
    }

    /// Takes what the checkpoint does not have yet; `None` if it has all complete items. An item that has not begun is
    /// not in flight there.
    pub(super) fn take_change(&mut self) -> Option<Box<SideBySide>> {
        self.unsaved.needs_record = false;
        std::mem::take(&mut self.unsaved.is_any).then(|| {
            self.gather();
            let begun = self.in_flight.iter().take_while(|(index, _)| *index < self.unbegun);
            let in_flight = begun.map(|(index, flight)| flight.key.unwrap_or(index)).collect();
            Box::new(SideBySide { completed: self.complete.clone(), in_flight })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_complete_in_any_order() {
        let mut flights = Flights::new(Completed::default(), 0);
        (0..4).for_each(|_| flights.hand_out(None));
        assert_eq!(flights.take_change(), None);
        assert!(flights.complete(2) && flights.complete(0));
        assert!(!flights.complete(2), "it is no more");
        let told = flights.take_change().unwrap();
        assert_eq!(told.completed, [0, 2].into_iter().collect());
        assert_eq!((told.in_flight, flights.take_unsaved(), flights.prefix()), (vec![1, 3], 2, 1));
        flights.set_unbegun(3);
        flights.complete(1);
        assert!(flights.take_change().unwrap().in_flight.is_empty(), "item 3 has not begun");
        flights.set_unbegun(3);
        assert_eq!(flights.take_change(), None);
        flights.set_unbegun(4);
        assert_eq!(flights.take_change().unwrap().in_flight, [3], "it has begun since");
        assert!(flights.land() && !flights.land());
        assert!(flights.take_change().unwrap().in_flight.is_empty());
    }

    #[test]
    fn the_mark_is_of_the_highest_item_that_completed() {
        let mut flights = Flights::new(Completed::default(), 5);
        for fingerprint in [Some(1), None, Some(3)] {
            flights.hand_out(None);
            flights.mark(fingerprint);
        }
        for (index, last) in [(7, Some(7)), (5, Some(7)), (6, Some(7))] {
            flights.complete(index);
            assert_eq!(flights.last.map(|mark| mark.index), last);
        }
        assert_eq!(flights.take_mark().map(|mark| mark.fingerprint), Some(3));
        assert_eq!(flights.take_mark(), None);
    }

    /// The first item takes as long as all others, of which 64 are in flight and end in any order.
    #[test]
    fn the_set_of_a_hundred_million_complete_items_is_small() {
        const ITEMS: u64 = 100_000_000;
        const LAST: u64 = ITEMS - 400_000;
        let mut flights = Flights::new(Completed::default(), 0);
        flights.hand_out(None);
        flights.complete.insert_range(1..LAST);
        flights.next = LAST;
        let (mut random, mut in_flight, mut largest) =
            (fastrand::Rng::with_seed(18), Vec::new(), 0);
        for _ in LAST..ITEMS {
            while in_flight.len() < 63 {
                in_flight.push(flights.next);
                flights.hand_out(None);
            }
            flights.complete(in_flight.swap_remove(random.usize(..in_flight.len())));
            if random.u16(..2_000) == 0 {
                let told = flights.take_change().unwrap();
                largest = largest.max(postcard::to_stdvec(&told).unwrap().len());
                assert_eq!((told.in_flight.len(), told.in_flight[0]), (in_flight.len() + 1, 0));
            }
        }
        assert!(largest < 64 * 1024, "{largest} bytes");
        assert_eq!(flights.reached(), ITEMS - 1);
        flights.complete(0);
        for item in in_flight {
            flights.complete(item);
        }
        let told = flights.take_change().unwrap();
        assert_eq!((told.completed.prefix(), flights.prefix()), (flights.next, flights.next));
    }
}
