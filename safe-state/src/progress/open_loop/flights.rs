//! The items in flight, and the complete ones, in a loop whose items run side by side.

use safe_state_backends::format::SideBySide;
use safe_state_backends::{Captured, Completed, Mark};

/// The items whose bodies run, and the values of the one that the run attends to.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// The values recorded of the item that the run attends to.
    pub(super) captured: Vec<Captured>,
    /// All items in flight, if they run side by side.
    pub(super) flights: Option<Box<Flights>>,
}

/// The items in flight, and those that are complete.
#[derive(Debug)]
pub(super) struct Flights {
    /// All complete items. In a loop by key, only those of the present walk.
    complete: Completed,
    /// The index of the item that is handed out next.
    next: u64,
    /// The items in flight, in the order in which they were handed out.
    in_flight: Vec<Flight>,
    /// The mark with the highest index among the items that completed since the last save.
    last: Option<Mark>,
    /// The number of items that completed since the last save.
    unsaved: u64,
    /// Whether the checkpoint does not have all complete items yet.
    is_unsaved: bool,
}

/// An item in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Flight {
    pub(super) index: u64,
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
        let (in_flight, last) = (Vec::new(), None);
        Flights { complete, next, in_flight, last, unsaved: 0, is_unsaved: false }
    }

    /// Passes over the next `count` items, which the checkpoint counts as complete.
    pub(super) fn pass_over(&mut self, count: u64) {
        self.next += count;
    }

    /// Passes over an item whose key tells that it is complete.
    pub(super) fn pass_over_known(&mut self) {
        self.complete.insert(self.next);
        self.next += 1;
        self.is_unsaved = true;
    }

    /// Hands out the next item, with the hash of its key if the loop knows items by key.
    pub(super) fn hand_out(&mut self, key: Option<u64>) {
        self.in_flight.push(Flight { index: self.next, key, ..Flight::default() });
        self.next += 1;
    }

    /// Returns the index of the item that was handed out last.
    pub(super) fn last_handed_out(&self) -> u64 {
        self.in_flight.last().map_or(0, |flight| flight.index)
    }

    /// Takes the fingerprint of the item that was handed out last, if the item can have one.
    pub(super) fn mark(&mut self, fingerprint: Option<u32>) {
        if let Some(flight) = self.in_flight.last_mut() {
            flight.mark = fingerprint.map(|fingerprint| Mark { index: flight.index, fingerprint });
        }
    }

    pub(super) fn get(&self, index: u64) -> Option<&Flight> {
        self.in_flight.iter().find(|flight| flight.index == index)
    }

    pub(super) fn get_mut(&mut self, index: u64) -> Option<&mut Flight> {
        self.in_flight.iter_mut().find(|flight| flight.index == index)
    }

    /// Completes an item. Returns whether it was in flight.
    pub(super) fn complete(&mut self, index: u64) -> bool {
        let Some(at) = self.in_flight.iter().position(|flight| flight.index == index) else {
            return false;
        };
        let flight = self.in_flight.remove(at);
        self.complete.insert(index);
        self.last = flight
            .mark
            .filter(|mark| self.last.is_none_or(|last| last.index < mark.index))
            .or(self.last);
        self.unsaved += 1;
        self.is_unsaved = true;
        true
    }

    /// Removes the items in flight, without completing them. Returns whether there were any.
    pub(super) fn land(&mut self) -> bool {
        let had_any = !self.in_flight.is_empty();
        self.is_unsaved |= had_any;
        self.in_flight.clear();
        had_any
    }

    /// Takes in that there are only so many items.
    pub(super) fn shrink(&mut self, total: u64) {
        self.complete.truncate(total);
        self.is_unsaved = true;
    }

    /// Returns how many items are complete.
    pub(super) fn reached(&self) -> u64 {
        self.complete.len()
    }

    /// Returns the index up to which all items are complete.
    pub(super) fn prefix(&self) -> u64 {
        self.complete.prefix()
    }

    /// Takes the mark with the highest index among the items that completed since the last save.
    pub(super) fn take_mark(&mut self) -> Option<Mark> {
        self.last.take()
    }

    /// Takes the number of items that completed since the last save.
    pub(super) fn take_unsaved(&mut self) -> u64 {
        std::mem::take(&mut self.unsaved)
    }

    /// Takes what the checkpoint does not have yet; `None` if it has all complete items.
    pub(super) fn take_change(&mut self) -> Option<Box<SideBySide>> {
        std::mem::take(&mut self.is_unsaved).then(|| {
            let in_flight = self.in_flight.iter().map(|it| it.key.unwrap_or(it.index)).collect();
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
}
