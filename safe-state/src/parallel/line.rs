//! Items whose parts run ahead of the loop, in the order in which the loop goes on with them.

use std::collections::VecDeque;

use super::feed::{Feed, Keeps};
use super::task::{Done, Task};
use crate::Error;
use crate::attempt::Outcome;
use crate::items::Step;
use crate::run::handing::Handing;

/// The items that were handed out and are not complete. The first is the one that the loop goes on with next.
#[derive(Debug)]
pub(super) struct Line<K, V, R> {
    most: usize,
    items: VecDeque<Ahead<K, V, R>>,
    /// Whether the loop works on the first item.
    has_first: bool,
    is_exhausted: bool,
    error: Option<Error>,
}

#[derive(Debug)]
struct Ahead<K, V, R> {
    index: u64,
    kept: K,
    tried: u32,
    part: Part<V, R>,
}

/// The state of an item's part that runs ahead.
#[derive(Debug)]
enum Part<V, R> {
    /// The part has not begun, or is to begin once more.
    Waits,
    Runs,
    Came(Box<Done<V, R>>),
}

/// The answer of a line that was asked for one more item.
#[derive(Debug)]
pub(super) enum Pulled<T> {
    /// A part to be begun.
    Begins(Task<T>),
    /// No item for now: the line is full, or the input has ended.
    Enough,
    /// The next item of the input has to be waited for.
    Wanted,
}

impl<K, V, R> Line<K, V, R> {
    pub(super) fn new(most: usize) -> Self {
        Line { most, items: VecDeque::new(), has_first: false, is_exhausted: false, error: None }
    }

    /// Removes the first item, if the loop had it and has completed it.
    pub(super) fn go_on(&mut self) {
        if std::mem::take(&mut self.has_first) {
            self.items.pop_front();
        }
    }

    /// Pulls the next item, if the line has room for it. With `one_by_one`, its part begins only when the loop asks for
    /// it.
    pub(super) fn pull<T>(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        handing: &mut Handing<'_, '_>,
        keep: fn(T) -> K,
        (one_by_one, may_try_again): (bool, bool),
    ) -> Pulled<T>
    where
        K: Keeps<T>,
    {
        loop {
            let most = if one_by_one { 1 } else { self.most };
            let has_room = self.items.len() < most;
            if !has_room || self.is_exhausted || self.error.is_some() {
                return Pulled::Enough;
            }
            match feed.next(handing) {
                None => return Pulled::Wanted,
                Some(Step::Item(item)) => {
                    let index = handing.last();
                    let mut ahead = Ahead { index, kept: keep(item), tried: 0, part: Part::Waits };
                    if one_by_one {
                        self.items.push_back(ahead);
                        return Pulled::Enough;
                    }
                    ahead.part = Part::Runs;
                    let item = ahead.kept.take(may_try_again);
                    self.items.push_back(ahead);
                    return Pulled::Begins(Task { index, item, is_timed: false, is_again: false });
                }
                Some(Step::Done) => self.is_exhausted = true,
                Some(Step::Failed(error)) => self.error = Some(error),
            }
        }
    }

    /// Returns whether the first item's part has ended, or need not be waited for.
    pub(super) fn is_first_here(&self) -> bool {
        self.items.front().is_none_or(|first| !matches!(first.part, Part::Runs))
    }

    /// Returns whether no item is handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Hands the first item to the loop, or the end of the input, or its error.
    pub(super) fn step(&mut self, handing: &mut Handing<'_, '_>) -> Step<()> {
        match self.items.front() {
            Some(first) => {
                handing.attend(first.index, Vec::new());
                self.has_first = true;
                Step::Item(())
            }
            None => self.error.take().map_or(Step::Done, Step::Failed),
        }
    }

    /// Stores the result of a part with its item.
    pub(super) fn came(&mut self, done: Done<V, R>) {
        let ahead = self.items.iter_mut().find(|ahead| ahead.index == done.index);
        if let Some(ahead) = ahead {
            ahead.part = Part::Came(Box::new(done));
        }
    }

    /// Returns the part of the first item, to be begun, if it has not begun.
    pub(super) fn begin_first<T>(&mut self, may_try_again: impl Fn(u32) -> bool) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        let first = self.items.front_mut().filter(|first| matches!(first.part, Part::Waits))?;
        first.part = Part::Runs;
        let item = first.kept.take(may_try_again(first.tried));
        Some(Task { index: first.index, item, is_timed: false, is_again: true })
    }

    /// Takes the result of the first item's part. The part runs again if its value is asked for again.
    pub(super) fn take_first(
        &mut self,
        handing: &mut Handing<'_, '_>,
    ) -> Option<Result<V, Outcome<R>>> {
        let first = self.items.front_mut()?;
        if !matches!(first.part, Part::Came(_)) {
            return None;
        }
        let Part::Came(done) = std::mem::replace(&mut first.part, Part::Waits) else { return None };
        let Done { came, notes, captured, .. } = *done;
        first.tried += 1;
        handing.attend(first.index, captured);
        if let Some(notes) = notes {
            notes.put_back();
        }
        Some(came)
    }
}
