//! A set of 64-bit indices as [Roaring bitmaps](https://roaringbitmap.org), one for each 2^32 indices.

use std::ops::{Range, RangeInclusive};

use roaring::RoaringBitmap;

/// A set like `RoaringTreemap` that removes its front at once, not container by container.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Bitmap {
    /// The bitmaps, in the order of the upper halves of their indices. None is empty.
    pub(super) chunks: Vec<(u32, RoaringBitmap)>,
}

impl Bitmap {
    pub(super) fn contains(&self, index: u64) -> bool {
        let (high, low) = split(index);
        self.find(high).is_ok_and(|at| self.chunks.get(at).is_some_and(|(_, c)| c.contains(low)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.chunks.iter().map(|(_, chunk)| chunk.len()).sum()
    }

    pub(super) fn min(&self) -> Option<u64> {
        let (high, chunk) = self.chunks.first()?;
        Some(join(*high, chunk.min()?))
    }

    pub(super) fn max(&self) -> Option<u64> {
        let (high, chunk) = self.chunks.last()?;
        Some(join(*high, chunk.max()?))
    }

    pub(super) fn insert(&mut self, index: u64) {
        let (high, low) = split(index);
        if let Some(chunk) = self.chunk(high) {
            chunk.insert(low);
        }
    }

    pub(super) fn remove(&mut self, index: u64) {
        let (high, low) = split(index);
        let Ok(at) = self.find(high) else { return };
        if let Some((_, chunk)) = self.chunks.get_mut(at) {
            chunk.remove(low);
            if chunk.is_empty() {
                self.chunks.remove(at);
            }
        }
    }

    pub(super) fn insert_range(&mut self, range: &Range<u64>) {
        let mut start = range.start;
        while start < range.end {
            let (high, low) = split(start);
            let last = (range.end - 1).min(join(high, u32::MAX));
            if let Some(chunk) = self.chunk(high) {
                chunk.insert_range(low..=split(last).1);
            }
            start = last + 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Bitmap) {
        for (high, theirs) in &other.chunks {
            if let Some(ours) = self.chunk(*high) {
                *ours |= theirs;
            }
        }
    }

    /// Removes every index below `end`.
    pub(super) fn remove_below(&mut self, end: u64) {
        let (high, low) = split(end);
        self.chunks.drain(..self.chunks.partition_point(|(key, _)| *key < high));
        let Some((key, chunk)) = self.chunks.first_mut() else { return };
        if *key == high && low > 0 {
            chunk.remove_smallest(chunk.rank(low - 1));
            if chunk.is_empty() {
                self.chunks.remove(0);
            }
        }
    }

    /// Returns the indices as ranges, in order. A range may end right before the next one begins.
    pub(super) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        self.chunks.iter().flat_map(|(high, chunk)| {
            let mut indices = chunk.iter();
            std::iter::from_fn(move || indices.next_range())
                .map(|range| join(*high, *range.start())..=join(*high, *range.end()))
        })
    }

    fn find(&self, high: u32) -> Result<usize, usize> {
        self.chunks.binary_search_by_key(&high, |(key, _)| *key)
    }

    /// Returns the bitmap for the upper half `high`, which the caller has to put something into. Creates it if it is missing;
    /// the result is always `Some`.
    fn chunk(&mut self, high: u32) -> Option<&mut RoaringBitmap> {
        let at = self.find(high).unwrap_or_else(|at| {
            self.chunks.insert(at, (high, RoaringBitmap::new()));
            at
        });
        self.chunks.get_mut(at).map(|(_, chunk)| chunk)
    }
}

fn split(index: u64) -> (u32, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    let halves = ((index >> 32) as u32, index as u32);
    halves
}

fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
