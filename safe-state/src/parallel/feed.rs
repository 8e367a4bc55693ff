//! Where the items come from, and what keeps one for another attempt.

use crate::attempt::{Kept, TriedAgain, TriedOnce};
use crate::items::identity::Identity;
use crate::items::{Items, Step};
use crate::run::handing::Handing;

/// The items of a loop, as they are pulled on the caller's side.
pub trait Feed {
    /// An item.
    type Item;

    /// The next item that is not complete; none while it has to be waited for.
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

/// What keeps an item for another attempt.
pub trait Keeps<T> {
    /// The item for an attempt; `may_try_again` says whether there may be another.
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
