//! The part of a cache that the threads of a process share.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::SystemTime;

use safe_state_backends::{
    Carried, CarriedError, Carry, EffectState, EffectStore, serialize_reason,
};
use serde::Serialize;

use super::effect::Effect;
use super::error::IdempotencyError;
use super::key_locks::{AllUnderWay, UnderWay};
use super::settlement::{NAME, stored};

pub(super) struct Shared {
    pub(super) name: String,
    pub(super) store: Mutex<EffectStore>,
    /// The effects under way. Locked only for moments, and after the store if both are locked.
    pub(super) under_way: Arc<AllUnderWay>,
}

/// The answer to whether an effect is to be begun.
pub(super) enum Begin {
    /// The effect has been begun now, and counts as under way until this is dropped.
    Begun(UnderWay),
    Known(Option<Carried>),
    InDoubt(SystemTime),
    UnderWay,
}

impl Shared {
    /// Locks the store. A panic elsewhere leaves nothing half-done in it, so a poisoned lock is taken.
    pub(super) fn store(&self) -> MutexGuard<'_, EffectStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn key<K: Serialize + ?Sized>(&self, key: &K) -> Result<Vec<u8>, IdempotencyError> {
        match postcard::to_stdvec(key) {
            Ok(key) if key.len() <= EffectStore::KEY_LIMIT => Ok(key),
            Ok(_) => Err(self.unusable("it is longer than 4 KiB; take a hash of it".to_owned())),
            Err(error) => Err(self.unusable(serialize_reason(key, &error))),
        }
    }

    /// Begins the effect of `key`, unless it is done, in doubt or under way. `thread` is the thread that will do it.
    pub(super) fn begin(
        &self,
        key: &[u8],
        thread: Option<ThreadId>,
    ) -> Result<Begin, IdempotencyError> {
        let mut store = self.store();
        if self.under_way.contains(key) {
            return Ok(Begin::UnderWay);
        }
        match store.get(key) {
            Some(EffectState::Done(value)) => return Ok(Begin::Known(value)),
            Some(EffectState::Begun(since)) => return Ok(Begin::InDoubt(since)),
            None => {}
        }
        store.begin(key)?;
        Ok(Begin::Begun(self.under_way.add(key.to_vec(), thread)))
    }

    /// Saves the result of the effect, while it still counts as under way.
    pub(super) fn finish(
        &self,
        key: &[u8],
        _: &UnderWay,
        value: Option<Carried>,
    ) -> Result<(), IdempotencyError> {
        Ok(self.store().finish(key, value)?)
    }

    pub(super) fn known<T: Carry>(&self, begin: Begin) -> Result<Effect<T>, IdempotencyError> {
        match begin {
            Begin::Known(Some(value)) => {
                let restored = T::restore(NAME, &value);
                restored.map(Effect::Before).map_err(|source| self.wrong_value(source))
            }
            Begin::Known(None) => Ok(Effect::Marked),
            Begin::InDoubt(since) => Ok(Effect::InDoubt { since }),
            Begin::Begun(_) | Begin::UnderWay => Err(self.is_under_way()),
        }
    }

    /// Refuses a key whose effect is in doubt or under way.
    pub(super) fn refuse_begun(
        &self,
        store: &EffectStore,
        key: &[u8],
    ) -> Result<(), IdempotencyError> {
        match store.get(key) {
            Some(EffectState::Begun(_)) if self.under_way.contains(key) => Err(self.is_under_way()),
            Some(EffectState::Begun(since)) => Err(self.in_doubt(since)),
            Some(EffectState::Done(_)) | None => Ok(()),
        }
    }

    pub(super) fn stored<T: Carry>(&self, value: &T) -> Result<Option<Carried>, IdempotencyError> {
        stored(value).map_err(|source| self.wrong_value(source))
    }

    pub(super) fn failed(
        &self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> IdempotencyError {
        IdempotencyError::Effect { cache: self.name.clone(), source: source.into() }
    }

    pub(super) fn in_doubt(&self, since: SystemTime) -> IdempotencyError {
        IdempotencyError::InDoubt { cache: self.name.clone(), since }
    }

    pub(super) fn is_under_way(&self) -> IdempotencyError {
        IdempotencyError::UnderWay { cache: self.name.clone() }
    }

    pub(super) fn unusable(&self, reason: String) -> IdempotencyError {
        IdempotencyError::Key { cache: self.name.clone(), reason }
    }

    pub(super) fn wrong_value(&self, source: CarriedError) -> IdempotencyError {
        IdempotencyError::Value { cache: self.name.clone(), source }
    }
}
