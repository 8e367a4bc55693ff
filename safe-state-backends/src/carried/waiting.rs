//! The stored elements of a worklist, which are taken away and added at both ends.
//!
//! Each element is an entry: the version of the schema in which it was written, its length, its bytes, and behind them the
//! length of all that, written so that it can be read backwards.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use super::names::Names;
use crate::value::Section;

/// A worklist, or its difference from the stored one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) names: Names,
    /// The numbers of elements to take away at the front and at the back; zero for a whole list.
    pub(super) taken: (u64, u64),
    /// The number of bytes whose entries go in front of the stored ones; zero for a whole list.
    pub(super) ahead: u64,
    pub(super) entries: Entries,
}

/// Entries one after another, shared in memory by a record and the checkpoint it changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entries(Arc<VecDeque<u8>>);

impl Waiting {
    /// Returns whether the list has the elements that `change` takes away, and `change` is consistent in itself.
    pub(super) fn takes(&self, change: &Waiting) -> bool {
        let (front, back) = change.taken;
        let ends = self.entries.front(front).zip(self.entries.back(back));
        let has_them = ends.is_some_and(|(from, to)| from <= to);
        has_them && usize::try_from(change.ahead).is_ok_and(|ahead| ahead <= change.entries.len())
    }

    /// Takes away and adds the elements that `change` says, as far as it can.
    pub(super) fn apply(&mut self, change: Waiting) {
        let (front, back) = change.taken;
        let (from, to) = (self.entries.front(front), self.entries.back(back));
        self.names = change.names;
        let entries = Arc::make_mut(&mut self.entries.0);
        entries.truncate(to.unwrap_or_default());
        entries.drain(..from.unwrap_or_default().min(entries.len()));
        let ahead = usize::try_from(change.ahead).unwrap_or(usize::MAX);
        let ahead = ahead.min(change.entries.len());
        change.entries.0.range(..ahead).rev().for_each(|byte| entries.push_front(*byte));
        entries.extend(change.entries.0.range(ahead..));
        // The memory of a long list is given back once the list is short.
        if entries.capacity() / 4 > entries.len().max(1024) {
            entries.shrink_to(2 * entries.len());
        }
    }

    /// Returns the values one after another, without their frames; `None` if the entries are damaged.
    pub(super) fn values(&self) -> Option<(Vec<Section>, Vec<u8>)> {
        let mut sections: Vec<Section> = Vec::new();
        let mut values = Vec::with_capacity(self.entries.len());
        let mut at = 0;
        while at < self.entries.len() {
            let entry = self.entries.entry(at)?;
            values.extend(self.entries.0.range(entry.value.clone()));
            let one =
                Section { version: entry.version, elements: 1, len: entry.value.len() as u64 };
            match sections.last_mut().filter(|last| last.version == one.version) {
                Some(last) => last.extend(one),
                None => sections.push(one),
            }
            at = entry.end;
        }
        Some((sections, values))
    }
}

/// The position of an entry.
struct Entry {
    version: u32,
    value: std::ops::Range<usize>,
    end: usize,
}

impl Entries {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Makes entries of the values in `bytes`, whose ends are `ends`, all written in schema version `version`.
    pub(super) fn of(version: u32, bytes: &[u8], ends: &[usize]) -> Self {
        let mut entries = Vec::with_capacity(bytes.len() + 3 * ends.len());
        let mut begin = 0;
        for end in ends {
            let value = bytes.get(begin..*end).unwrap_or_default();
            let start = entries.len();
            push_varint(&mut entries, version.into());
            push_varint(&mut entries, value.len() as u64);
            entries.extend_from_slice(value);
            let all = entries.len();
            push_varint(&mut entries, (all - start) as u64);
            entries.get_mut(all..).unwrap_or_default().reverse();
            begin = *end;
        }
        Entries(Arc::new(entries.into()))
    }

    /// Returns the position behind the first `count` entries.
    fn front(&self, count: u64) -> Option<usize> {
        let mut at = 0;
        for _ in 0..count {
            at = self.entry(at)?.end;
        }
        Some(at)
    }

    /// Returns the position before the last `count` entries.
    fn back(&self, count: u64) -> Option<usize> {
        let mut end = self.len();
        for _ in 0..count {
            let (all, len) = self.varint(|at| end.checked_sub(at + 1))?;
            let start = end.checked_sub(len)?.checked_sub(usize::try_from(all).ok()?)?;
            // Reading from the front has to find the same entry.
            end = self.entry(start).filter(|entry| entry.end == end).map(|_| start)?;
        }
        Some(end)
    }

    /// Reads the entry that begins at `start`.
    fn entry(&self, start: usize) -> Option<Entry> {
        let (version, version_len) = self.varint(|at| start.checked_add(at))?;
        let behind = start + version_len;
        let (len, len_len) = self.varint(|at| behind.checked_add(at))?;
        let begin = behind + len_len;
        let end = begin.checked_add(usize::try_from(len).ok()?).filter(|end| *end <= self.len())?;
        let all = (end - start) as u64;
        let tail_len = varint_len(all);
        let tail_end = end.checked_add(tail_len).filter(|tail_end| *tail_end <= self.len())?;
        let (told, told_len) = self.varint(|at| tail_end.checked_sub(at + 1))?;
        let is_sound = (told, told_len) == (all, tail_len) && len > 0;
        let version = u32::try_from(version).ok()?;
        is_sound.then_some(Entry { version, value: begin..end, end: tail_end })
    }

    /// Reads a number whose bytes are at the positions that `place` gives. Returns it and its length.
    fn varint(&self, place: impl Fn(usize) -> Option<usize>) -> Option<(u64, usize)> {
        let mut number = 0_u64;
        for at in 0..10 {
            let byte = *self.0.get(place(at)?)?;
            let bits = u64::from(byte & 0x7F);
            let shifted = bits << (7 * at);
            if shifted >> (7 * at) != bits {
                return None;
            }
            number |= shifted;
            if byte & 0x80 == 0 {
                return Some((number, at + 1));
            }
        }
        None
    }
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn varint_len(number: u64) -> usize {
    (u64::BITS - number.leading_zeros()).div_ceil(7).max(1) as usize
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slices() {
            (all, []) => serializer.serialize_bytes(all),
            (front, back) => serializer.serialize_bytes(&[front, back].concat()),
        }
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        Ok(Entries(Arc::new(bytes.into_vec().into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(values: &[&[u8]]) -> Entries {
        let mut ends = Vec::new();
        for value in values {
            ends.push(ends.last().unwrap_or(&0) + value.len());
        }
        Entries::of(1, &values.concat(), &ends)
    }

    fn list(values: &[&[u8]]) -> Waiting {
        Waiting { names: Names::default(), taken: (0, 0), ahead: 0, entries: entries(values) }
    }

    fn values(list: &Waiting) -> Vec<u8> {
        list.values().unwrap().1
    }

    #[test]
    fn elements_are_taken_and_added_at_both_ends() {
        let long = [7; 300];
        let mut stored = list(&[b"a", b"bc", &long, b"d"]);
        let ahead = entries(&[b"x", b"y"]).len() as u64;
        let change = Waiting { taken: (1, 2), ahead, ..list(&[b"x", b"y", b"z"]) };
        assert!(stored.takes(&change));
        stored.apply(change);
        assert_eq!(values(&stored), b"xybcz");
        assert_eq!(stored.values().unwrap().0, [Section { version: 1, elements: 4, len: 5 }]);
        for taken in [(5, 0), (0, 5), (3, 2), (u64::MAX, 0)] {
            assert!(!stored.takes(&Waiting { taken, ..list(&[]) }), "{taken:?}");
        }
        assert!(!stored.takes(&Waiting { ahead: 1, ..list(&[]) }));
        let all = Waiting { taken: (1, 3), ..list(&[]) };
        assert!(stored.takes(&all));
        stored.apply(all);
        assert_eq!(stored.entries.len(), 0);
    }

    #[test]
    fn the_bytes_of_an_entry_are_those_that_are_described() {
        assert_eq!(*entries(&[b"ab"]).0, [1, 2, b'a', b'b', 4]);
        let long = entries(&[&[7; 300]]);
        let (head, tail): (Vec<u8>, Vec<u8>) =
            (long.0.range(..4).copied().collect(), long.0.range(303..).copied().collect());
        // The length is 303 bytes: 0xAF 0x02 as a varint, written backwards.
        assert_eq!((head, tail), (vec![1, 0xAC, 2, 7], vec![2, 0xAF]));
    }

    #[test]
    fn damaged_entries_are_noticed() {
        let sound = entries(&[b"abc", &[7; 200]]);
        let bytes: Vec<u8> = sound.0.iter().copied().collect();
        for at in 0..bytes.len() {
            for change in [1, 0x80, 0xFF] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                let damaged = Entries(Arc::new(bytes.into()));
                let list = Waiting { entries: damaged, ..list(&[]) };
                // Damaged entries cause no panic and claim no more than there is.
                if let Some((sections, values)) = list.values() {
                    let sum: u64 = sections.iter().map(|section| section.len).sum();
                    assert_eq!(sum, values.len() as u64);
                }
                let _ = (list.entries.front(3), list.entries.back(3));
            }
        }
        for cut in 1..bytes.len() {
            let cut = Entries(Arc::new(bytes[cut..].to_vec().into()));
            assert!(cut.front(2).is_none());
        }
    }
}
