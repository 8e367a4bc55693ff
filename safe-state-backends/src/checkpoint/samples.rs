//! Samples of a loop's items, by which a run recognises its input: a few, spread over all complete items.

use serde::{Deserialize, Serialize};

use super::Mark;
use crate::bounded;
use crate::limits::SAMPLE_LIMIT;

/// The fingerprints of some completed items, in order: those whose index is a multiple of a power of two, which doubles as the
/// items grow so that the samples stay few.
#[expect(
    clippy::box_collection,
    reason = "most loops have none, and a checkpoint may hold many loops"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Mark>", into = "Vec<Mark>")]
pub struct Samples(Option<Box<Vec<Mark>>>);

/// The samples taken since the last save.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The samples, in the order of their indices.
    #[serde(deserialize_with = "bounded::list::<SAMPLE_LIMIT, _, _>")]
    pub marks: Vec<Mark>,
}

impl Samples {
    /// Returns the index of the first sample at or after `index`, where a loop may have `most` samples.
    pub fn next(index: u64, most: u64) -> u64 {
        // The next multiple may already need a larger power of two.
        let aligned = index.checked_next_multiple_of(step(index, most));
        aligned.and_then(|at| at.checked_next_multiple_of(step(at, most))).unwrap_or(u64::MAX)
    }

    /// Returns the samples, in the order of their indices.
    pub fn marks(&self) -> &[Mark] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Returns whether no item is a sample.
    pub fn is_empty(&self) -> bool {
        self.marks().is_empty()
    }

    /// Removes and returns the samples of items before `index`.
    #[must_use]
    pub fn take_before(&mut self, index: u64) -> Self {
        let Some(samples) = &mut self.0 else { return Samples::default() };
        let (before, behind): (Vec<_>, Vec<_>) =
            samples.drain(..).partition(|mark: &Mark| mark.index < index);
        *self = behind.into_iter().collect();
        before.into_iter().collect()
    }

    /// Adds samples of later items, then drops those that are no longer multiples of the power of two. Ignores samples that do
    /// not come after the existing ones.
    pub fn add(&mut self, marks: &[Mark]) {
        if marks.is_empty() {
            return;
        }
        let samples = self.0.get_or_insert_default();
        for mark in marks {
            if samples.last().is_none_or(|last| last.index < mark.index) {
                samples.push(*mark);
            }
        }
        let last = samples.last().map_or(0, |last| last.index);
        let step = step(last, SAMPLE_LIMIT as u64);
        samples.retain(|mark| mark.index.is_multiple_of(step));
        // No samples are stored as `None`, as in a checkpoint that is read, so that both compare equal.
        if samples.is_empty() {
            self.0 = None;
        }
    }

    /// Removes the sample of the item at `index`.
    pub(super) fn remove(&mut self, index: u64) {
        if let Some(samples) = &mut self.0 {
            samples.retain(|mark| mark.index != index);
        }
    }
}

impl From<Vec<Mark>> for Samples {
    fn from(marks: Vec<Mark>) -> Self {
        let mut samples = Samples::default();
        samples.add(&marks);
        samples
    }
}

impl From<Samples> for Vec<Mark> {
    fn from(samples: Samples) -> Self {
        samples.marks().to_vec()
    }
}

impl FromIterator<Mark> for Samples {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let marks: Vec<Mark> = marks.into_iter().collect();
        Samples((!marks.is_empty()).then(|| Box::new(marks)))
    }
}

/// Returns the smallest power of two with at most `most` multiples in `0..=index`.
fn step(index: u64, most: u64) -> u64 {
    (index / most.max(1) + 1).checked_next_power_of_two().unwrap_or(1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the indices that are samples in a loop with `count` items.
    fn taken(count: u64, most: u64) -> Vec<u64> {
        let mut samples = Samples::default();
        let mut next = Samples::next(0, most);
        while next < count {
            samples.add(&[Mark { index: next, fingerprint: 0 }]);
            next = Samples::next(next + 1, most);
        }
        samples.marks().iter().map(|mark| mark.index).collect()
    }

    #[test]
    fn few_items_are_all_samples() {
        assert_eq!(taken(5, 64), [0, 1, 2, 3, 4]);
        assert_eq!(taken(64, 64), (0..64).collect::<Vec<_>>());
        assert_eq!(taken(65, 64), (0..65).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn many_items_have_a_bounded_number_of_samples_that_are_spread_evenly() {
        for count in [100, 1_000, 65_537, 1_000_000] {
            let taken = taken(count, 64);
            assert!((32..=64).contains(&taken.len()), "{count}: {}", taken.len());
            let step = taken[1];
            assert!(taken.iter().zip(0..).all(|(at, n)| *at == n * step), "{count}: {taken:?}");
            assert!(count - taken.last().unwrap() <= step);
        }
        assert_eq!(Samples::next(u64::MAX, 64), u64::MAX);
        assert_eq!(Samples::next(1_000_000_001, 64) % (1 << 24), 0);
    }

    #[test]
    fn the_first_items_are_samples_also_where_few_are_wanted() {
        assert_eq!(taken(8, 8), (0..8).collect::<Vec<_>>());
        assert!(taken(1_000, 8).len() < 40);
    }

    #[test]
    fn samples_that_do_not_come_behind_the_others_are_left_out() {
        let mut samples = Samples::default();
        let mark = |index| Mark { index, fingerprint: 1 };
        samples.add(&[mark(3), mark(3), mark(2), mark(5)]);
        assert_eq!(samples.marks(), [mark(3), mark(5)]);
    }
}
