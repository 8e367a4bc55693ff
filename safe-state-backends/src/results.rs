//! A list that grows as a job runs.

use std::fmt::{self, Debug};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde::{Deserialize, Deserializer};

use crate::checkpoint::generation::Generation;

/// A list that is only pushed to. When it is carried through a loop, a save writes only the elements pushed since the last
/// save, however long the list is.
///
/// The list derefs to a slice, and converts into a `Vec`.
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
///
/// An element is saved once. A save refuses elements with a `Cell`, a lock or an atomic inside, which could change after that:
/// carry a `Vec` of these elements instead.
// Not `Serialize`: the bytes that it saves depend on what was saved before, see `Carry`.
#[derive(Default)]
pub struct Results<T> {
    elements: Vec<T>,
    /// The number of elements that were given to a save.
    saved: AtomicUsize,
    /// The identity of the list. Stored elements with another identity belong to another list, even of equal length.
    generation: Generation,
    /// The mark for [`undo`](Self::undo), and the length of the list at the mark. No other list has the same mark.
    marked: Option<(u64, usize)>,
}

impl<T> Results<T> {
    /// Creates an empty list.
    pub const fn new() -> Self {
        Results {
            elements: Vec::new(),
            saved: AtomicUsize::new(0),
            generation: Generation::new(),
            marked: None,
        }
    }

    /// Adds `result` at the end.
    pub fn push(&mut self, result: T) {
        self.elements.push(result);
    }

    /// Converts the list into a `Vec`.
    pub fn into_vec(self) -> Vec<T> {
        self.elements
    }

    /// Marks the present state of the list. Returns the mark, to be passed to [`undo`](Self::undo).
    #[doc(hidden)]
    pub fn mark(&mut self) -> u64 {
        static MARKS: AtomicU64 = AtomicU64::new(0);
        let mark = MARKS.fetch_add(1, Ordering::Relaxed);
        self.marked = Some((mark, self.len()));
        mark
    }

    /// Removes the elements pushed since `mark`. Returns `false`, and does nothing, if another list has taken this one's place,
    /// or the mark is not the last one.
    #[doc(hidden)]
    pub fn undo(&mut self, mark: u64) -> bool {
        match self.marked {
            Some((marked, len)) if marked == mark && len <= self.len() => {
                self.elements.truncate(len);
                if len < *self.saved.get_mut() {
                    self.generation = Generation::new();
                }
                true
            }
            _ => false,
        }
    }

    /// Returns whether the list extends the stored one, with the elements to add; else `false` with all elements.
    pub(crate) fn unsaved(&self, stored: Option<(&Generation, usize)>) -> (bool, &[T]) {
        let saved = self.saved.swap(self.len(), Ordering::Relaxed);
        let own = stored.filter(|(generation, _)| generation.is(&self.generation));
        match own.and_then(|(_, stored)| self.elements.get(stored..)) {
            // After a save that failed, fewer elements are stored than were given to it; these are given again.
            Some(new) if self.len() >= saved => (true, new),
            _ => (false, &self.elements),
        }
    }

    /// Returns the elements behind the stored ones, if those are of this list.
    pub(crate) fn behind(&self, (generation, stored): (&Generation, usize)) -> Option<&[T]> {
        self.elements.get(stored..).filter(|_| generation.is(&self.generation))
    }

    /// Returns the list's identity, and gives it one if it has none yet.
    pub(crate) fn generation(&self) -> Generation {
        self.generation.number();
        self.generation.clone()
    }

    /// Returns the list with the identity of the stored one, all of whose elements are stored.
    pub(crate) fn restored(mut self, generation: &Generation) -> Self {
        self.saved = AtomicUsize::new(self.len());
        generation.number();
        self.generation = generation.clone();
        self
    }
}

impl<T: Debug> Debug for Results<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.elements.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Results<T> {
    fn eq(&self, other: &Self) -> bool {
        self.elements == other.elements
    }
}

impl<T: Eq> Eq for Results<T> {}

impl<T: Clone> Clone for Results<T> {
    fn clone(&self) -> Self {
        Results { elements: self.elements.clone(), ..Results::new() }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Results<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|elements| Results { elements, ..Results::new() })
    }
}

impl<T> Deref for Results<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements
    }
}

impl<T> From<Results<T>> for Vec<T> {
    fn from(results: Results<T>) -> Vec<T> {
        results.elements
    }
}

impl<T> Extend<T> for Results<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, results: I) {
        self.elements.extend(results);
    }
}

impl<T> IntoIterator for Results<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Results<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.iter()
    }
}
