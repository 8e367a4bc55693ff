//! The speed of a job, by several looks, and the time that the rest takes.

use serde::Serialize;

/// The most looks that are kept. Beyond that, every other look of the older half is dropped.
const KEPT: usize = 480;
/// The milliseconds after which a look without news is kept, too.
const STILL: u64 = 1_000;
/// The milliseconds that the present rate is taken from, and the least number of changes.
const RECENT: u64 = 15_000;
const CHANGES: u64 = 5;
/// The most and the fewest parts that the time is cut into to see how much the rate varies, and how far back the time
/// goes, in milliseconds.
const BLOCKS: usize = 8;
const LEAST_BLOCKS: usize = 3;
const FAR: u64 = 600_000;

/// The number of complete items at each look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    looks: Vec<Seen>,
}

/// A time in milliseconds since the Unix epoch, and how many items were complete then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Seen(pub(crate) u64, pub(crate) u64);

/// The time that the rest takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Left {
    pub(crate) seconds: f64,
    /// The bounds of the time, by two standard errors of the rate. Without an upper bound, the job may never end.
    pub(crate) least: Option<f64>,
    pub(crate) most: Option<f64>,
}

impl Pace {
    /// Takes in a look. If the count has gone back, it belongs to another loop, or to a job that began anew, and the
    /// earlier looks are dropped.
    pub(crate) fn add(&mut self, now: u64, completed: u64) {
        if self.looks.last().is_some_and(|last| last.1 > completed || last.0 > now) {
            self.looks.clear();
        }
        if let [.., before, last] = self.looks.as_mut_slice()
            && before.1 == last.1
            && last.1 == completed
        {
            // While nothing changes, the first and the last look are enough.
            last.0 = now;
            return;
        }
        let is_news =
            self.looks.last().is_none_or(|last| last.1 != completed || now - last.0 >= STILL);
        if is_news {
            self.looks.push(Seen(now, completed));
        }
        if self.looks.len() > KEPT {
            let half = KEPT / 2;
            let mut at = 0;
            self.looks.retain(|_| {
                at += 1;
                at > half || at % 2 == 1
            });
        }
    }

    /// Creates a pace from looks that were kept.
    pub(crate) fn of(looks: &[Seen]) -> Self {
        Pace { looks: looks.to_vec() }
    }

    pub(crate) fn looks(&self) -> &[Seen] {
        &self.looks
    }

    /// Returns the present number of items per second.
    pub(crate) fn rate(&self, now: u64) -> Option<f64> {
        let newest = self.looks.last()?.1;
        // The rate goes from change to change, because a job that saves now and then progresses in steps.
        let pairs = self.looks.windows(2).rev();
        let steps_back = pairs.filter(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1]);
        let (mut changes, mut last, mut from) = (0, None, None);
        for change in steps_back {
            changes += 1;
            last.get_or_insert(change);
            from = Some(change);
            if now.saturating_sub(change.0) >= RECENT && changes > CHANGES {
                break;
            }
        }
        let last = last.unwrap_or(*self.looks.first()?);
        // With only one change, the time of the one before is unknown.
        let from = from.filter(|_| changes > 1).unwrap_or(*self.looks.first()?);
        let steps = changes.saturating_sub(1).max(1);
        let usual = (last.0 - from.0) / steps;
        // A job that saves now and then is not slower between two saves.
        let is_usual = changes > 0 && now.saturating_sub(last.0) <= 2 * usual;
        let until = if is_usual { last.0 } else { now };
        per_second(from, Seen(until, newest))
    }

    /// Returns the time that `items` items take, by the rates of the last minutes.
    pub(crate) fn time_for(&self, items: u64) -> Option<Left> {
        let rates = self.block_rates()?;
        let count = as_f64(rates.len() as u64);
        let mean = rates.iter().sum::<f64>() / count;
        if mean <= 0.0 {
            return None;
        }
        let items = as_f64(items);
        let seconds = items / mean;
        if rates.len() < LEAST_BLOCKS {
            return Some(Left { seconds, least: None, most: None });
        }
        let variance = rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let error = 2.0 * (variance / count).sqrt();
        let slowest = Some(mean - error).filter(|rate| *rate > 0.0);
        let (least, most) = (Some(items / (mean + error)), slowest.map(|rate| items / rate));
        Some(Left { seconds, least, most })
    }

    /// Returns the rates in equal parts of the last minutes.
    fn block_rates(&self) -> Option<Vec<f64>> {
        let last = self.looks.last()?;
        let first = self.looks.iter().find(|it| last.0 - it.0 <= FAR)?;
        let blocks = BLOCKS.min(self.looks.len().saturating_sub(1)) as u64;
        let span = last.0 - first.0;
        if blocks == 0 || span < blocks {
            return None;
        }
        let marks = (0..=blocks).map(|at| first.0 + span * at / blocks);
        let counts: Vec<_> = marks.map(|at| (at, self.count_at(at))).collect();
        let rate = |from: &(u64, f64), to: &(u64, f64)| {
            (to.1 - from.1) * 1_000.0 / as_f64((to.0 - from.0).max(1))
        };
        Some(counts.windows(2).map(|pair| rate(&pair[0], &pair[1])).collect())
    }

    /// Returns the number of complete items at a time, on a straight line between two looks.
    fn count_at(&self, at: u64) -> f64 {
        let behind = self.looks.partition_point(|it| it.0 < at);
        let (before, after) = (self.looks.get(behind.saturating_sub(1)), self.looks.get(behind));
        match (before, after) {
            (Some(before), Some(after)) if after.0 > before.0 => {
                let share = as_f64(at - before.0) / as_f64(after.0 - before.0);
                as_f64(before.1) + share * as_f64(after.1 - before.1)
            }
            (_, Some(it)) | (Some(it), None) => as_f64(it.1),
            (None, None) => 0.0,
        }
    }
}

fn per_second(from: Seen, to: Seen) -> Option<f64> {
    (to.0 > from.0).then(|| as_f64(to.1 - from.1) * 1_000.0 / as_f64(to.0 - from.0))
}

#[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(counts: impl IntoIterator<Item = u64>) -> Pace {
        let mut pace = Pace::default();
        for (second, count) in (1..).zip(counts) {
            pace.add(second * 1_000, count);
        }
        pace
    }

    #[test]
    fn the_rate_is_that_of_the_last_looks() {
        let pace = pace((0..40).map(|it| it * 3).chain((0..40).map(|it| 117 + it * 7)));
        assert_eq!(pace.rate(80_000), Some(7.0));
        // By then, the job stands still.
        assert!(pace.rate(200_000).unwrap() < 1.0);
    }

    #[test]
    fn between_two_saves_a_job_is_not_slower() {
        // The job saves every 10 s.
        let pace = pace((0..100).map(|second| second / 10 * 50));
        for now in [91_500, 95_000, 100_000] {
            assert_eq!(pace.rate(now), Some(5.0), "{now}");
        }
    }

    #[test]
    fn the_time_left_is_as_sure_as_the_rate_is_steady() {
        let steady = pace((0..60).map(|it| it * 10)).time_for(100).unwrap();
        assert_eq!((steady.seconds, steady.least, steady.most), (10.0, Some(10.0), Some(10.0)));
        let uneven = pace((0..60).map(|it| it * it / 4)).time_for(100).unwrap();
        assert!(uneven.least.unwrap() < uneven.seconds && uneven.most.unwrap() > uneven.seconds);
    }

    #[test]
    fn nothing_is_told_from_one_look_nor_of_a_job_that_stands() {
        assert_eq!(pace([5]).rate(1_000), None);
        assert_eq!(pace([5]).time_for(1), None);
        assert_eq!(pace([5, 5, 5]).time_for(1), None);
        assert_eq!(pace([5, 9, 2]).rate(3_000), None, "it began anew");
    }

    #[test]
    fn all_of_the_time_is_kept_in_little_room() {
        let pace = pace(0..10_000);
        let (first, last) = (pace.looks()[0], *pace.looks().last().unwrap());
        assert_eq!((first, last), (Seen(1_000, 0), Seen(10_000_000, 9_999)));
        assert!(pace.looks().len() <= KEPT);
    }
}
