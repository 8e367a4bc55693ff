//! The set of completed indices: a prefix, and a compressed bitmap of the indices beyond it.

mod bitmap;
mod bytes;

use std::fmt;
use std::ops::Range;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use bitmap::Bitmap;

/// The set of the indices of completed items.
///
/// A job that completes its items in order holds one number, the length of the prefix, however many items are done. Indices
/// that complete out of order are kept in a [Roaring bitmap](https://roaringbitmap.org), and move into the prefix as gaps
/// close.
///
/// ```
/// use safe_state_backends::Completed;
///
/// let mut completed = Completed::default();
/// completed.insert(0);
/// completed.insert(1);
/// completed.insert(5);
/// assert!(completed.contains(1) && !completed.contains(2));
/// assert_eq!(completed.len(), 3);
/// assert_eq!(completed.ranges().collect::<Vec<_>>(), [0..2, 5..6]);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Completed {
    prefix: u64,
    /// The indices above `prefix`. The index at `prefix` itself is never complete.
    beyond: Bitmap,
}

impl Completed {
    /// Returns whether the item at `index` is complete.
    pub fn contains(&self, index: u64) -> bool {
        index < self.prefix || self.beyond.contains(index)
    }

    /// Returns the number of complete items.
    pub fn len(&self) -> u64 {
        self.prefix.saturating_add(self.beyond.len())
    }

    /// Returns whether no item is complete.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of items at the front that are all complete, which is the first incomplete index.
    pub fn prefix(&self) -> u64 {
        self.prefix
    }

    /// Returns the highest completed index plus one; 0 if no item is complete.
    pub fn end(&self) -> u64 {
        self.beyond.max().map_or(self.prefix, |last| last + 1)
    }

    /// Returns the completed indices as disjoint ranges, in order.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let mut beyond = self.beyond.ranges().peekable();
        let head = (self.prefix > 0).then_some(0..self.prefix);
        head.into_iter().chain(std::iter::from_fn(move || {
            let (start, mut last) = beyond.next()?.into_inner();
            while let Some(adjoining) = beyond.next_if(|next| *next.start() == last + 1) {
                last = *adjoining.end();
            }
            Some(start..last + 1)
        }))
    }

    /// Marks the item at `index` complete. Ignores `u64::MAX`, which is no index.
    pub fn insert(&mut self, index: u64) {
        if index == self.prefix {
            self.complete_next(1);
        } else if index > self.prefix && index != u64::MAX {
            self.beyond.insert(index);
        }
    }

    /// Marks the items with the indices in `range` complete. The range ends at `u64::MAX` at most, which is no index.
    ///
    /// ```
    /// use safe_state_backends::Completed;
    ///
    /// let mut completed = Completed::default();
    /// completed.insert_range(3..5);
    /// completed.insert_range(0..3);
    /// assert_eq!(completed.prefix(), 5);
    /// ```
    pub fn insert_range(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        if range.start <= self.prefix {
            self.prefix = self.prefix.max(range.end);
        } else {
            self.beyond.insert_range(&range);
        }
        self.absorb();
    }

    /// Marks the next `count` incomplete items complete, in order. Returns the index of the last of them.
    pub fn complete_next(&mut self, count: u64) -> Option<u64> {
        let mut left = count;
        let mut end = self.prefix;
        for range in self.beyond.ranges() {
            let gap = range.start() - end;
            if left <= gap {
                break;
            }
            left -= gap;
            end = range.end() + 1;
        }
        self.prefix = end.saturating_add(left);
        let last = self.prefix.checked_sub(1).filter(|_| count > 0);
        self.absorb();
        last
    }

    /// Marks the item at `index` as not complete.
    pub fn remove(&mut self, index: u64) {
        if index < self.prefix {
            self.beyond.insert_range(&(index + 1..self.prefix));
            self.prefix = index;
        } else {
            self.beyond.remove(index);
        }
    }

    /// Marks all items from the index `length` on as not complete.
    pub fn truncate(&mut self, length: u64) {
        let mut left = Completed::default();
        self.ranges().for_each(|it| left.insert_range(it.start..it.end.min(length).max(it.start)));
        *self = left;
    }

    /// Moves the indices that the prefix has reached from the bitmap into the prefix.
    fn absorb(&mut self) {
        while self.beyond.min().is_some_and(|least| least <= self.prefix) {
            self.beyond.remove_below(self.prefix);
            let reached = self.beyond.ranges().next().filter(|range| *range.start() == self.prefix);
            if let Some(range) = reached {
                self.prefix = range.end() + 1;
            }
        }
    }

    /// Marks every index that is complete in `other` complete here too.
    pub fn merge(&mut self, other: &Completed) {
        self.prefix = self.prefix.max(other.prefix);
        self.beyond.merge(&other.beyond);
        self.absorb();
    }
}

impl fmt::Debug for Completed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ranges().take(16)).finish()
    }
}

impl fmt::Display for Completed {
    /// Writes ranges with both ends included, for example `0-6431, 6433`: at most sixteen, then the number of other items.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        if self.is_empty() {
            return f.write_str("none");
        }
        let mut shown = 0;
        for (i, range) in self.ranges().take(SHOWN).enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            match range.end - range.start {
                1 => write!(f, "{}", range.start)?,
                _ => write!(f, "{}-{}", range.start, range.end - 1)?,
            }
            shown += range.end - range.start;
        }
        match self.len() - shown {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

impl FromIterator<Range<u64>> for Completed {
    fn from_iter<T: IntoIterator<Item = Range<u64>>>(ranges: T) -> Self {
        let mut completed = Completed::default();
        for range in ranges {
            if range.start <= completed.prefix {
                completed.prefix = completed.prefix.max(range.end);
            } else {
                completed.beyond.insert_range(&range);
            }
        }
        completed.absorb();
        completed
    }
}

impl FromIterator<u64> for Completed {
    fn from_iter<T: IntoIterator<Item = u64>>(indices: T) -> Self {
        let mut completed = Completed::default();
        indices.into_iter().for_each(|index| completed.insert(index));
        completed
    }
}

/// Serialises the prefix and the bytes of the bitmap, which are empty if it is. In formats for people (JSON), writes a list of
/// ranges, `[[0, 6432], [6433, 6434]]`, whose ends are excluded.
impl Serialize for Completed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_seq(self.ranges().map(|range| (range.start, range.end)));
        }
        (self.prefix, &self.beyond).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Completed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let ranges = Vec::<(u64, u64)>::deserialize(deserializer)?;
            return Ok(ranges.into_iter().map(|(start, end)| start..end).collect());
        }
        let (prefix, beyond) = <(u64, Bitmap)>::deserialize(deserializer)?;
        if beyond.min().is_some_and(|least| least <= prefix) {
            return Err(D::Error::custom("the bitmap overlaps the prefix"));
        }
        if beyond.max() == Some(u64::MAX) {
            return Err(D::Error::custom("an index is out of range"));
        }
        Ok(Completed { prefix, beyond })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn completed_indices_behave_like_a_set(indices in prop::collection::vec(0u64..200, 0..150)) {
            let completed: Completed = indices.iter().copied().collect();
            let model: BTreeSet<u64> = indices.into_iter().collect();
            prop_assert_eq!(completed.ranges().flatten().collect::<Vec<_>>(),
                            model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(completed.len(), model.len() as u64);
            prop_assert_eq!(completed.end(), model.last().map_or(0, |last| last + 1));
            for index in 0..200 {
                prop_assert_eq!(completed.contains(index), model.contains(&index));
            }
            prop_assert!(!completed.contains(completed.prefix()));
            let bytes = postcard::to_stdvec(&completed).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Completed>(&bytes).unwrap(), completed);
        }

        #[test]
        fn completed_indices_close_their_gaps_in_order(removed in prop::collection::vec(0u64..200, 0..20), count in 0usize..30) {
            let mut completed: Completed = (0..200).collect();
            let mut model: BTreeSet<u64> = (0..200).collect();
            for index in removed {
                completed.remove(index);
                model.remove(&index);
            }
            prop_assert_eq!(&completed, &model.iter().copied().collect());
            let next: Vec<u64> = (0..).filter(|index| !model.contains(index)).take(count).collect();
            prop_assert_eq!(completed.complete_next(count as u64), next.last().copied());
            model.extend(next);
            prop_assert_eq!(completed, model.into_iter().collect());
        }

        #[test]
        fn completed_indices_merge_like_sets(a in prop::collection::btree_set(0u64..60, 0..60),
                             b in prop::collection::btree_set(0u64..60, 0..60)) {
            let mut merged: Completed = a.iter().copied().collect();
            merged.merge(&b.iter().copied().collect());
            let both: Completed = a.union(&b).copied().collect();
            prop_assert_eq!(merged, both);
        }
    }

    /// Generates ranges near the bounds of the bitmaps and of their containers.
    fn range() -> impl Strategy<Value = Range<u64>> {
        let bound = prop::sample::select(vec![0_u64, 1 << 16, (1 << 32) - 1, 1 << 32, 1 << 33]);
        let start = (bound, 0..8_u64).prop_map(|(bound, offset)| bound.saturating_add(offset));
        (start, prop_oneof![1..8_u64, Just(1 << 16), Just(1 << 33)])
            .prop_map(|(start, len)| start..start + len)
    }

    fn disjoint(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
        ranges.sort_unstable_by_key(|range| range.start);
        let mut disjoint: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match disjoint.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => disjoint.push(range),
            }
        }
        disjoint
    }

    proptest! {
        // A range of 2^33 indices takes many containers, so there are few cases.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ranges_join_across_bitmaps(ranges in prop::collection::vec(range(), 0..6)) {
            let completed: Completed = ranges.iter().cloned().collect();
            let bytes = postcard::to_stdvec(&completed).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Completed>(&bytes).unwrap(), &completed);
            prop_assert_eq!(completed.ranges().collect::<Vec<_>>(), disjoint(ranges));
        }

        #[test]
        fn what_comes_next_is_complete_across_bitmaps(ranges in prop::collection::vec(range(), 0..6),
                                     count in prop::sample::select(vec![1_u64, 9, 1 << 16, 1 << 32])) {
            let mut completed: Completed = ranges.iter().cloned().collect();
            let before = completed.len();
            let last = completed.complete_next(count).unwrap();
            prop_assert_eq!(completed.len(), before + count);
            let all = ranges.into_iter().chain(std::iter::once(0..last + 1)).collect();
            prop_assert_eq!(completed.ranges().collect::<Vec<_>>(), disjoint(all));
            prop_assert!(!completed.contains(completed.prefix()));
        }
    }

    #[test]
    fn a_prefix_swallows_what_it_reaches() {
        let mut completed: Completed = [3, 4, 9].into_iter().collect();
        completed.complete_next(3);
        assert_eq!(completed.prefix(), 5);
        assert_eq!(completed.to_string(), "0-4, 9");
    }

    #[test]
    fn an_overlapping_bitmap_is_refused() {
        let mut overlapping = Completed { prefix: 0, beyond: Bitmap::default() };
        overlapping.beyond.insert(5);
        overlapping.prefix = 5;
        let bytes = postcard::to_stdvec(&overlapping).unwrap();
        postcard::from_bytes::<Completed>(&bytes).unwrap_err();
    }
}
