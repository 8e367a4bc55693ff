//! The identity of items: how a loop recognises its items in the next run. It is their index, a key, a cursor after
//! which the input goes on, or nothing.

use std::cell::Cell;
use std::marker::PhantomData;

use safe_state_backends::{Carry, LoopProgress};

use crate::Error;
use crate::items::counter::Counter;
use crate::items::fingerprint::{CONSUMED, NOT_SERIALIZED, OF_ADDRESS};
use crate::items::key::KeyHash;
use crate::items::keyed;

/// The way in which a loop recognises its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// Items are recognised by their index, checked with the fingerprint of some of them.
    Index,
    /// Items are recognised by a key. The number is a fingerprint of the key's text; its lowest bit does not count.
    Key(u32),
    /// Items are recognised by a cursor, after which the input goes on.
    Cursor,
    /// Items are not recognised: the input gives each item once, and never gives a complete one again.
    Consumed,
}

/// The decision on an item that the input gives.
#[derive(Debug)]
pub enum Admission {
    /// The item's body runs.
    Out,
    /// The item is complete, and skipped.
    PassedOver,
    /// The run cannot go on.
    Failed(Error),
}

/// The way in which a loop recognises items of type `T`.
pub trait Identity<T> {
    /// Takes in the next item of the input, and decides whether its body runs.
    fn hand_out(&self, counter: &mut impl Counter, item: &T) -> Admission;

    /// Returns a checksum of the item, if it is recognised by its index.
    fn fingerprint(&self, item: &T) -> Option<u32>;
}

/// Recognises items by index, with this function for their fingerprints.
#[derive(Clone, Copy, Debug)]
pub struct ByIndex<F>(pub F);

impl<T, F: Fn(&T) -> Option<u32>> Identity<T> for ByIndex<F> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    fn hand_out(&self, counter: &mut impl Counter, item: &T) -> Admission {
        if counter.hand_out() {
            match (self.0)(item) {
                OF_ADDRESS => return Admission::Failed(counter.not_compared()),
                NOT_SERIALIZED if let Some(error) = counter.not_serialized() => {
                    return Admission::Failed(error);
                }
                fingerprint => counter.mark(fingerprint),
            }
        }
        Admission::Out
    }

    fn fingerprint(&self, item: &T) -> Option<u32> {
        (self.0)(item)
    }
}

/// Recognises items by the hash of a key.
#[derive(Clone, Copy, Debug)]
pub struct ByKey<F> {
    hash: F,
}

impl<F> ByKey<F> {
    /// Makes the identity with `hash`, which hashes an item's key.
    pub(crate) fn new<T>(hash: F) -> Self
    where
        F: Fn(&T) -> Result<KeyHash, String>,
    {
        ByKey { hash }
    }
}

impl<T, F: Fn(&T) -> Result<KeyHash, String>> Identity<T> for ByKey<F> {
    fn hand_out(&self, counter: &mut impl Counter, item: &T) -> Admission {
        match (self.hash)(item) {
            Ok(key) => match counter.hand_out_by_key(key) {
                Ok(true) => Admission::Out,
                Ok(false) => Admission::PassedOver,
                Err(error) => Admission::Failed(error),
            },
            Err(reason) => Admission::Failed(counter.key_not_serializable(reason)),
        }
    }

    fn fingerprint(&self, _: &T) -> Option<u32> {
        None
    }
}

/// Recognises items by the hash of a key, when each comes with its index in a longer input.
#[derive(Debug)]
pub(crate) struct ByKeyAt<F> {
    by_key: ByKey<F>,
    /// The index after the last item that came.
    next: Cell<u64>,
}

impl<F> ByKeyAt<F> {
    /// Makes the identity with `hash`, which hashes an item's key.
    pub(crate) fn new<T>(hash: F) -> Self
    where
        F: Fn(&T) -> Result<KeyHash, String>,
    {
        ByKeyAt { by_key: ByKey::new(hash), next: Cell::new(0) }
    }

    /// Returns the function that hashes an item's key.
    pub(crate) fn hash(&self) -> &F {
        &self.by_key.hash
    }

    /// Starts again at the first item of the input.
    pub(crate) fn begin(&mut self) {
        self.next.set(0);
    }
}

impl<T, F: Fn(&T) -> Result<KeyHash, String>> Identity<(u64, T)> for ByKeyAt<F> {
    fn hand_out(&self, counter: &mut impl Counter, (index, item): &(u64, T)) -> Admission {
        counter.pass_over(index.saturating_sub(self.next.replace(index + 1)));
        self.by_key.hand_out(counter, item)
    }

    fn fingerprint(&self, _: &(u64, T)) -> Option<u32> {
        None
    }
}

/// Ties the type of a loop's cursors to the type that `cursor!()` returns.
#[derive(Debug)]
pub struct CursorType<C>(PhantomData<fn() -> C>);

impl<C> CursorType<C> {
    /// Makes the value for any type, which the compiler infers.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub const fn new() -> Self {
        CursorType(PhantomData)
    }
}

/// Recognises items by a cursor.
#[derive(Clone, Copy, Debug)]
pub struct ByCursor<C, F> {
    cursor: F,
    of_type: PhantomData<fn() -> C>,
}

impl<C, F> ByCursor<C, F> {
    /// Makes the identity with `cursor`, which returns the cursor of an item.
    pub(crate) fn new<T>(_: &CursorType<C>, cursor: F) -> Self
    where
        F: Fn(&T) -> C,
    {
        ByCursor { cursor, of_type: PhantomData }
    }
}

impl<T, C: Carry, F: Fn(&T) -> C> Identity<T> for ByCursor<C, F> {
    fn hand_out(&self, counter: &mut impl Counter, item: &T) -> Admission {
        match counter.hand_out_by_cursor(&(self.cursor)(item)) {
            Ok(()) => Admission::Out,
            Err(error) => Admission::Failed(error),
        }
    }

    fn fingerprint(&self, _: &T) -> Option<u32> {
        None
    }
}

/// Says in an error that the loop made its keys in another way before.
pub(crate) const ANOTHER_KEY: &str = "another key";

impl IdentityKind {
    /// Returns how the loop with the progress `stored` recognised its items; none if that can't be told yet.
    fn of(stored: &LoopProgress) -> Option<IdentityKind> {
        match (stored.keys(), stored.cursor()) {
            (Some(keys), _) => Some(IdentityKind::Key(keyed::text_of(keys.made_by()))),
            (None, Some(_)) => Some(IdentityKind::Cursor),
            (None, None) if stored.completed().is_empty() => None,
            (None, None) if stored.mark().map(|mark| mark.fingerprint) == CONSUMED => {
                Some(IdentityKind::Consumed)
            }
            (None, None) => Some(IdentityKind::Index),
        }
    }

    /// Checks that a loop can go on in this way from what is stored. The error says how the loop recognised its items
    /// before.
    pub(crate) fn check(self, stored: &LoopProgress) -> Result<(), &'static str> {
        let now = match self {
            IdentityKind::Key(made_by) => IdentityKind::Key(keyed::text_of(made_by)),
            other => other,
        };
        match IdentityKind::of(stored) {
            // A consumed input passes over nothing, so the indices do not matter.
            Some(IdentityKind::Index) if now == IdentityKind::Consumed => Ok(()),
            // The keys were named by hand, before the loop stored how it makes them.
            Some(IdentityKind::Key(0)) if matches!(now, IdentityKind::Key(_)) => Ok(()),
            Some(before) if before != now => Err(match before {
                IdentityKind::Index => "their index",
                IdentityKind::Consumed => {
                    "their number alone, as the input gave each once (`consumed`)"
                }
                IdentityKind::Key(_) if matches!(self, IdentityKind::Key(_)) => ANOTHER_KEY,
                IdentityKind::Key(_) => "a key",
                IdentityKind::Cursor => "a cursor",
            }),
            _ => Ok(()),
        }
    }
}
