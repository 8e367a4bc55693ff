//! A checksum of an item's value, by which a resumed run recognises its input.
//!
//! The item's type decides what of it counts, in [`compared`](super::compared).

pub(crate) mod unordered;

use std::hash::Hasher;
use std::io;

use serde::Serialize;

use unordered::Walk;

/// Stands for the fingerprint of a value that is or holds an address, which differs in every process.
pub(crate) const OF_ADDRESS: Option<u32> = Some(0x6164_6472);

/// Stands for the fingerprint of a value whose `Serialize` fails.
pub(crate) const NOT_SERIALIZED: Option<u32> = Some(0x6e6f_7365);

/// Stands for the fingerprint of a consumed item: items of this loop can't be known by their index in a later run.
pub const CONSUMED: Option<u32> = Some(safe_state_backends::CONSUMED);

/// The number of bytes of an item that are looked at.
pub const LIMIT: usize = 64 * 1024;

/// The number of bytes of a carried argument that are looked at: all.
pub const WHOLE: usize = usize::MAX;

/// Returns a checksum of the bytes that the value serialises to; none if its `Serialize` fails.
pub(crate) fn serialized<T: Serialize>(value: &T) -> Option<u32> {
    let mut checksum = Checksum::default();
    checksum.serialized(value).map(|()| checksum.value())
}

/// The checksum of an item while it is made.
#[derive(Debug)]
pub struct Checksum {
    hasher: crc32fast::Hasher,
    length: usize,
    /// The number of bytes that count.
    limit: usize,
    has_address: bool,
    has_failed: bool,
}

impl Default for Checksum {
    fn default() -> Self {
        Checksum::within(LIMIT)
    }
}

impl Checksum {
    /// Begins a checksum of no more than the first `limit` bytes.
    pub(crate) fn within(limit: usize) -> Self {
        let hasher = crc32fast::Hasher::new();
        Checksum { hasher, length: 0, limit, has_address: false, has_failed: false }
    }

    /// Adds the bytes that the value serialises to; returns none if its `Serialize` fails.
    pub(crate) fn serialized<T: Serialize + ?Sized>(&mut self, value: &T) -> Option<()> {
        let written = postcard::to_io(&Walk::within(self.limit).of(value), &mut *self).map(drop);
        // An error because of the limit does not count: the value is cut at the same byte next time.
        (written.is_ok() || self.length >= self.limit).then_some(())
    }

    /// Notes that something in the value differs in every process.
    pub(crate) fn note_address(&mut self) {
        self.has_address = true;
    }

    /// Notes that something in the value can't be serialised.
    pub(crate) fn note_failure(&mut self) {
        self.has_failed = true;
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    pub(crate) fn has_address(&self) -> bool {
        self.has_address
    }

    pub(crate) fn value(&self) -> u32 {
        self.hasher.clone().finalize()
    }
}

impl io::Write for Checksum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = &bytes[..bytes.len().min(self.limit - self.length)];
        self.hasher.update(taken);
        self.length += taken.len();
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Hasher for Checksum {
    fn write(&mut self, bytes: &[u8]) {
        // Bytes beyond the limit are ignored.
        let _ = io::Write::write(self, bytes);
    }

    fn finish(&self) -> u64 {
        u64::from(self.hasher.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::__fingerprint;

    /// The fingerprint that releases stored which did not treat maps specially.
    const PLAIN: u32 = 162_406_526;

    #[test]
    fn maps_are_known_whatever_their_order() {
        type Map = HashMap<String, HashMap<u32, Vec<Option<u64>>>>;
        let map = |shift: u32, count: u32| -> Map {
            let inner = |n| (0..count).map(|m| (m, vec![Some(u64::from(m + n)), None])).collect();
            (0..count).map(|n| (format!("key {n}"), inner(n + shift))).collect()
        };
        for count in [0, 1, 2, 40] {
            // Each map has its own random hasher.
            let expected = __fingerprint!(&map(0, count));
            assert!(expected.is_some());
            for _ in 0..20 {
                assert_eq!(__fingerprint!(&map(0, count)), expected);
                assert_eq!(
                    __fingerprint!(&(7, Some(map(0, count)))),
                    __fingerprint!(&(7, Some(map(0, count))))
                );
            }
            assert!(count == 0 || __fingerprint!(&map(1, count)) != expected, "{count}");
            assert_ne!(__fingerprint!(&map(0, count + 1)), expected);
        }
        let pairs = |pairs: [(u8, u8); 2]| __fingerprint!(&HashMap::from(pairs));
        assert_ne!(pairs([(1, 2), (3, 4)]), pairs([(1, 4), (3, 2)]));
    }

    #[test]
    fn a_large_map_is_known_by_its_length() {
        let map = |count: u64, last: u64| -> HashMap<u64, String> {
            (0..count)
                .map(|n| (n, if n + 1 == count { last.to_string() } else { "x".repeat(100) }))
                .collect()
        };
        let expected = __fingerprint!(&map(10_000, 1));
        assert!(expected.is_some());
        assert_eq!(__fingerprint!(&map(10_000, 1)), expected);
        assert_ne!(__fingerprint!(&map(10_001, 1)), expected);
        let one = |text: &str| HashMap::from([(1, text.repeat(LIMIT)), (2, "b".to_owned())]);
        assert_eq!(__fingerprint!(&one("ab")), __fingerprint!(&one("ab")));
    }

    #[test]
    fn what_holds_no_map_is_known_as_before() {
        assert_eq!(__fingerprint!(&("a", 1u8, vec![Some(-1i64)])), Some(PLAIN));
    }

    #[test]
    fn only_the_front_of_a_large_item_is_looked_at() {
        let large = vec![7u8; 10 * LIMIT];
        let mut other = large.clone();
        other[9 * LIMIT] = 8;
        assert_eq!(__fingerprint!(&large), __fingerprint!(&other));
        other[1] = 8;
        assert_ne!(__fingerprint!(&large), __fingerprint!(&other));
    }
}
