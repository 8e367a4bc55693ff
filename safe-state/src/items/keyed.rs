//! The items of a loop that recognises them by key: which are complete, and which have been met in this run.

use std::collections::HashMap;

use hashbrown::HashTable;
use safe_state_backends::Keys;

use crate::items::key;

/// The bit of a table entry that tells that its item has been met in this run.
pub(crate) const MET: u64 = 1 << 63;

/// The bit of `made_by` that tells that keys are hashed by `Hash`, and not by `Serialize`.
const BY_HASH: u32 = 1;

/// Returns the part of `made_by` that depends on the text of the key.
pub(crate) fn text_of(made_by: u32) -> u32 {
    made_by & !BY_HASH
}

/// The items of a loop, by the hashes of their keys.
///
/// One table holds all of them, as hashes with one bit used as a mark. It takes nine bytes for each place, as a set of
/// hashes does; at least half of the places are in use while it grows.
#[derive(Debug)]
pub(crate) struct Keyed {
    /// A number that stands for the way the keys are made. Whether by `Hash` is only known after the first key.
    made_by: u32,
    has_first: bool,
    /// The items that were complete before this run, and those that it has met.
    table: HashTable<u64>,
    /// The number of further times that each key was met which was met more than once.
    repeats: HashMap<u64, u64>,
    in_flight: u64,
    /// The items completed since the last save.
    unsaved: Vec<u64>,
}

/// The keys of the items that completed since the last save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there are no pages"))]
pub(crate) struct UnsavedKeys<'k> {
    pub(crate) made_by: u32,
    /// The hashes, in the order in which the items completed.
    pub(crate) complete: &'k [u64],
    /// The hash of the item in flight, if it counts as complete.
    pub(crate) next: Option<u64>,
}

impl Keyed {
    pub(crate) fn new(made_by: u32, complete: Option<&Keys>) -> Self {
        let (made_by, has_first) = match complete.map(Keys::made_by) {
            // Keys named by hand are hashed by `Serialize`.
            Some(0) => (text_of(made_by), true),
            Some(made_by) => (made_by, true),
            None => (text_of(made_by), false),
        };
        let complete = complete.map(Keys::hashes).unwrap_or_default();
        let mut table = HashTable::with_capacity(complete.len());
        for hash in complete {
            let hash = hash & !MET;
            table.insert_unique(hash, hash, |entry| entry & !MET);
        }
        let (repeats, unsaved) = (HashMap::new(), Vec::new());
        Keyed { made_by, has_first, table, repeats, in_flight: 0, unsaved }
    }

    /// Returns whether a key is hashed in the same way as the complete ones. The first key sets the way if none is
    /// complete.
    pub(crate) fn makes_as(&mut self, is_by_hash: bool) -> bool {
        let made_by = text_of(self.made_by) | if is_by_hash { BY_HASH } else { 0 };
        if !self.has_first {
            (self.made_by, self.has_first) = (made_by, true);
        }
        self.made_by == made_by
    }

    /// Takes in the next item of the input. Returns whether its body is to run.
    pub(crate) fn meet(&mut self, hash: u64) -> bool {
        let first = hash & !MET;
        self.in_flight = first;
        self.meet_first(first).unwrap_or_else(|| {
            let repeats = self.repeats.entry(first).or_default();
            *repeats += 1;
            self.in_flight = key::nth(first, *repeats) & !MET;
            // It has been met only if two hashes are equal by chance; then the item is done once more.
            self.meet_first(self.in_flight).unwrap_or(true)
        })
    }

    /// Returns whether the item's body is to run; none if the item has been met before.
    fn meet_first(&mut self, hash: u64) -> Option<bool> {
        if let Some(entry) = self.table.find_mut(hash, |entry| entry & !MET == hash) {
            let is_met = *entry & MET != 0;
            *entry |= MET;
            return (!is_met).then_some(false);
        }
        self.table.insert_unique(hash, hash | MET, |entry| entry & !MET);
        Some(true)
    }

    /// Makes the item with this hash, which has been met, the one in flight.
    pub(crate) fn attend(&mut self, hash: u64) {
        self.in_flight = hash;
    }

    /// Returns whether the item with this hash is complete, or has been met.
    pub(crate) fn knows(&self, hash: u64) -> bool {
        self.table.find(hash, |entry| entry & !MET == hash).is_some()
    }

    /// Returns the hash of the item in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub(crate) fn complete(&mut self) {
        self.unsaved.push(self.in_flight);
    }

    /// Returns the items completed since the last save.
    pub(crate) fn unsaved(&self) -> UnsavedKeys<'_> {
        UnsavedKeys { made_by: self.made_by, complete: &self.unsaved, next: None }
    }

    pub(crate) fn put_back(&mut self, unsaved: Vec<u64>) {
        self.unsaved = unsaved;
    }

    /// Takes the keys of the items that the checkpoint has not been told of; none if there are none.
    pub(crate) fn take_unsaved(&mut self) -> Option<Keys> {
        let hashes = std::mem::take(&mut self.unsaved);
        (!hashes.is_empty()).then(|| Keys::new(self.made_by, hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meets the hashes in `input` after those in `complete`. Returns the positions of those to be done.
    fn done(complete: &Keys, input: &[u64]) -> Vec<usize> {
        let mut keyed = Keyed::new(7, Some(complete));
        (0..).zip(input).filter(|(_, hash)| keyed.meet(**hash)).map(|(at, _)| at).collect()
    }

    fn complete(input: &[u64]) -> Keys {
        let mut keyed = Keyed::new(7, None);
        for hash in input {
            assert!(keyed.meet(*hash));
            keyed.complete();
        }
        keyed.take_unsaved().unwrap()
    }

    #[test]
    fn what_is_complete_is_known_wherever_it_stands() {
        let complete = complete(&[1, 2, 3]);
        assert_eq!(done(&complete, &[4, 3, 1, 5, 2]), [0, 3]);
        assert_eq!(done(&complete, &[2]), [0; 0]);
    }

    #[test]
    fn an_item_that_stands_there_again_is_done_again() {
        let complete = complete(&[1, 1, 2]);
        assert_eq!(done(&complete, &[1, 2, 1, 1, 1, 2]), [3, 4, 5]);
        assert_eq!(done(&complete, &[1]), [0; 0]);
    }

    #[test]
    fn the_highest_bit_does_not_count() {
        assert_eq!(done(&complete(&[MET | 5]), &[5, MET | 5]), [1]);
    }
}
