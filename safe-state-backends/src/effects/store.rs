//! The effects under a name while a process holds their lease: the state in memory, and its way to the backend.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::state::{Done, EffectChange, Effects};
use crate::format::FormatError;
use crate::journal::Journal;
use crate::lease::wait;
use crate::limits::KEY_LIMIT;
use crate::timestamp::Timestamp;
use crate::{Appended, Backend, Carried, Error, LeaseOptions, format};

/// The effects that have to happen once, each with the bytes of its key, under the lease on their name.
///
/// A change appends one record. When the records outgrow the snapshot before them, a change writes a new snapshot instead.
pub struct EffectStore {
    backend: Arc<dyn Backend>,
    journal: Journal,
    effects: Effects,
    bounds: Bounds,
    updated_at: Timestamp,
}

/// Limits on how many done effects are remembered. Effects that are not known to be done are always kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// The time for which an effect is remembered after it was done.
    pub expire_after: Option<Duration>,
    /// The largest number of effects that are remembered. The oldest are forgotten first.
    pub max_len: Option<usize>,
}

impl Bounds {
    /// No limits: everything is remembered for ever.
    pub const NONE: Bounds = Bounds { expire_after: None, max_len: None };

    fn has_expired(&self, done: &Done, now: Timestamp) -> bool {
        let age = Duration::from_micros(now.micros_since(done.at));
        self.expire_after.is_some_and(|expire_after| age >= expire_after)
    }
}

/// The state of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectState {
    /// The effect was begun at this time, and may have happened.
    Begun(SystemTime),
    /// The effect is done. The value is its result, if it was kept.
    Done(Option<Carried>),
}

impl EffectStore {
    /// The longest key, in bytes.
    pub const KEY_LIMIT: usize = KEY_LIMIT;

    /// Takes the lease on `name`, waiting as long as the options say, and loads and saves the stored effects.
    ///
    /// # Errors
    ///
    /// The lease is held, or the stored effects cannot be read or written.
    pub fn open(
        backend: Arc<dyn Backend>,
        name: &str,
        options: LeaseOptions,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        let mut lease = wait::lease(&backend, name, options)?;
        let stored = lease.load(&*backend, name)?;
        let effects = read(&*backend, name, stored)?;
        let journal = Journal::new(lease, options.durability);
        let updated_at = Timestamp::now();
        let mut store = EffectStore { backend, journal, effects, bounds, updated_at };
        store.save_whole()?;
        Ok(store)
    }

    /// Returns the state of the effect `key`; `None` if it is unknown or expired.
    pub fn get(&self, key: &[u8]) -> Option<EffectState> {
        if let Some(at) = self.effects.begun(key) {
            return Some(EffectState::Begun(at.into()));
        }
        self.done(key).map(|done| EffectState::Done(done.value.as_deref().cloned()))
    }

    /// Returns whether the effect `key` is known to be done.
    pub fn is_done(&self, key: &[u8]) -> bool {
        self.done(key).is_some()
    }

    fn done(&self, key: &[u8]) -> Option<&Done> {
        let now = Timestamp::now();
        self.effects.done(key).filter(|done| !self.bounds.has_expired(done, now))
    }

    /// Returns how many effects are known to be done.
    pub fn len(&mut self) -> usize {
        self.trim();
        self.effects.all_done().len()
    }

    /// Returns whether no effect is known to be done, and none was begun.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0 && self.effects.all_begun().len() == 0
    }

    /// Returns the keys of the effects that were begun and are not known to be done, with the times of their begin.
    pub fn begun(&self) -> impl Iterator<Item = (&[u8], SystemTime)> {
        self.effects.all_begun().map(|(key, at)| (key, at.into()))
    }

    /// Saves that the effect `key` is about to begin.
    ///
    /// # Errors
    ///
    /// The backend cannot be written, or `key` is too long; then the effect does not count as begun.
    pub fn begin(&mut self, key: &[u8]) -> Result<(), Error> {
        let begun = EffectChange::Begun(key.to_vec(), Timestamp::now());
        self.save(begun).inspect_err(|_| {
            // Only a key that is too long is refused here, and it has nothing to forget.
            let _ = self.effects.apply(EffectChange::Forgotten(key.to_vec()));
        })
    }

    /// Saves that the effect `key` is done, with its result.
    ///
    /// # Errors
    ///
    /// The same errors as [`Store::save`](crate::Store::save); or `key` is too long.
    pub fn finish(&mut self, key: &[u8], value: Option<Carried>) -> Result<(), Error> {
        self.save(EffectChange::Done(key.to_vec(), Timestamp::now(), value.map(Box::new)))
    }

    /// Forgets the effect `key`, done or begun.
    ///
    /// # Errors
    ///
    /// The same errors as [`Store::save`](crate::Store::save).
    pub fn forget(&mut self, key: &[u8]) -> Result<(), Error> {
        if self.effects.done(key).is_none() && self.effects.begun(key).is_none() {
            return Ok(());
        }
        self.save(EffectChange::Forgotten(key.to_vec()))
    }

    /// Forgets all done effects, and those begun ones for whose key `keeps` returns false.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn clear(&mut self, keeps: impl Fn(&[u8]) -> bool) -> Result<(), Error> {
        let kept = self.effects.all_begun().filter(|(key, _)| keeps(key));
        let mut effects = Effects::new(&self.effects.name);
        for (key, at) in kept {
            // The effect was accepted before, so it is accepted again.
            let _ = effects.apply(EffectChange::Begun(key.to_vec(), at));
        }
        self.effects = effects;
        self.save_whole()
    }

    fn save(&mut self, change: EffectChange) -> Result<(), Error> {
        let longer = self.journal.frame(&change).map_err(|source| self.unwritable(source))?;
        let applied = self.effects.apply(change);
        applied.map_err(|what| self.unwritable(FormatError::TooMany(what)))?;
        self.trim();
        let now = Timestamp::now();
        let micros = now.micros_since(self.updated_at);
        self.updated_at = now;
        match self.journal.append(longer, micros)? {
            Appended::Yes => Ok(()),
            Appended::No => self.save_whole(),
        }
    }

    fn save_whole(&mut self) -> Result<(), Error> {
        self.trim();
        let snapshot = format::effects::snapshot(&self.effects);
        let snapshot = snapshot.map_err(|source| self.unwritable(source))?;
        self.journal.save(&snapshot.into())
    }

    fn trim(&mut self) {
        let (now, bounds) = (Timestamp::now(), self.bounds);
        let is_too_many = |len| bounds.max_len.is_some_and(|max_len| len > max_len);
        self.effects.trim(|done, len| is_too_many(len) || bounds.has_expired(done, now));
    }

    fn unwritable(&self, source: FormatError) -> Error {
        Error::unwritable(&*self.backend, &self.effects.name, source)
    }
}

fn read(backend: &dyn Backend, name: &str, stored: Option<Vec<u8>>) -> Result<Effects, Error> {
    let Some(bytes) = stored else { return Ok(Effects::new(name)) };
    let effects = format::effects::decode(&bytes)
        .map_err(|source| Error::unreadable(backend, name, source))?;
    if effects.name == name {
        return Ok(effects);
    }
    Err(Error::other_job(backend, name, effects.name))
}

impl fmt::Debug for EffectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EffectStore")
            .field("name", &self.effects.name)
            .field("done", &self.effects.all_done().len())
            .field("begun", &self.effects.all_begun().len())
            .finish_non_exhaustive()
    }
}
