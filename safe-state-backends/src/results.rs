//! A list that grows as a job runs.

use std::ops::Deref;

use serde::Deserialize;

/// A list that is only pushed to. Carried through a loop, a save costs what was pushed since the
/// save before, and not what is in it.
///
/// It reads as a slice, and goes into a `Vec`.
///
/// ```
/// use safe_state_backends::Results;
///
/// let mut sizes = Results::new();
/// sizes.push(3u64);
/// sizes.push(4);
/// assert_eq!(sizes.iter().sum::<u64>(), 7);
/// let sizes: Vec<u64> = sizes.into();
/// assert_eq!(sizes, [3, 4]);
/// ```
// Not `Serialize`: what it saves of itself depends on what was saved before, see `Carry`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Results<T>(Vec<T>);

impl<T> Results<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Results(Vec::new())
    }

    /// Adds `result` at the end.
    pub fn push(&mut self, result: T) {
        self.0.push(result);
    }

    /// The same as a `Vec`.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Default for Results<T> {
    fn default() -> Self {
        Results::new()
    }
}

impl<T> Deref for Results<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<Results<T>> for Vec<T> {
    fn from(results: Results<T>) -> Vec<T> {
        results.0
    }
}

impl<T> Extend<T> for Results<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, results: I) {
        self.0.extend(results);
    }
}

impl<T> IntoIterator for Results<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Results<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
