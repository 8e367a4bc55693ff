//! Measures two sides in turns, and compares them.

use std::time::{Duration, Instant};

/// The times of two sides, one pair for each round.
#[derive(Debug)]
pub struct Compared {
    rounds: Vec<(f64, f64)>,
}

/// A median and its quartiles.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// A quarter of the rounds lies below it.
    pub lower: f64,
    /// Half of the rounds lies below it.
    pub median: f64,
    /// Three quarters of the rounds lie below it.
    pub upper: f64,
}

/// Measures two sides in `rounds` rounds, after one round to warm up. Each side returns the time of the part of its
/// work that counts. The side that goes first changes from round to round.
pub fn compare(
    rounds: usize,
    mut ours: impl FnMut() -> Duration,
    mut theirs: impl FnMut() -> Duration,
) -> Compared {
    let mut round = |i: usize| {
        if i.is_multiple_of(2) {
            let first = ours();
            return (first.as_secs_f64(), theirs().as_secs_f64());
        }
        let first = theirs();
        (ours().as_secs_f64(), first.as_secs_f64())
    };
    round(0);
    Compared { rounds: (0..rounds).map(round).collect() }
}

/// Returns the time that `work` takes.
pub fn time(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

impl Compared {
    /// Returns our time as a multiple of their time.
    pub fn ratio(&self) -> Spread {
        Spread::of(self.rounds.iter().map(|(ours, theirs)| ours / theirs))
    }

    /// Returns the time by which ours exceeds theirs, in units of which `per_second` make a second.
    pub fn extra(&self, per_second: f64) -> Spread {
        Spread::of(self.rounds.iter().map(|(ours, theirs)| (ours - theirs) * per_second))
    }

    /// Returns our time, in units of which `per_second` make a second.
    pub fn ours(&self, per_second: f64) -> Spread {
        Spread::of(self.rounds.iter().map(|(ours, _)| ours * per_second))
    }
}

impl Spread {
    /// Returns the spread of samples that come in any order.
    pub fn of(samples: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = samples.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
        Spread { lower: at(1), median: at(2), upper: at(3) }
    }
}
