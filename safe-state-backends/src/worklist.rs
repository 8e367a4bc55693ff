//! A queue of items to do, for which a save writes only what was pushed and popped.

mod changes;

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::ops::Deref;

use serde::{Deserialize, Deserializer};

use crate::checkpoint::generation::Generation;
use changes::{Changes, Taken};

pub(crate) use changes::Parts;

/// A queue of items to do, in a loop that pops its items from it and pushes the items that they lead to. When it is carried
/// through that loop, a save writes only what was pushed and popped since the last save, however long the queue is.
///
/// The queue derefs to a [`VecDeque`], and converts from and into one.
///
/// ```
/// use safe_state_backends::Worklist;
///
/// let mut queue = Worklist::from([1u64]);
/// let mut done = Vec::new();
/// while let Some(number) = queue.pop_front() {
///     done.push(number);
///     if number < 4 {
///         queue.extend([2 * number, 2 * number + 1]);
///     }
/// }
/// assert_eq!(done, [1, 2, 3, 4, 5, 6, 7]);
/// ```
///
/// An element is saved once. A save refuses elements with a `Cell`, a lock or an atomic inside, which could change after that:
/// carry a `VecDeque` of these elements instead.
// Not `Serialize`: the bytes that it saves depend on what was saved before, see `Carry`.
pub struct Worklist<T> {
    elements: VecDeque<T>,
    changes: Changes,
    /// The elements taken since the mark for [`undo`](Self::undo).
    marked: Option<Box<Marked<T>>>,
}

/// The data for putting a list back to its marked state.
struct Marked<T> {
    mark: Generation,
    copy: fn(&T) -> T,
    /// Copies of the elements that were there at the mark and were taken since: `front` has those taken at the front, `back`
    /// those taken at the back, each in the order in which they were taken.
    front: Vec<T>,
    back: Vec<T>,
}

impl<T> Worklist<T> {
    /// Creates an empty queue.
    pub const fn new() -> Self {
        Worklist { elements: VecDeque::new(), changes: Changes::new(), marked: None }
    }

    /// Adds `element` behind all others.
    #[inline]
    pub fn push_back(&mut self, element: T) {
        self.elements.push_back(element);
    }

    /// Adds `element` in front of all others.
    #[inline]
    pub fn push_front(&mut self, element: T) {
        self.changes.push_front();
        self.elements.push_front(element);
    }

    /// Removes and returns the first element.
    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        let element = self.elements.pop_front()?;
        let taken = self.changes.pop_front();
        self.keep_for_undo(taken, &element, |marked| &mut marked.front);
        Some(element)
    }

    /// Removes and returns the last element.
    #[inline]
    pub fn pop_back(&mut self) -> Option<T> {
        let element = self.elements.pop_back()?;
        let taken = self.changes.pop_back(self.elements.len());
        self.keep_for_undo(taken, &element, |marked| &mut marked.back);
        Some(element)
    }

    /// Removes all elements.
    pub fn clear(&mut self) {
        while self.pop_back().is_some() {}
    }

    #[inline]
    fn keep_for_undo(
        &mut self,
        taken: Taken,
        element: &T,
        side: impl FnOnce(&mut Marked<T>) -> &mut Vec<T>,
    ) {
        if taken == Taken::Marked
            && let Some(marked) = &mut self.marked
        {
            let copy = (marked.copy)(element);
            side(marked).push(copy);
        }
    }

    /// Marks the present state of the list. Returns the mark, to be passed to [`undo`](Self::undo).
    #[doc(hidden)]
    pub fn mark(&mut self) -> u64
    where
        T: Clone,
    {
        let mark = Generation::default();
        let number = mark.number();
        self.changes.mark(self.elements.len());
        let (front, back) = (Vec::new(), Vec::new());
        self.marked = Some(Box::new(Marked { mark, copy: T::clone, front, back }));
        number
    }

    /// Reverts what was pushed and popped since `mark`. Returns `false`, and does nothing, if another list has taken this one's
    /// place, or the mark is not the last one.
    #[doc(hidden)]
    pub fn undo(&mut self, mark: u64) -> bool {
        let Some(marked) = self.marked.take_if(|marked| marked.mark.number() == mark) else {
            return false;
        };
        let (pushed_front, pushed_back) = self.changes.since_mark(self.elements.len());
        (0..pushed_front).for_each(|_| _ = self.pop_front());
        (0..pushed_back).for_each(|_| _ = self.pop_back());
        let Marked { front, back, .. } = *marked;
        front.into_iter().rev().for_each(|element| self.push_front(element));
        back.into_iter().rev().for_each(|element| self.push_back(element));
        true
    }

    /// Returns the change since the state `stored`; `None` if that state is another list's, or too long ago.
    pub(crate) fn changed_since(&self, stored: &Generation) -> Option<Parts> {
        self.changes.since(stored, self.elements.len())
    }

    /// Gives the present state an identity, by which the list recognises it once it is stored.
    pub(crate) fn stored_as(&self) -> Generation {
        let number = Generation::default();
        self.changes.begin(&number, self.elements.len());
        number
    }

    /// Returns the list with its present state known as the stored state `number`.
    pub(crate) fn restored(self, number: &Generation) -> Self {
        self.changes.begin(number, self.elements.len());
        self
    }
}

impl<T> Default for Worklist<T> {
    fn default() -> Self {
        Worklist::new()
    }
}

impl<T: Debug> Debug for Worklist<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.elements.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Worklist<T> {
    fn eq(&self, other: &Self) -> bool {
        self.elements == other.elements
    }
}

impl<T: Eq> Eq for Worklist<T> {}

/// The copy is another list: it is saved whole if it takes the place of this one.
impl<T: Clone> Clone for Worklist<T> {
    fn clone(&self) -> Self {
        Worklist::from(self.elements.clone())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Worklist<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        VecDeque::deserialize(deserializer).map(Worklist::from)
    }
}

impl<T> Deref for Worklist<T> {
    type Target = VecDeque<T>;

    fn deref(&self) -> &VecDeque<T> {
        &self.elements
    }
}

impl<T> From<VecDeque<T>> for Worklist<T> {
    fn from(elements: VecDeque<T>) -> Self {
        Worklist { elements, ..Worklist::new() }
    }
}

impl<T> From<Vec<T>> for Worklist<T> {
    fn from(elements: Vec<T>) -> Self {
        VecDeque::from(elements).into()
    }
}

impl<T, const N: usize> From<[T; N]> for Worklist<T> {
    fn from(elements: [T; N]) -> Self {
        VecDeque::from(elements).into()
    }
}

impl<T> From<Worklist<T>> for VecDeque<T> {
    fn from(list: Worklist<T>) -> VecDeque<T> {
        list.elements
    }
}

impl<T> From<Worklist<T>> for Vec<T> {
    fn from(list: Worklist<T>) -> Vec<T> {
        list.elements.into()
    }
}

impl<T> FromIterator<T> for Worklist<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        VecDeque::from_iter(elements).into()
    }
}

impl<T> Extend<T> for Worklist<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        self.elements.extend(elements);
    }
}

impl<T> IntoIterator for Worklist<T> {
    type Item = T;
    type IntoIter = std::collections::vec_deque::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Worklist<T> {
    type Item = &'a T;
    type IntoIter = std::collections::vec_deque::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.iter()
    }
}

#[cfg(test)]
mod tests;
