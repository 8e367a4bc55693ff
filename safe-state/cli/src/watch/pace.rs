//! The speed of a job, by several looks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The number of looks that are remembered.
const KEPT: usize = 120;
/// The number of the last looks that the rate is taken from.
const RECENT: usize = 10;

/// The number of complete items at each look.
#[derive(Debug, Default)]
pub(super) struct Pace(VecDeque<(Instant, u64)>);

impl Pace {
    /// Takes in a look. If the count has gone back, it belongs to another loop, or to a job that began anew, and the
    /// earlier looks are dropped.
    pub(super) fn add(&mut self, now: Instant, completed: u64) {
        if self.0.back().is_some_and(|(_, before)| *before > completed) {
            self.0.clear();
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((now, completed));
    }

    /// Returns the items per second of the last looks.
    pub(super) fn rate(&self) -> Option<f64> {
        let first = self.0.get(self.0.len().saturating_sub(RECENT))?;
        per_second(first, self.0.back()?)
    }

    /// Returns how long `items` items take at the present rate.
    pub(super) fn time_for(&self, items: u64) -> Option<Duration> {
        let rate = self.rate().filter(|rate| *rate > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        Duration::try_from_secs_f64(items as f64 / rate).ok()
    }

    /// Returns the rates from look to look, in hundredths of items per second.
    pub(super) fn rates(&self) -> Vec<u64> {
        let steps = self.0.iter().zip(self.0.iter().skip(1));
        steps.map(|(from, to)| hundredths(per_second(from, to).unwrap_or(0.0))).collect()
    }
}

fn per_second((from, before): &(Instant, u64), (to, after): &(Instant, u64)) -> Option<f64> {
    let seconds = to.duration_since(*from).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    (seconds > 0.0).then(|| (after - before) as f64 / seconds)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn hundredths(rate: f64) -> u64 {
    (rate * 100.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(counts: &[u64]) -> Pace {
        let (began, mut pace) = (Instant::now(), Pace::default());
        for (second, count) in (0..).zip(counts) {
            pace.add(began + Duration::from_secs(second), *count);
        }
        pace
    }

    #[test]
    fn the_rate_is_that_of_the_last_looks() {
        let counts: Vec<u64> =
            (0..20).map(|look| look * 3).chain((0..20).map(|look| 60 + look * 7)).collect();
        let pace = pace(&counts);
        assert_eq!(pace.rate(), Some(7.0));
        assert_eq!(pace.time_for(70), Some(Duration::from_secs(10)));
        assert_eq!(pace.rates()[..2], [300, 300]);
    }

    #[test]
    fn nothing_is_told_from_one_look_nor_of_a_job_that_stands() {
        assert_eq!(pace(&[5]).rate(), None);
        assert_eq!(pace(&[5, 5]).time_for(1), None);
        assert_eq!(pace(&[5, 9, 2]).rate(), None, "it began anew");
    }
}
