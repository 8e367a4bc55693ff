//! The changes of a worklist since it was stored. However often elements were pushed and popped, some of the stored elements
//! are gone at either end, and the others are in the middle, between new elements in front and behind.
//!
//! Each element has a position. The first element of a new list has position 0; the one pushed in front of it has -1.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::checkpoint::generation::Generation;

/// The most states that are remembered, of which one may be stored: the last saved state, the one being saved, and the same two
/// for each place where the list is kept.
const STATES: usize = 8;

/// The changes of a list since each state in which it may be stored.
#[derive(Debug)]
pub(super) struct Changes {
    first: i64,
    /// The remembered states. The lock is taken only by a save, which has the list by shared reference.
    states: Mutex<Vec<State>>,
    marked: Option<Kept>,
}

#[derive(Debug)]
struct State {
    number: Generation,
    elements: Kept,
}

/// The positions of the elements that a list had, and of those that it has never lost since.
#[derive(Clone, Debug)]
struct Kept {
    all: Range<i64>,
    kept: Range<i64>,
}

/// Whether an element that was taken from the list was there at the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Marked,
    Unmarked,
}

/// The difference of a list from a stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The numbers of stored elements to take away at the front and at the back.
    pub(crate) taken: (u64, u64),
    /// The number of new elements in front of the stored ones, and the index from which elements are new behind them.
    pub(crate) ahead: usize,
    pub(crate) behind: usize,
}

impl Parts {
    /// Returns the parts of a list of which nothing is stored: all elements are new.
    pub(crate) fn whole() -> Self {
        Parts { taken: (0, 0), ahead: 0, behind: 0 }
    }
}

impl Kept {
    fn new(all: Range<i64>) -> Self {
        Kept { kept: all.clone(), all }
    }

    /// Notes that the element at `position` was taken from the front. Returns whether it was one of the kept elements.
    #[inline]
    fn pop_front(&mut self, position: i64) -> bool {
        let was_kept = self.kept.contains(&position);
        self.kept.start = self.kept.start.max(position + 1);
        was_kept
    }

    /// Notes that the element at `position` was taken from the back. Returns whether it was one of the kept elements.
    #[inline]
    fn pop_back(&mut self, position: i64) -> bool {
        let was_kept = self.kept.contains(&position);
        self.kept.end = self.kept.end.min(position);
        was_kept
    }

    /// Returns the difference of a list with the positions `now`.
    fn parts(&self, now: &Range<i64>) -> Parts {
        if self.kept.is_empty() {
            let taken = (distance(self.all.start, self.all.end), 0);
            return Parts { taken, ahead: 0, behind: 0 };
        }
        let taken_front = distance(self.all.start, self.kept.start);
        let taken_back = distance(self.kept.end, self.all.end);
        let at = |position: i64| usize::try_from(distance(now.start, position)).unwrap_or_default();
        Parts {
            taken: (taken_front, taken_back),
            ahead: at(self.kept.start),
            behind: at(self.kept.end),
        }
    }
}

fn distance(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or_default()
}

impl Changes {
    pub(super) const fn new() -> Self {
        Changes { first: 0, states: Mutex::new(Vec::new()), marked: None }
    }

    fn states(&self) -> MutexGuard<'_, Vec<State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn states_mut(&mut self) -> &mut Vec<State> {
        self.states.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self, len: usize) -> Range<i64> {
        self.first..self.first.saturating_add_unsigned(len as u64)
    }

    #[inline]
    pub(super) fn push_front(&mut self) {
        self.first -= 1;
    }

    #[inline]
    pub(super) fn pop_front(&mut self) -> Taken {
        let position = self.first;
        self.first += 1;
        self.states_mut().iter_mut().for_each(|it| _ = it.elements.pop_front(position));
        self.take_marked(|marked| marked.pop_front(position))
    }

    /// Notes that the last element was taken, so that `left` elements remain.
    #[inline]
    pub(super) fn pop_back(&mut self, left: usize) -> Taken {
        let position = self.now(left).end;
        self.states_mut().iter_mut().for_each(|it| _ = it.elements.pop_back(position));
        self.take_marked(|marked| marked.pop_back(position))
    }

    #[inline]
    fn take_marked(&mut self, take: impl FnOnce(&mut Kept) -> bool) -> Taken {
        let was_marked = self.marked.as_mut().is_some_and(take);
        if was_marked { Taken::Marked } else { Taken::Unmarked }
    }

    pub(super) fn mark(&mut self, len: usize) {
        self.marked = Some(Kept::new(self.now(len)));
    }

    /// Returns the numbers of new elements in front of and behind the marked ones, and removes the mark.
    pub(super) fn since_mark(&mut self, len: usize) -> (usize, usize) {
        let Some(marked) = self.marked.take() else { return (0, 0) };
        let parts = marked.parts(&self.now(len));
        (parts.ahead, len - parts.behind)
    }

    /// Remembers the present state, with `len` elements, under the identity `number`.
    pub(super) fn begin(&self, number: &Generation, len: usize) {
        number.number();
        let elements = Kept::new(self.now(len));
        let mut states = self.states();
        if states.len() >= STATES {
            states.remove(0);
        }
        states.push(State { number: number.clone(), elements });
    }

    /// Returns the difference of the list, with `len` elements, from the state `stored`; `None` if it is not remembered.
    pub(super) fn since(&self, stored: &Generation, len: usize) -> Option<Parts> {
        let mut states = self.states();
        let at = states.iter().position(|state| state.number.is(stored))?;
        let state = states.remove(at);
        let parts = state.elements.parts(&self.now(len));
        // The state in use moves to the end, as the first one is dropped when there are too many.
        states.push(state);
        Some(parts)
    }
}
