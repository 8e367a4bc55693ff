//! The source of a loop's items, and what keeps an item for another attempt.

use crate::attempt::{Kept, TriedAgain, TriedOnce};
use crate::items::identity::Identity;
use crate::items::key::KeyHash;
use crate::items::{Items, Step};
use crate::run::handing::Handing;
use crate::run::slices::{SharedItems, SharedItemsByKey};

/// The items of a loop, which the caller's side pulls.
pub trait Feed {
    /// The type of an item.
    type Item;

    /// Returns the next item that is not complete; `None` while the loop has to wait for it.
    fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<Self::Item>>;

    /// Returns whether it is known that no item is left, without asking for one.
    fn has_ended(&self) -> bool;
}

impl<I: Iterator, K: Identity<I::Item>> Feed for Items<I, K> {
    type Item = I::Item;

    fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<I::Item>> {
        Some(Items::next(self, handing))
    }

    fn has_ended(&self) -> bool {
        Items::has_ended(self)
    }
}

impl<I: Iterator, K: Identity<I::Item>> Feed for SharedItems<I, K> {
    type Item = I::Item;

    fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<I::Item>> {
        let step = self.next_of(handing);
        Some(step.unwrap_or_else(|it| Step::Failed(handing.not_again(it))))
    }

    fn has_ended(&self) -> bool {
        SharedItems::has_ended(self)
    }
}

impl<I, F> Feed for SharedItemsByKey<I, F>
where
    I: Iterator,
    F: Fn(&I::Item) -> Result<KeyHash, String>,
{
    type Item = I::Item;

    fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<I::Item>> {
        Some(SharedItemsByKey::next(self, handing))
    }

    fn has_ended(&self) -> bool {
        SharedItemsByKey::has_ended(self)
    }
}

/// An item that is kept for another attempt, if one may follow.
pub trait Keeps<T> {
    /// Returns the item for an attempt. `may_try_again` tells whether another attempt may follow.
    fn take(&mut self, may_try_again: bool) -> T;
}

impl<T: TriedAgain> Keeps<T> for Kept<T> {
    fn take(&mut self, may_try_again: bool) -> T {
        Kept::take(self, may_try_again)
    }
}

impl<T> Keeps<T> for TriedOnce<T> {
    fn take(&mut self, may_try_again: bool) -> T {
        TriedOnce::take(self, may_try_again)
    }
}
