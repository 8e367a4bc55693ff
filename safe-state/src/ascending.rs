//! A map whose keys are inserted in ascending order and mostly removed in about the same order.

use std::collections::VecDeque;

/// The shortest map that is packed: see [`Ascending::remove`].
const PACKED: usize = 32;

/// A map whose keys are inserted in ascending order. It takes no allocation for each key, and where the keys follow one
/// another, a value is found at once.
#[derive(Debug)]
pub(crate) struct Ascending<V> {
    /// The keys in order. A removed one has no value. The first has one.
    entries: VecDeque<(u64, Option<V>)>,
    /// The number of keys with a value.
    len: usize,
}

impl<V> Default for Ascending<V> {
    fn default() -> Self {
        Ascending { entries: VecDeque::new(), len: 0 }
    }
}

impl<V> Ascending<V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Inserts a key, which is higher than all that were inserted before.
    pub(crate) fn insert(&mut self, key: u64, value: V) {
        debug_assert!(self.entries.back().is_none_or(|(last, _)| *last < key), "{key}");
        self.entries.push_back((key, Some(value)));
        self.len += 1;
    }

    fn find(&self, key: u64) -> Option<usize> {
        let first = self.entries.front()?.0;
        let guess = usize::try_from(key.checked_sub(first)?).ok()?;
        if self.entries.get(guess).is_some_and(|(it, _)| *it == key) {
            return Some(guess);
        }
        self.entries.binary_search_by_key(&key, |(it, _)| *it).ok()
    }

    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        self.entries[self.find(key)?].1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        let at = self.find(key)?;
        self.entries[at].1.as_mut()
    }

    /// Removes a key, and returns its value.
    pub(crate) fn remove(&mut self, key: u64) -> Option<V> {
        let at = self.find(key)?;
        let value = self.entries[at].1.take()?;
        self.len -= 1;
        while self.entries.front().is_some_and(|(_, value)| value.is_none()) {
            self.entries.pop_front();
        }
        if self.entries.len() > PACKED.max(2 * self.len) {
            self.entries.retain(|(_, value)| value.is_some());
        }
        Some(value)
    }

    /// Removes all keys.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.len = 0;
    }

    /// Returns the lowest key.
    pub(crate) fn first(&self) -> Option<u64> {
        self.entries.front().map(|(key, _)| *key)
    }

    /// Returns the highest key.
    pub(crate) fn last(&self) -> Option<u64> {
        self.entries.iter().rev().find(|(_, value)| value.is_some()).map(|(key, _)| *key)
    }

    /// Returns the keys and their values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.entries.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_is_a_map_whatever_is_removed() {
        let mut random = fastrand::Rng::with_seed(18);
        for gaps in [1, 1, 5] {
            let (mut map, mut model, mut next) = (Ascending::default(), BTreeMap::new(), 0);
            for _ in 0..3_000 {
                if random.u8(..5) < 3 {
                    next += random.u64(1..=gaps);
                    map.insert(next, -i64::try_from(next).unwrap());
                    model.insert(next, -i64::try_from(next).unwrap());
                }
                let key = next.saturating_sub(random.u64(..80));
                assert_eq!(map.get(key), model.get(&key));
                if random.bool() {
                    assert_eq!(map.remove(key), model.remove(&key));
                }
                assert_eq!((map.len(), map.first()), (model.len(), model.keys().next().copied()));
                assert_eq!(map.last(), model.keys().last().copied());
            }
            assert!(map.iter().eq(model.iter().map(|(key, value)| (*key, value))));
            assert!(map.entries.len() <= PACKED.max(2 * map.len) + 1);
            while let Some((key, _)) = model.pop_first() {
                *map.get_mut(key).unwrap() += 1;
                assert!(map.remove(key).is_some());
            }
            assert!(map.is_empty() && map.entries.is_empty());
        }
    }
}
