//! The items of a `while let` loop: the caller's side evaluates the loop's head for them.

use super::feed::Feed;
use crate::items::Step;
use crate::items::identity::{ByIndex, ByKey, Identity};
use crate::items::key::KeyHash;
use crate::items::received::{Receipt, Received};
use crate::run::handing::Handing;

/// The items that a loop's head gives.
#[derive(Debug)]
pub struct Asking<'i, A, K> {
    received: &'i mut Received,
    ask: A,
    identity: K,
}

/// Creates the items of a loop that knows them by index, from the loop's head `ask`.
pub fn asking<T, A, F>(received: &mut Received, ask: A, fingerprint: F) -> Asking<'_, A, ByIndex<F>>
where
    A: FnMut() -> Option<T>,
    F: Fn(&T) -> Option<u32>,
{
    Asking { received, ask, identity: ByIndex(fingerprint) }
}

/// Creates the items of a loop that knows them by the hash of a key, from the loop's head `ask`.
pub fn asking_by_key<T, A, F>(received: &mut Received, ask: A, hash: F) -> Asking<'_, A, ByKey<F>>
where
    A: FnMut() -> Option<T>,
    F: Fn(&T) -> Result<KeyHash, String>,
{
    Asking { received, ask, identity: ByKey::new(hash) }
}

impl<T, A: FnMut() -> Option<T>, K: Identity<T>> Feed for Asking<'_, A, K> {
    type Item = T;

    fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<T>> {
        loop {
            if self.received.is_closed() {
                return Some(Step::Done);
            }
            let given = if self.received.is_refused() { None } else { (self.ask)() };
            let step = step(self.received.take(given, handing, &self.identity));
            if step.is_some() {
                return step;
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.received.is_closed()
    }
}

/// Returns the step that a receipt leads to; `None` for an item that is passed over.
pub(super) fn step<T>(receipt: Receipt<T>) -> Option<Step<T>> {
    match receipt {
        Receipt::Item(item) => Some(Step::Item(item)),
        Receipt::Done => Some(Step::Done),
        Receipt::Failed(error) => Some(Step::Failed(error)),
        Receipt::Skipped => None,
    }
}
