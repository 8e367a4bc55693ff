//! What has become of a list since it was stored. However often elements were pushed and popped: some of those stored
//! are gone at either end, the others are between what is new in front of them and behind them.
//!
//! Each element has a position. The first of a list has 0 when it is made; the one pushed in front of it has one less.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::generation::Generation;

/// Most states of which one may be stored: the last one that is, the one that is being saved, and the same of
/// each place where the list is kept.
const STATES: usize = 8;

/// What has become of a list since each state in which it may be stored.
#[derive(Debug)]
pub(super) struct Changes {
    first: i64,
    /// Locked only where the list is saved, by shared reference.
    states: Mutex<Vec<State>>,
    marked: Option<Kept>,
}

#[derive(Debug)]
struct State {
    number: Generation,
    elements: Kept,
}

/// The elements that a list had, and which of them it has never lost since.
#[derive(Clone, Debug)]
struct Kept {
    all: Range<i64>,
    kept: Range<i64>,
}

/// Whether an element that was taken was there at the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Marked,
    Unmarked,
}

/// How a list differs from one that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// How many elements are taken away at the front and at the back.
    pub(crate) taken: (u64, u64),
    /// How many are new in front of the others, and from which one on they are new behind them.
    pub(crate) ahead: usize,
    pub(crate) behind: usize,
}

impl Parts {
    /// All are new, and none is stored.
    pub(crate) fn whole() -> Self {
        Parts { taken: (0, 0), ahead: 0, behind: 0 }
    }
}

impl Kept {
    fn new(all: Range<i64>) -> Self {
        Kept { kept: all.clone(), all }
    }

    /// The element at `position` is taken from the front. Returns whether it was one of them.
    #[inline]
    fn pop_front(&mut self, position: i64) -> bool {
        let was_kept = self.kept.contains(&position);
        self.kept.start = self.kept.start.max(position + 1);
        was_kept
    }

    /// The element at `position` is taken from the back. Returns whether it was one of them.
    #[inline]
    fn pop_back(&mut self, position: i64) -> bool {
        let was_kept = self.kept.contains(&position);
        self.kept.end = self.kept.end.min(position);
        was_kept
    }

    /// How a list with the elements `now` differs.
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

    /// The last element is taken, of which `left` are left.
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

    /// How many elements in front of those that were marked are new, and how many behind them. Nothing is marked then.
    pub(super) fn since_mark(&mut self, len: usize) -> (usize, usize) {
        let Some(marked) = self.marked.take() else { return (0, 0) };
        let parts = marked.parts(&self.now(len));
        (parts.ahead, len - parts.behind)
    }

    /// The list, as it is now with `len` elements, is known by that number.
    pub(super) fn begin(&self, number: &Generation, len: usize) {
        number.number();
        let elements = Kept::new(self.now(len));
        let mut states = self.states();
        if states.len() >= STATES {
            states.remove(0);
        }
        states.push(State { number: number.clone(), elements });
    }

    /// How the list, with `len` elements, differs from the state of that number.
    pub(super) fn since(&self, stored: &Generation, len: usize) -> Option<Parts> {
        let mut states = self.states();
        let at = states.iter().position(|state| state.number.is(stored))?;
        let state = states.remove(at);
        let parts = state.elements.parts(&self.now(len));
        // What is in use goes last.
        states.push(state);
        Some(parts)
    }
}
