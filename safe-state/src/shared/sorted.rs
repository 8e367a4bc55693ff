//! The input of a shared loop that knows its items by key, which gives the items of one slice after the other.
//!
//! Each walk goes through the whole input, so it keeps the items of as many slices as allowed.

use std::collections::BTreeMap;
use std::fmt;
use std::vec;

use super::again::NotAgain;
use crate::items::key::KeyHash;

/// The most items that are kept beside those of the slice under way.
const KEPT: u64 = 1 << 20;

/// An iterator over the items of one slice after the other, with their indices in the whole input.
pub(crate) struct Sorted<I: Iterator> {
    input: Input<I>,
    again: fn(&I) -> Option<I>,
    keeps: u64,
    /// The result of the first walk.
    walked: Walked,
    /// The items of slices that are to come, by the numbers of the slices.
    kept: BTreeMap<u32, Vec<(u64, I::Item)>>,
    /// The items of the present slice that are to come.
    rest: vec::IntoIter<(u64, I::Item)>,
}

enum Input<I> {
    /// The input has not been walked yet.
    New(I),
    /// A clone of the input as it began.
    Again(I),
    /// All items of the input are kept.
    Kept,
}

/// A function that makes the hash of an item's key.
pub(crate) type Hash<'h, T> = &'h dyn Fn(&T) -> Result<KeyHash, String>;

/// The index of an item whose key has no hash, and the reason.
pub(crate) type NoHash = (u64, String);

/// The reason why the items of a slice do not come.
#[derive(Debug, PartialEq)]
pub(crate) enum NoItems {
    NoHash(NoHash),
    NotAgain(NotAgain),
}

/// The result of a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Walked {
    pub(crate) total: u64,
    /// A checksum of all keys that does not depend on their order.
    pub(crate) keys: u32,
}

impl<I: Iterator> Sorted<I> {
    /// Creates the input from `iter`. `again` clones the iterator, if it can be cloned.
    pub(crate) fn new(iter: I, again: fn(&I) -> Option<I>) -> Self {
        let (kept, rest) = (BTreeMap::new(), Vec::new().into_iter());
        let walked = Walked::default();
        Sorted { input: Input::New(iter), again, keeps: KEPT, walked, kept, rest }
    }

    /// Walks the input for the first time; later calls return `None`. `slices` returns the number of slices for a
    /// number of items.
    pub(crate) fn walk(
        &mut self,
        hash: Hash<'_, I::Item>,
        slices: impl FnOnce(u64) -> u32,
    ) -> Result<Option<Walked>, NoHash> {
        let iter = match std::mem::replace(&mut self.input, Input::Kept) {
            Input::New(iter) => iter,
            walked => {
                self.input = walked;
                return Ok(None);
            }
        };
        if let Some(origin) = (self.again)(&iter) {
            self.input = Input::Again(origin);
        }
        let keeps_all = matches!(self.input, Input::Kept);
        let (mut walked, mut sum, mut items) = (Walked::default(), 0_u64, Some(Vec::new()));
        for (index, item) in (0..).zip(iter) {
            let key = hash(&item).map_err(|reason| (index, reason))?.hash;
            (walked.total, sum) = (index + 1, sum.wrapping_add(key));
            if !keeps_all && index >= self.keeps {
                items = None;
            }
            if let Some(items) = &mut items {
                items.push((key, index, item));
            }
        }
        walked.keys = folded(sum);
        self.walked = walked;
        let count = slices(walked.total);
        for (key, index, item) in items.into_iter().flatten() {
            self.kept.entry(slice_of(key, count)).or_default().push((index, item));
        }
        if self.kept.is_empty() {
            return Ok(Some(walked));
        }
        // A slice without items gets an empty entry, so that it needs no walk.
        (0..count).for_each(|slice| _ = self.kept.entry(slice).or_default());
        Ok(Some(walked))
    }

    /// Goes to the slice `slice` of `count`.
    ///
    /// # Errors
    ///
    /// The items of the slice have been given, or the input has other items than at the walk before.
    pub(crate) fn go_to(
        &mut self,
        slice: u32,
        count: u32,
        hash: Hash<'_, I::Item>,
    ) -> Result<(), NoItems> {
        if !self.kept.contains_key(&slice) && self.walked.total > 0 {
            self.walk_for(slice, count, hash)?;
        }
        self.rest = self.kept.remove(&slice).unwrap_or_default().into_iter();
        Ok(())
    }

    /// Walks the input for a slice, and keeps the items of the slices behind it, as many as allowed.
    fn walk_for(&mut self, first: u32, count: u32, hash: Hash<'_, I::Item>) -> Result<(), NoItems> {
        let origin = if let Input::Again(origin) = &self.input { Some(origin) } else { None };
        let iter = origin.and_then(self.again).ok_or(NoItems::NotAgain(NotAgain::Given))?;
        let total = self.walked.total;
        let each = total / u64::from(count) + 1;
        let most = u32::try_from(self.keeps / each).unwrap_or(u32::MAX).clamp(1, count);
        let behind = |slice: u32| (slice + count - first) % count;
        self.kept = (0..most).map(|at| ((first + at) % count, Vec::new())).collect();
        let (mut found, mut sum) = (Walked::default(), 0_u64);
        for (index, item) in (0..).zip(iter) {
            let key = hash(&item).map_err(|reason| NoItems::NoHash((index, reason)))?.hash;
            (found.total, sum) = (index + 1, sum.wrapping_add(key));
            let slice = slice_of(key, count);
            if behind(slice) < most {
                self.kept.entry(slice).or_default().push((index, item));
            }
        }
        found.keys = folded(sum);
        if found == self.walked {
            return Ok(());
        }
        self.kept.clear();
        Err(NoItems::NotAgain(match found.total {
            it if it == total => NotAgain::Keys,
            found => NotAgain::Length { found, total },
        }))
    }

    /// Returns the slices whose items are kept.
    pub(crate) fn at_hand(&self) -> impl Iterator<Item = u32> {
        self.kept.keys().copied()
    }
}

fn slice_of(key: u64, count: u32) -> u32 {
    u32::try_from(key % u64::from(count.max(1))).unwrap_or(0)
}

fn folded(sum: u64) -> u32 {
    u32::try_from((sum >> 32) ^ (sum & u64::from(u32::MAX))).unwrap_or(0)
}

impl<I: Iterator> Iterator for Sorted<I> {
    type Item = (u64, I::Item);

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl<I: Iterator> fmt::Debug for Sorted<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorted").field("rest", &self.rest.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::items::key::serialized;

    const COUNT: u32 = 7;

    /// An input that counts how often it is walked.
    #[derive(Clone)]
    struct Counted<'w> {
        items: std::ops::Range<u64>,
        walks: &'w Cell<u32>,
    }

    impl Iterator for Counted<'_> {
        type Item = u64;

        fn next(&mut self) -> Option<u64> {
            let next = self.items.next();
            self.walks.set(self.walks.get() + u32::from(next.is_none()));
            next
        }
    }

    fn walked(keeps: u64, again: bool) -> u32 {
        let walks = Cell::new(0);
        let input = Counted { items: 0..100, walks: &walks };
        let mut sorted =
            Sorted::new(input, if again { |it: &Counted<'_>| Some(it.clone()) } else { |_| None });
        sorted.keeps = keeps;
        let found = sorted.walk(&serialized, |_| COUNT).unwrap();
        assert_eq!(found.unwrap().total, 100);
        assert_eq!(sorted.walk(&serialized, |_| COUNT).unwrap(), None);
        let mut all = Vec::new();
        for slice in [3, 4, 5, 6, 0, 1, 2] {
            sorted.go_to(slice, COUNT, &serialized).unwrap();
            for (index, item) in sorted.by_ref() {
                let of = slice_of(serialized(&item).unwrap().hash, COUNT);
                assert_eq!((index, of), (item, slice));
                all.push(item);
            }
        }
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        walks.get()
    }

    #[test]
    fn an_input_is_walked_once_for_all_that_may_be_kept() {
        assert_eq!(walked(1000, true), 1);
        // The first walk only counts, and each later one keeps three slices.
        assert_eq!(walked(45, true), 1 + 3);
        assert_eq!(walked(0, true), 1 + 7);
        // An input that cannot begin anew is kept whole.
        assert_eq!(walked(0, false), 1);
    }

    #[test]
    fn keys_are_the_same_in_whatever_order_they_come() {
        let keys = |items: Vec<u64>| {
            let mut sorted = Sorted::new(items.into_iter(), |_| None);
            sorted.walk(&serialized, |_| COUNT).unwrap().unwrap().keys
        };
        assert_eq!(keys(vec![1, 2, 3, 3]), keys(vec![3, 1, 3, 2]));
        assert_ne!(keys(vec![1, 2, 3, 3]), keys(vec![1, 2, 3]));
    }

    #[test]
    fn a_slice_whose_items_are_gone_is_no_empty_one() {
        let mut sorted = Sorted::new(0..100_u64, |_| None);
        sorted.walk(&serialized, |_| COUNT).unwrap();
        for slice in 0..COUNT {
            sorted.go_to(slice, COUNT, &serialized).unwrap();
            assert!(sorted.by_ref().count() > 0);
            let again = sorted.go_to(slice, COUNT, &serialized);
            assert_eq!(again, Err(NoItems::NotAgain(NotAgain::Given)));
        }
        let mut empty = Sorted::new(0..0_u64, |_| None);
        empty.walk(&serialized, |_| 1).unwrap();
        for _ in 0..2 {
            empty.go_to(0, 1, &serialized).unwrap();
            assert_eq!(empty.next(), None);
        }
    }

    #[test]
    fn an_input_that_has_other_items_at_a_later_walk_is_found_out() {
        let then = |items: std::ops::Range<u64>| {
            let mut sorted = Sorted::new(0..100_u64, |it| Some(it.clone()));
            sorted.keeps = 0;
            sorted.walk(&serialized, |_| COUNT).unwrap();
            sorted.input = Input::Again(items);
            sorted.go_to(3, COUNT, &serialized)
        };
        let not_again = |it| Err(NoItems::NotAgain(it));
        assert_eq!(then(0..100), Ok(()));
        assert_eq!(then(1..101), not_again(NotAgain::Keys));
        assert_eq!(then(0..99), not_again(NotAgain::Length { found: 99, total: 100 }));
        assert_eq!(then(0..101), not_again(NotAgain::Length { found: 101, total: 100 }));
    }
}
