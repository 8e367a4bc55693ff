//! The items of a loop that knows them by key: which are complete, and which have been met.

use std::collections::HashMap;

use hashbrown::HashTable;
use safe_state_backends::Keys;

use crate::items::key;

/// The bit that says of a hash in the table that its item has been met in this run.
pub(crate) const MET: u64 = 1 << 63;

/// The bit of a making that says that the keys are hashed by `Hash`, and not by `Serialize`.
const BY_HASH: u32 = 1;

/// Of a making, what the text of the key accounts for.
pub(crate) fn text_of(made_by: u32) -> u32 {
    made_by & !BY_HASH
}

/// What is known of the items by their keys' hashes.
///
/// All in one table, of hashes of which one bit is taken: nine bytes for each of its places, as in a
/// set of hashes, of which at least half are in use while it grows.
#[derive(Debug)]
pub(crate) struct Keyed {
    /// How the keys are made, as far as it is known: what hashes them the first of them shows.
    made_by: u32,
    has_first: bool,
    /// What was complete before this run, and what it has met.
    table: HashTable<u64>,
    /// How often more than once a key has been met, of those that have.
    repeats: HashMap<u64, u64>,
    in_flight: u64,
    /// What completed since the last save.
    unsaved: Vec<u64>,
}

impl Keyed {
    pub(crate) fn new(made_by: u32, complete: Option<&Keys>) -> Self {
        let (made_by, has_first) = match complete.map(Keys::made_by) {
            // Named by hand, which hashes them by `Serialize`.
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

    /// Returns whether the keys are hashed as those that are complete.
    pub(crate) fn makes_as(&mut self, is_by_hash: bool) -> bool {
        let made_by = text_of(self.made_by) | if is_by_hash { BY_HASH } else { 0 };
        if !self.has_first {
            (self.made_by, self.has_first) = (made_by, true);
        }
        self.made_by == made_by
    }

    /// Takes in the next item of the input. Returns whether it is to be done.
    pub(crate) fn meet(&mut self, hash: u64) -> bool {
        let first = hash & !MET;
        self.in_flight = first;
        self.meet_first(first).unwrap_or_else(|| {
            let repeats = self.repeats.entry(first).or_default();
            *repeats += 1;
            self.in_flight = key::nth(first, *repeats) & !MET;
            // Met before only if two hashes are the same by chance; then it is done once more.
            self.meet_first(self.in_flight).unwrap_or(true)
        })
    }

    /// Returns whether the item is to be done, if it has not been met.
    fn meet_first(&mut self, hash: u64) -> Option<bool> {
        if let Some(entry) = self.table.find_mut(hash, |entry| entry & !MET == hash) {
            let is_met = *entry & MET != 0;
            *entry |= MET;
            return (!is_met).then_some(false);
        }
        self.table.insert_unique(hash, hash | MET, |entry| entry & !MET);
        Some(true)
    }

    /// Attends to the item of that hash, which has been met.
    pub(crate) fn attend(&mut self, hash: u64) {
        self.in_flight = hash;
    }

    /// Returns whether the item of that hash is complete, or has been met.
    pub(crate) fn knows(&self, hash: u64) -> bool {
        self.table.find(hash, |entry| entry & !MET == hash).is_some()
    }

    /// The hash of the item met last.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub(crate) fn complete(&mut self) {
        self.unsaved.push(self.in_flight);
    }

    /// What completed since the last save.
    pub(crate) fn unsaved(&self) -> &[u64] {
        &self.unsaved
    }

    pub(crate) fn put_back(&mut self, unsaved: Vec<u64>) {
        self.unsaved = unsaved;
    }

    /// What the checkpoint has not been told yet.
    pub(crate) fn take_unsaved(&mut self) -> Option<Keys> {
        let hashes = std::mem::take(&mut self.unsaved);
        (!hashes.is_empty()).then(|| Keys::new(self.made_by, hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meets the hashes after those before were complete; gives those to be done.
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
