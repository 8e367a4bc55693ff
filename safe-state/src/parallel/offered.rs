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

/// What the head of a loop gives, one item at a time, and only where it is asked.
///
/// The head stands in one future, which goes round: it waits until an item is wanted, and gives it. That future is polled
/// by who wants the item, so that nobody has to be woken.
#[derive(Debug)]
pub struct Offered<T>(Mutex<Asked<T>>);

/// How it stands with the next item.
#[derive(Debug)]
enum Asked<T> {
    Nothing,
    Wanted,
    /// What the head gave.
    Given(Option<T>),
}

impl<T> Offered<T> {
    /// Nothing yet.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub fn new() -> Self {
        Offered(Mutex::new(Asked::Nothing))
    }

    /// Waits until an item is wanted.
    pub async fn wanted(&self) {
        poll_fn(|_| match *self.lock() {
            Asked::Wanted => Poll::Ready(()),
            Asked::Nothing | Asked::Given(_) => Poll::Pending,
        })
        .await;
    }

    /// Gives what the head gave. Returns whether there is more to come.
    pub fn give(&self, given: Option<T>) -> bool {
        let has_more = given.is_some();
        *self.lock() = Asked::Given(given);
        has_more
    }

    pub(super) fn want(&self) {
        let mut asked = self.lock();
        if matches!(*asked, Asked::Nothing) {
            *asked = Asked::Wanted;
        }
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(*self.lock(), Asked::Given(_))
    }

    /// Takes what the head gave; none if it has given nothing yet.
    #[expect(clippy::option_option, reason = "a head gives an `Option`, once it gives something")]
    fn take(&self) -> Option<Option<T>> {
        let mut asked = self.lock();
        if !matches!(*asked, Asked::Given(_)) {
            return None;
        }
        match std::mem::replace(&mut *asked, Asked::Nothing) {
            Asked::Given(given) => Some(given),
            Asked::Nothing | Asked::Wanted => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Asked<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The items that the head gives, as the loop knows them.
#[derive(Debug)]
pub struct OfferedItems<'i, T, K> {
    received: &'i mut Received,
    pub(super) given: &'i Offered<T>,
    identity: K,
}

/// The items of a loop that knows them by index.
pub fn offered<'i, T, F: Fn(&T) -> Option<u32>>(
    received: &'i mut Received,
    given: &'i Offered<T>,
    fingerprint: F,
) -> OfferedItems<'i, T, ByIndex<F>> {
    OfferedItems { received, given, identity: ByIndex(fingerprint) }
}

/// The items of a loop that knows them by the hash of a key.
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
        // A loop that is refused takes nothing.
        let given = if self.received.is_refused() { None } else { self.given.take()? };
        step(self.received.take(given, handing, &self.identity))
    }

    fn has_ended(&self) -> bool {
        self.received.is_closed()
    }
}
