//! The times of items, as a histogram whose buckets grow with the time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::checkpoint::refused::Refused;

/// The buckets of an octave, so that the middle of a bucket is at most a sixteenth away from any time in it.
const PER_OCTAVE: u16 = 8;
/// The first octave begins at 1.024 microseconds: shorter times are mostly that of the clock. They share one bucket.
const FIRST: u16 = 10;
/// The last octave ends at about 19.5 hours. Longer times share one bucket.
const OCTAVES: u16 = 36;
/// The number of buckets.
pub(crate) const BUCKETS: u16 = OCTAVES * PER_OCTAVE + 2;

/// The times of items, as the number of items in each bucket that is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemTimes(
    #[serde(deserialize_with = "bounded::map::<{ BUCKETS as usize }, _, _, _>")] BTreeMap<u16, u64>,
);

impl ItemTimes {
    /// Adds an item that took `nanos` nanoseconds.
    pub fn add(&mut self, nanos: u64) {
        let count = self.0.entry(bucket_of(nanos)).or_default();
        *count = count.saturating_add(1);
    }

    /// Returns the number of items.
    pub fn count(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the time, in nanoseconds, below which `thousandths` of all items were: right within 6.3 % from 1 microsecond to
    /// 19 hours. Returns `None` if there are no items.
    pub fn quantile(&self, thousandths: u16) -> Option<u64> {
        let count = self.count();
        let wanted = (u128::from(count) * u128::from(thousandths)).div_ceil(1000).max(1);
        let mut below = 0_u128;
        let reached = self.0.iter().find(|(_, count)| {
            below += u128::from(**count);
            below >= wanted
        });
        let last = self.0.last_key_value();
        reached.or(last).map(|(bucket, _)| middle_of(*bucket))
    }

    pub(super) fn add_all(&mut self, other: &ItemTimes) {
        for (bucket, added) in &other.0 {
            let count = self.0.entry(*bucket).or_default();
            *count = count.saturating_add(*added);
        }
    }

    pub(super) fn check(&self) -> Result<(), Refused> {
        let are_known = self.0.keys().all(|bucket| *bucket < BUCKETS);
        are_known.then_some(()).ok_or("a time of items that there is not")
    }
}

fn bucket_of(nanos: u64) -> u16 {
    let octave = nanos.max(1).ilog2();
    if octave < u32::from(FIRST) {
        return 0;
    }
    // The three bits behind the highest one.
    let eighth = (nanos >> (octave - 3)) & 0b111;
    let octave = u16::try_from(octave).unwrap_or(u16::MAX) - FIRST;
    let within = 1 + octave.saturating_mul(PER_OCTAVE) + u16::try_from(eighth).unwrap_or(0);
    if octave < OCTAVES { within } else { BUCKETS - 1 }
}

fn middle_of(bucket: u16) -> u64 {
    if bucket == 0 {
        return 1 << (FIRST - 1);
    }
    let (octave, eighth) = ((bucket - 1) / PER_OCTAVE, u64::from((bucket - 1) % PER_OCTAVE));
    let width = 1_u64 << (octave.min(OCTAVES) + FIRST - 3);
    if octave >= OCTAVES { 8 * width } else { (8 + eighth) * width + width / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_s_middle_is_near_each_time_in_it() {
        let times =
            (10..46).flat_map(|bit| (0..64_u64).map(move |part| (1 << bit) + (part << bit >> 6)));
        let mut last = 0;
        for nanos in times {
            let (bucket, middle) = (bucket_of(nanos), middle_of(bucket_of(nanos)));
            assert!(middle.abs_diff(nanos) <= nanos / 16, "{nanos}: {middle}");
            assert!(bucket >= last && bucket < BUCKETS - 1, "{nanos}: {bucket}");
            last = bucket;
        }
        assert_eq!([0, 1, 1023].map(bucket_of), [0; 3]);
        assert_eq!([1 << 46, u64::MAX].map(bucket_of), [BUCKETS - 1; 2]);
        assert_eq!((bucket_of(1024), last, middle_of(BUCKETS - 1)), (1, BUCKETS - 2, 1 << 46));
    }

    #[test]
    fn quantiles_are_those_of_the_items() {
        let mut times = ItemTimes::default();
        assert_eq!((times.quantile(500), times.count()), (None, 0));
        (1..=1000_u64).for_each(|millis| times.add(millis * 1_000_000));
        for (thousandths, millis) in [(0, 1), (500, 500), (900, 900), (990, 990), (1000, 1000)] {
            let found = times.quantile(thousandths).unwrap();
            assert!(found.abs_diff(millis * 1_000_000) <= millis * 1_000_000 / 15, "{found}");
        }
        let mut twice = times.clone();
        twice.add_all(&times);
        assert_eq!((twice.count(), twice.quantile(900)), (2000, times.quantile(900)));
    }

    #[test]
    fn counts_that_overflow_stay_at_the_largest() {
        let mut times = ItemTimes(BTreeMap::from([(3, u64::MAX), (BUCKETS - 1, u64::MAX)]));
        times.add_all(&times.clone());
        times.add(1024);
        assert_eq!((times.count(), times.quantile(400)), (u64::MAX, Some(middle_of(3))));
        assert_eq!(times.quantile(u16::MAX), Some(1 << 46));
    }
}
