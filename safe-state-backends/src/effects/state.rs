//! The effects that are done or begun, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Carried;
use crate::limits::KEY_LIMIT;
use crate::timestamp::Timestamp;

type Key = Arc<[u8]>;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effects {
    pub(crate) name: String,
    done: HashMap<Key, Done>,
    /// The keys of `done`, oldest first.
    order: BTreeMap<u64, Key>,
    /// The effects that are not known to be done, with the times when they were begun.
    begun: BTreeMap<Key, Timestamp>,
    next: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) at: Timestamp,
    /// The effect's result, if it was kept.
    pub(crate) value: Option<Box<Carried>>,
    /// The effect's place in the order.
    place: u64,
}

/// A change of one effect's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum EffectChange {
    Begun(#[serde(with = "serde_bytes")] Vec<u8>, Timestamp),
    Done(#[serde(with = "serde_bytes")] Vec<u8>, Timestamp, Option<Box<Carried>>),
    /// The effect was forgotten, done or begun.
    Forgotten(#[serde(with = "serde_bytes")] Vec<u8>),
}

impl EffectChange {
    fn key(&self) -> &[u8] {
        match self {
            EffectChange::Begun(key, _)
            | EffectChange::Done(key, ..)
            | EffectChange::Forgotten(key) => key,
        }
    }
}

impl Effects {
    pub(crate) fn new(name: &str) -> Self {
        Effects { name: name.to_owned(), ..Effects::default() }
    }

    /// Applies the change. Refuses a key that is too long.
    pub(crate) fn apply(&mut self, change: EffectChange) -> Result<(), &'static str> {
        if change.key().len() > KEY_LIMIT {
            return Err("a key is longer than 4 KiB");
        }
        self.forget(change.key());
        match change {
            EffectChange::Begun(key, at) => _ = self.begun.insert(key.into(), at),
            EffectChange::Done(key, at, value) => {
                let key: Key = key.into();
                let place = self.next;
                self.next += 1;
                self.order.insert(place, Arc::clone(&key));
                self.done.insert(key, Done { at, value, place });
            }
            EffectChange::Forgotten(_) => {}
        }
        Ok(())
    }

    fn forget(&mut self, key: &[u8]) {
        if let Some(done) = self.done.remove(key) {
            self.order.remove(&done.place);
        }
        self.begun.remove(key);
    }

    pub(crate) fn done(&self, key: &[u8]) -> Option<&Done> {
        self.done.get(key)
    }

    pub(crate) fn begun(&self, key: &[u8]) -> Option<Timestamp> {
        self.begun.get(key).copied()
    }

    /// Returns the effects that are done, oldest first.
    pub(crate) fn all_done(&self) -> impl ExactSizeIterator<Item = (&[u8], Option<&Done>)> {
        self.order.values().map(|key| (&**key, self.done.get(key)))
    }

    pub(crate) fn all_begun(&self) -> impl ExactSizeIterator<Item = (&[u8], Timestamp)> {
        self.begun.iter().map(|(key, at)| (&**key, *at))
    }

    /// Forgets the oldest done effects, as long as `is_over` returns true for the oldest and the number of them.
    pub(super) fn trim(&mut self, is_over: impl Fn(&Done, usize) -> bool) {
        while let Some((_, key)) = self.order.first_key_value() {
            let key = Arc::clone(key);
            match self.done.get(&key) {
                Some(done) if !is_over(done, self.done.len()) => return,
                _ => self.forget(&key),
            }
        }
    }
}
