//! The input of a loop that many workers share, which gives its items slice by slice, in any order of slices.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use super::again::NotAgain;
use crate::items::exact_len;
use crate::items::fingerprint::OF_ADDRESS;

/// The number of items that a worker takes samples of, if the input can be cloned.
const SAMPLES: u64 = 8;

/// The samples by which workers see that they have the same items in the same order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sampled {
    /// The fingerprint of the first item.
    pub(crate) first: Option<u32>,
    /// A checksum of the fingerprints of some items, if the input can be cloned.
    pub(crate) some: Option<u32>,
}

/// An iterator over the items of one slice after the other.
///
/// To go back, an iterator that can be cloned begins anew. For another iterator, the items that are passed over are
/// kept: they are in memory already, or would have to be made a second time.
pub(crate) struct Sliced<I: Iterator> {
    iter: I,
    /// A clone of the iterator as it began, if it can be cloned.
    origin: Option<I>,
    again: fn(&I) -> Option<I>,
    /// The items that were passed over, by their indices.
    kept: BTreeMap<u64, I::Item>,
    /// The index of the iterator's next item.
    at: u64,
    /// The indices of the slice's items that are still to come.
    rest: Range<u64>,
    /// The number of items of the whole input, if it is known.
    total: Option<u64>,
    /// The index at which the input ended before the slice did.
    ended_at: Option<u64>,
}

impl<I: Iterator> Sliced<I> {
    /// Creates the input from `iter`. `again` clones the iterator, if it can be cloned.
    pub(crate) fn new(iter: I, again: fn(&I) -> Option<I>) -> Self {
        let origin = again(&iter);
        // The input is walked once to be counted, as all workers have to cut it in the same way.
        let total = exact_len(&iter).or_else(|| again(&iter).map(|iter| iter.count() as u64));
        let (kept, at, rest, ended_at) = (BTreeMap::new(), 0, 0..0, None);
        Sliced { iter, origin, again, kept, at, rest, total, ended_at }
    }

    /// Returns the number of items of the whole input, if it is known.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total
    }

    /// Takes the samples, before the first slice.
    pub(crate) fn sampled(&mut self, fingerprint: impl Fn(&I::Item) -> Option<u32>) -> Sampled {
        let fingerprint = |item: &I::Item| fingerprint(item).filter(|it| Some(*it) != OF_ADDRESS);
        let total = self.total.unwrap_or(0);
        let Some(mut iter) = self.origin.as_ref().and_then(self.again) else {
            // Items behind the first would have to be kept.
            if self.at == 0
                && let Some(item) = self.iter.next()
            {
                self.kept.insert(0, item);
                self.at = 1;
            }
            return Sampled { first: self.kept.get(&0).and_then(fingerprint), some: None };
        };
        let mut checksum = crc32fast::Hasher::new();
        let (mut first, mut next, mut is_known) = (None, 0, total > 0);
        for sample in 0..SAMPLES.min(total) {
            let last = u128::from(total - 1) * u128::from(sample);
            let index = u64::try_from(last / u128::from(SAMPLES.min(total).max(2) - 1));
            let behind = usize::try_from(index.unwrap_or(total) - next).unwrap_or(usize::MAX);
            let found = iter.nth(behind).as_ref().and_then(fingerprint);
            first = if sample == 0 { found } else { first };
            is_known &= found.is_some();
            checksum.update(&found.unwrap_or_default().to_le_bytes());
            next += behind as u64 + 1;
        }
        Sampled { first, some: is_known.then(|| checksum.finalize()) }
    }

    /// Goes to the slice with the indices `slice`.
    ///
    /// # Errors
    ///
    /// Some of the items have been given already, and the iterator cannot be cloned.
    pub(crate) fn go_to(&mut self, slice: Range<u64>) -> Result<(), NotAgain> {
        if slice.start < self.at
            && let Some(iter) = self.origin.as_ref().and_then(self.again)
        {
            (self.iter, self.at) = (iter, 0);
        }
        let passed = slice.start..slice.end.min(self.at).max(slice.start);
        if self.kept.range(passed.clone()).count() as u64 != passed.end - passed.start {
            return Err(NotAgain::Given);
        }
        (self.rest, self.ended_at) = (slice, None);
        Ok(())
    }

    /// Checks at the end of a slice that it gave as many items as it should, and that the input ends where it did when
    /// it was counted.
    ///
    /// # Errors
    ///
    /// The input has fewer or more items now.
    pub(crate) fn check_end(&mut self) -> Result<(), NotAgain> {
        let Some(total) = self.total else { return Ok(()) };
        if let Some(found) = self.ended_at {
            return Err(NotAgain::Length { found, total });
        }
        // The loop of a single process also asks for an item behind the last one.
        if self.rest.is_empty() && self.rest.end == total && self.at == total {
            self.at += 1;
            if self.iter.next().is_some() {
                return Err(NotAgain::Longer { total });
            }
        }
        Ok(())
    }

    fn take(&mut self, index: u64) -> Option<I::Item> {
        if index < self.at {
            return self.kept.remove(&index);
        }
        if self.origin.is_some() {
            let passed_over = usize::try_from(index - self.at).ok()?;
            self.at = index + 1;
            return self.iter.nth(passed_over);
        }
        while self.at < index {
            let item = self.iter.next()?;
            self.kept.insert(self.at, item);
            self.at += 1;
        }
        self.at += 1;
        self.iter.next()
    }
}

impl<I: Iterator> Iterator for Sliced<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let index = self.rest.next()?;
        let item = self.take(index);
        if item.is_none() {
            self.ended_at.get_or_insert(index);
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.rest.end.saturating_sub(self.rest.start));
        let left = left.unwrap_or(usize::MAX);
        (left, Some(left))
    }

    fn nth(&mut self, count: usize) -> Option<I::Item> {
        let first = self.rest.start.saturating_add(count as u64).min(self.rest.end);
        self.rest.start = first;
        self.next()
    }
}

impl<I: Iterator> fmt::Debug for Sliced<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sliced").field("rest", &self.rest).finish_non_exhaustive()
    }
}

/// An iterator, which is cloned if it can be cloned.
#[derive(Debug)]
pub struct Again<'a, I>(pub &'a I);

/// Clones an iterator that can be cloned.
pub trait BeginsAgain {
    /// The type of the iterator.
    type Input;

    /// Returns a clone, which gives the same items.
    fn again(&self) -> Option<Self::Input>;
}

impl<I: Clone> BeginsAgain for Again<'_, I> {
    type Input = I;

    fn again(&self) -> Option<I> {
        Some(self.0.clone())
    }
}

/// Stands for the clone of an iterator that cannot be cloned.
pub trait GivesEachOnce {
    /// The type of the iterator.
    type Input;

    /// Returns `None`.
    fn again(&self) -> Option<Self::Input>;
}

impl<I> GivesEachOnce for &Again<'_, I> {
    type Input = I;

    fn again(&self) -> Option<I> {
        None
    }
}

/// Clones an iterator if it can be cloned.
#[doc(hidden)]
#[macro_export]
macro_rules! __again {
    ($input:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{BeginsAgain as _, GivesEachOnce as _};
        (&$crate::__private::Again($input)).again()
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An item that can't be cloned.
    #[derive(Debug, PartialEq)]
    struct Once(u64);

    fn slice<I: Iterator>(sliced: &mut Sliced<I>, range: Range<u64>) -> Vec<I::Item> {
        sliced.go_to(range).unwrap();
        sliced.collect()
    }

    #[test]
    fn an_iterator_that_can_be_cloned_begins_again_to_go_back() {
        let mut sliced = Sliced::new(0..100_u64, |it| crate::__again!(it));
        assert!(sliced.origin.is_some());
        assert_eq!(slice(&mut sliced, 90..93), [90, 91, 92]);
        assert_eq!(slice(&mut sliced, 3..5), [3, 4]);
        assert_eq!(slice(&mut sliced, 3..5), [3, 4]);
        assert_eq!(slice(&mut sliced, 99..101), [99]);
        assert!(sliced.kept.is_empty());
    }

    #[test]
    fn an_iterator_that_cannot_be_cloned_keeps_what_is_passed_over() {
        let items: Vec<Once> = (0..10).map(Once).collect();
        let mut sliced = Sliced::new(items.into_iter(), |it| crate::__again!(it));
        assert!(sliced.origin.is_none());
        assert_eq!(slice(&mut sliced, 6..8), [Once(6), Once(7)]);
        assert_eq!(slice(&mut sliced, 0..2), [Once(0), Once(1)]);
        assert_eq!(slice(&mut sliced, 4..6), [Once(4), Once(5)]);
        assert_eq!(slice(&mut sliced, 8..10), [Once(8), Once(9)]);
        assert_eq!(sliced.kept.len(), 2);
    }

    #[test]
    fn items_at_the_front_of_a_slice_can_be_passed_over() {
        for again in [(|it| crate::__again!(it)) as fn(&_) -> _, |_| None] {
            let mut sliced = Sliced::new(0..100_u64, again);
            sliced.go_to(20..30).unwrap();
            assert_eq!(
                (sliced.nth(4), sliced.next(), sliced.size_hint()),
                (Some(24), Some(25), (4, Some(4)))
            );
            assert_eq!(sliced.nth(4), None);
        }
    }

    #[test]
    fn an_iterator_that_cannot_be_cloned_gives_no_item_again() {
        let items: Vec<Once> = (0..10).map(Once).collect();
        let mut sliced = Sliced::new(items.into_iter(), |it| crate::__again!(it));
        assert_eq!(slice(&mut sliced, 6..8), [Once(6), Once(7)]);
        for given in [6..8, 7..9, 5..8] {
            assert_eq!(sliced.go_to(given), Err(NotAgain::Given));
        }
        for not_given in [0..2, 4..6, 8..10, 3..3] {
            assert_eq!(sliced.go_to(not_given), Ok(()));
        }
    }

    /// An iterator whose clones give other items.
    struct Changing(Range<u64>, u64);

    impl Clone for Changing {
        fn clone(&self) -> Self {
            Changing(self.0.start..self.1, self.1)
        }
    }

    impl Iterator for Changing {
        type Item = u64;

        fn next(&mut self) -> Option<u64> {
            self.0.next()
        }
    }

    #[test]
    fn an_input_that_ends_elsewhere_than_when_it_was_counted_is_found_out() {
        for (then, found) in [
            (7, Err(NotAgain::Length { found: 7, total: 10 })),
            (10, Ok(())),
            (12, Err(NotAgain::Longer { total: 10 })),
        ] {
            let mut sliced = Sliced::new(Changing(0..0, 10), |it| Some(it.clone()));
            sliced.origin.as_mut().unwrap().1 = then;
            assert_eq!((sliced.total(), slice(&mut sliced, 0..0)), (Some(10), vec![]));
            sliced.at = 1;
            let mut items = slice(&mut sliced, 0..5);
            assert_eq!(sliced.check_end(), Ok(()));
            items.extend(slice(&mut sliced, 5..10));
            assert_eq!((items, sliced.check_end()), ((0..then.min(10)).collect(), found));
        }
    }

    #[test]
    fn samples_show_an_item_that_differs_wherever_it_stands() {
        let of = |items: Vec<u64>, again: fn(&_) -> _| {
            let mut sliced = Sliced::new(items.into_iter(), again);
            let sampled = sliced.sampled(|item| u32::try_from(*item).ok());
            assert_eq!(slice(&mut sliced, 0..2).len(), 2);
            sampled
        };
        let cloned = |items| of(items, |it| crate::__again!(it));
        let Sampled { first, some } = cloned((5..105).collect());
        assert_eq!((first, some.is_some()), (Some(5), true));
        // The first item, the last, and one between.
        for other in [0, 14, 99] {
            let mut items: Vec<u64> = (5..105).collect();
            items[other] = 3;
            assert_ne!(cloned(items).some, some, "{other}");
        }
        assert_eq!(of((5..105).collect(), |_| None), Sampled { first: Some(5), some: None });
        assert_eq!(cloned(vec![7, u64::MAX]), Sampled { first: Some(7), some: None });
        for count in 2..20 {
            assert!(cloned((0..count).collect()).some.is_some());
        }
    }
}
