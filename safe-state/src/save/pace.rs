//! The time that items take, and the time that saving them takes.

use std::time::{Duration, Instant};

/// Four buckets to an octave: a median read from them is right within 10 %.
const BUCKETS_PER_OCTAVE: u32 = 4;
const BUCKETS: usize = (u64::BITS * BUCKETS_PER_OCTAVE) as usize;
/// The number of samples below which no median is given.
const MIN_SAMPLES: u64 = 3;
/// The length of a run below which no warning about slow saving is given.
const SETTLED: Duration = Duration::from_secs(1);

/// The items' times as a histogram, and the share of time spent on saving.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Instant,
    saving: Duration,
    warned: bool,
    samples: u64,
    histogram: Box<[u32; BUCKETS]>,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Pace {
            began: now,
            saving: Duration::ZERO,
            warned: false,
            samples: 0,
            histogram: Box::new([0; BUCKETS]),
        }
    }

    /// Counts `items` that took `time` together, as one sample of their average.
    pub(crate) fn worked(&mut self, items: u64, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) / items.max(1);
        if let Some(count) = self.histogram.get_mut(bucket_of(nanos)) {
            *count = count.saturating_add(1);
            self.samples += 1;
        }
    }

    /// Returns the median time of an item in nanoseconds, if enough samples were taken.
    pub(crate) fn median(&self) -> Option<u64> {
        if self.samples < MIN_SAMPLES {
            return None;
        }
        let mut below = 0;
        let median = self.histogram.iter().position(|count| {
            below += u64::from(*count);
            below * 2 >= self.samples
        });
        median.map(nanos_of)
    }

    /// Returns how much of the run's time has gone into saving.
    pub(crate) fn saving(&self) -> Duration {
        self.saving
    }

    /// Counts a save. Returns true once in a run, when more than a fifth of its time has gone into saving.
    pub(crate) fn saved(&mut self, began: Instant, ended: Instant) -> bool {
        self.saving += ended - began;
        if self.warned {
            return false;
        }
        let elapsed = ended - self.began;
        self.warned = elapsed > SETTLED && self.saving * 5 > elapsed;
        self.warned
    }
}

fn bucket_of(nanos: u64) -> usize {
    let nanos = nanos.max(1);
    let octave = nanos.ilog2();
    // The two bits below the leading bit.
    let quarter = ((nanos << (u64::BITS - 1 - octave)) >> (u64::BITS - 3)) & 0b11;
    (octave * BUCKETS_PER_OCTAVE) as usize + quarter as usize
}

/// Returns the middle of a bucket.
fn nanos_of(bucket: usize) -> u64 {
    let (octave, quarter) = (bucket / 4, (bucket % 4) as u64);
    let base = 1u64 << octave;
    // In eighths of the octave, rounded down. Octaves below eight are smaller than an eighth.
    base + if octave < 3 {
        (base * (2 * quarter + 1)) >> 3
    } else {
        (base >> 3) * (2 * quarter + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_right_within_a_tenth() {
        let mut pace = Pace::new(Instant::now());
        for nanos in [90_000, 100_000, 100_000, 110_000, 5_000_000_000] {
            pace.worked(1, Duration::from_nanos(nanos));
        }
        let median = pace.median().unwrap();
        assert!((90_000..=110_000).contains(&median), "{median}");
    }

    #[test]
    fn every_time_has_a_bucket_near_it() {
        for nanos in (0..64).flat_map(|bit| [1u64 << bit, (1u64 << bit) | (1 << bit >> 1)]) {
            let middle = nanos_of(bucket_of(nanos));
            assert!(
                middle >= nanos - nanos / 8 && middle - nanos <= nanos / 4,
                "{nanos}: {middle}"
            );
        }
        assert!(bucket_of(u64::MAX) < BUCKETS);
    }

    #[test]
    fn too_few_items_give_no_median() {
        let mut pace = Pace::new(Instant::now());
        pace.worked(10, Duration::from_secs(1));
        assert_eq!(pace.median(), None);
    }

    #[test]
    fn slow_saving_is_said_once() {
        let began = Instant::now();
        let after = |millis| began + Duration::from_millis(millis);
        let mut pace = Pace::new(began);
        assert!(!pace.saved(after(100), after(900)), "too early to tell");
        assert!(pace.saved(after(1000), after(2000)));
        assert!(!pace.saved(after(2000), after(4000)));
    }

    #[test]
    fn fast_saving_gives_no_warning() {
        let began = Instant::now();
        let after = |millis| began + Duration::from_millis(millis);
        assert!(!Pace::new(began).saved(after(9000), after(9900)));
    }
}
