//! The items of an async `while let` loop, whose head is a future that is polled beside the bodies.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::asking::step;
use super::feed::Feed;
use crate::items::Step;
use crate::items::identity::{ByIndex, ByKey, Identity};
use crate::items::key::KeyHash;
use crate::items::received::Received;
use crate::run::handing::Handing;

/// The item that the head of a loop gives, one at a time, and only when it is wanted.
///
/// The head is evaluated in a future of its own, in a loop: it waits until an item is wanted, and gives it. The task
/// that wants the item polls that future, so nobody has to be woken.
#[derive(Debug)]
pub struct Offered<T>(Mutex<NextItem<T>>);

/// The state of the next item.
#[derive(Debug)]
enum NextItem<T> {
    Nothing,
    Wanted,
    /// The head's value, which is `None` at the end of the input.
    Given(Option<T>),
}

impl<T> Offered<T> {
    /// Creates the place of an item, without one.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub fn new() -> Self {
        Offered(Mutex::new(NextItem::Nothing))
    }

    /// Waits until an item is wanted.
    pub async fn wanted(&self) {
        poll_fn(|_| match *self.lock() {
            NextItem::Wanted => Poll::Ready(()),
            NextItem::Nothing | NextItem::Given(_) => Poll::Pending,
        })
        .await;
    }

    /// Puts in the value that the head gave. Returns whether more values will come.
    pub fn give(&self, given: Option<T>) -> bool {
        let has_more = given.is_some();
        *self.lock() = NextItem::Given(given);
        has_more
    }

    pub(super) fn want(&self) {
        let mut asked = self.lock();
        if matches!(*asked, NextItem::Nothing) {
            *asked = NextItem::Wanted;
        }
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(*self.lock(), NextItem::Given(_))
    }

    /// Takes the head's value; `None` if the head has given nothing yet.
    #[expect(clippy::option_option, reason = "a head gives an `Option`, once it gives something")]
    fn take(&self) -> Option<Option<T>> {
        let mut asked = self.lock();
        if !matches!(*asked, NextItem::Given(_)) {
            return None;
        }
        match std::mem::replace(&mut *asked, NextItem::Nothing) {
            NextItem::Given(given) => Some(given),
            NextItem::Nothing | NextItem::Wanted => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, NextItem<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The items that the head of an async loop gives.
#[derive(Debug)]
pub struct OfferedItems<'i, T, K> {
    received: &'i mut Received,
    pub(super) given: &'i Offered<T>,
    identity: K,
}

/// Creates the items of a loop that knows them by index.
pub fn offered<'i, T, F: Fn(&T) -> Option<u32>>(
    received: &'i mut Received,
    given: &'i Offered<T>,
    fingerprint: F,
) -> OfferedItems<'i, T, ByIndex<F>> {
    OfferedItems { received, given, identity: ByIndex(fingerprint) }
}

/// Creates the items of a loop that knows them by the hash of a key.
pub fn offered_by_key<'i, T, F: Fn(&T) -> Result<KeyHash, String>>(
    received: &'i mut Received,
    given: &'i Offered<T>,
    hash: F,
) -> OfferedItems<'i, T, ByKey<F>> {
    OfferedItems { received, given, identity: ByKey::new(hash) }
}

impl<T, K: Identity<T>> Feed for OfferedItems<'_, T, K> {
    type Item = T;

    fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<T>> {
        if self.received.is_closed() {
            return Some(Step::Done);
        }
        // A loop that is refused takes no item.
        let given = if self.received.is_refused() { None } else { self.given.take()? };
        step(self.received.take(given, handing, &self.identity))
    }

    fn has_ended(&self) -> bool {
        self.received.is_closed()
    }
}
