//! How a loop knows its items again in the next run: by their index, by a key, or not at all, as its
//! input goes on behind the item that a cursor names.

use std::cell::Cell;
use std::marker::PhantomData;

use safe_state_backends::{Carry, LoopProgress};

use crate::Error;
use crate::items::counter::Counter;
use crate::items::fingerprint::{CONSUMED, NOT_SERIALIZED, OF_ADDRESS};
use crate::items::key::KeyHash;
use crate::items::keyed;

/// How a loop knows its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// By their index, with the fingerprint of one of them.
    Index,
    /// By a key, of whose text this is a fingerprint; its lowest bit does not count.
    Key(u32),
    /// By the cursor behind which the input goes on.
    Cursor,
    /// Not at all: the input gives each item once, and none that is complete again.
    Consumed,
}

/// What a loop does with an item that its input gives.
#[derive(Debug)]
pub enum Admission {
    /// Its body runs.
    Out,
    /// It is complete.
    PassedOver,
    /// The run cannot go on.
    Failed(Error),
}

/// How a loop knows items of type `T`.
pub trait Identity<T> {
    /// Takes in the next item of the input.
    fn hand_out(&self, counter: &mut impl Counter, item: &T) -> Admission;

    /// A checksum of the item, where it is to be known again by its index.
    fn fingerprint(&self, item: &T) -> Option<u32>;
}

/// By index, with that fingerprint.
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

/// By the hash of a key.
#[derive(Clone, Copy, Debug)]
pub struct ByKey<F> {
    hash: F,
}

impl<F> ByKey<F> {
    /// By the hash that `hash` makes of an item's key.
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

/// By the hash of a key, of an item that comes with its index in a longer input.
#[derive(Debug)]
pub(crate) struct ByKeyAt<F> {
    by_key: ByKey<F>,
    /// The index behind the item that came last.
    next: Cell<u64>,
}

impl<F> ByKeyAt<F> {
    /// By the hash that `hash` makes of an item's key.
    pub(crate) fn new<T>(hash: F) -> Self
    where
        F: Fn(&T) -> Result<KeyHash, String>,
    {
        ByKeyAt { by_key: ByKey::new(hash), next: Cell::new(0) }
    }

    /// What makes the hash of an item's key.
    pub(crate) fn hash(&self) -> &F {
        &self.by_key.hash
    }

    /// The items come from the start again.
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

/// Ties the type of a loop's cursors to what `cursor!()` gives.
#[derive(Debug)]
pub struct CursorType<C>(PhantomData<fn() -> C>);

impl<C> CursorType<C> {
    /// Of any type, for the compiler to find out.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub const fn new() -> Self {
        CursorType(PhantomData)
    }
}

/// By cursor.
#[derive(Clone, Copy, Debug)]
pub struct ByCursor<C, F> {
    cursor: F,
    of_type: PhantomData<fn() -> C>,
}

impl<C, F> ByCursor<C, F> {
    /// By the cursor that `cursor` makes of an item.
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

/// How a loop went before that made its keys otherwise.
pub(crate) const ANOTHER_KEY: &str = "another key";

impl IdentityKind {
    /// Returns how the loop of which `stored` is told knew its items; none if that can't be told yet.
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

    /// Checks that a loop can go on in this way from what is stored. Else the error tells how it went before.
    pub(crate) fn check(self, stored: &LoopProgress) -> Result<(), &'static str> {
        let now = match self {
            IdentityKind::Key(made_by) => IdentityKind::Key(keyed::text_of(made_by)),
            other => other,
        };
        match IdentityKind::of(stored) {
            // Nothing is passed over, so it does not matter which they were.
            Some(IdentityKind::Index) if now == IdentityKind::Consumed => Ok(()),
            // They were named by hand, before the loop told how it makes them.
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
