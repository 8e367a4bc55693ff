//! The keys of completed items, for loops that know their items by key.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The completed items of a loop that knows its items by key: a hash of each item's key.
///
/// A key takes eight bytes, in memory and in the file. A save writes only the keys of the items that completed since the last
/// save.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// A fingerprint of the way in which keys are made.
    made_by: u32,
    #[serde(serialize_with = "write_flat", deserialize_with = "read_flat")]
    hashes: Vec<u64>,
}

impl Keys {
    /// Creates a set of key hashes. `made_by` is a fingerprint of the way in which the keys are made.
    pub fn new(made_by: u32, hashes: Vec<u64>) -> Self {
        Keys { made_by, hashes }
    }

    /// Returns the fingerprint of the way in which the keys are made.
    pub fn made_by(&self) -> u32 {
        self.made_by
    }

    /// Returns the hashes, in the order in which the items completed.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Returns the number of completed items.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Returns whether no item is complete.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Returns whether the keys are hashed by their type's `Hash`, which the lowest bit of `made_by` says.
    pub(crate) fn is_by_hash(&self) -> bool {
        self.made_by & 1 != 0
    }

    /// Returns whether `added` can be added: all keys of a loop have to be made in the same way.
    pub(crate) fn takes(&self, added: &Keys) -> bool {
        self.is_empty() || self.made_by == 0 || self.made_by == added.made_by
    }

    /// Removes the keys with these hashes.
    pub(crate) fn remove(&mut self, hashes: &HashSet<u64>) {
        self.hashes.retain(|hash| !hashes.contains(hash));
    }

    pub(crate) fn add(&mut self, added: Keys) {
        if self.is_empty() {
            *self = added;
        } else {
            if self.made_by == 0 {
                self.made_by = added.made_by;
            }
            self.hashes.extend(added.hashes);
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.len())
    }
}

/// Serialises numbers as eight bytes each, because hashes do not get shorter as varints. In formats for people (JSON), writes a
/// list of numbers.
fn write_flat<S: Serializer>(numbers: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return numbers.serialize(serializer);
    }
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    serializer.serialize_bytes(&bytes)
}

fn read_flat<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    if deserializer.is_human_readable() {
        return Vec::deserialize(deserializer);
    }
    deserializer.deserialize_bytes(Bytes)
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("eight bytes for each key")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(numbers.iter().copied().map(u64::from_le_bytes).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_takes_eight_bytes() {
        let keys = Keys::new(7, vec![1, u64::MAX]);
        let bytes = postcard::to_stdvec(&keys).unwrap();
        assert_eq!(bytes.len(), 2 + 2 * 8);
        assert_eq!(postcard::from_bytes::<Keys>(&bytes).unwrap(), keys);
        let json = serde_json::to_string(&keys).unwrap();
        assert_eq!(serde_json::from_str::<Keys>(&json).unwrap(), keys);
    }

    #[test]
    fn a_part_of_a_key_is_refused() {
        postcard::from_bytes::<Keys>(&[7, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap_err();
    }

    #[test]
    fn keys_of_another_making_are_refused() {
        let mut keys = Keys::default();
        keys.add(Keys::new(7, vec![1]));
        keys.add(Keys::new(7, vec![2]));
        assert_eq!(keys, Keys::new(7, vec![1, 2]));
        assert!(!keys.takes(&Keys::new(8, vec![3])));
    }
}
