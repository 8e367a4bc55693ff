//! The effects of a name while a process has them: the state in memory, and how it reaches the backend.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Done, EffectChange, Effects};
use crate::format::FormatError;
use crate::journal::Journal;
use crate::limits::KEY_LIMIT;
use crate::timestamp::Timestamp;
use crate::{Appended, Backend, Carried, Error, LeaseOptions, format, wait};

/// Effects that are to happen once, each by the bytes of its key, under the lease of their name.
///
/// A change appends one record; when the records outgrow the snapshot before them, it writes a new
/// snapshot instead.
pub struct EffectStore {
    backend: Arc<dyn Backend>,
    journal: Journal,
    effects: Effects,
    bounds: Bounds,
    updated_at: Timestamp,
}

/// How much is remembered of effects that are done. Those that are not known to be done are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// How long after it was done.
    pub expire_after: Option<Duration>,
    /// How many, the latest.
    pub max_len: Option<usize>,
}

impl Bounds {
    /// Everything, for ever.
    pub const NONE: Bounds = Bounds { expire_after: None, max_len: None };

    fn has_expired(&self, done: &Done, now: Timestamp) -> bool {
        let age = Duration::from_micros(now.micros_since(done.at));
        self.expire_after.is_some_and(|expire_after| age >= expire_after)
    }
}

/// What is known of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectState {
    /// It was begun then, and may have happened.
    Begun(SystemTime),
    /// It is done, and came to that, if that was kept.
    Done(Option<Carried>),
}

impl EffectStore {
    /// Longest key, in bytes.
    pub const KEY_LIMIT: usize = KEY_LIMIT;

    /// Takes the lease on `name`, waiting for it as long as the options say, and loads what is stored.
    ///
    /// # Errors
    ///
    /// The lease is held, or what is stored cannot be read, or not be written.
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

    /// What is known of the effect of `key`; `None` if nothing, or nothing more.
    pub fn get(&self, key: &[u8]) -> Option<EffectState> {
        if let Some(at) = self.effects.begun(key) {
            return Some(EffectState::Begun(at.into()));
        }
        self.done(key).map(|done| EffectState::Done(done.value.as_deref().cloned()))
    }

    /// Whether the effect of `key` is known to be done.
    pub fn is_done(&self, key: &[u8]) -> bool {
        self.done(key).is_some()
    }

    fn done(&self, key: &[u8]) -> Option<&Done> {
        let now = Timestamp::now();
        self.effects.done(key).filter(|done| !self.bounds.has_expired(done, now))
    }

    /// How many effects are known to be done.
    pub fn len(&mut self) -> usize {
        self.trim();
        self.effects.all_done().len()
    }

    /// Whether none is known to be done, and none was begun.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0 && self.effects.all_begun().len() == 0
    }

    /// The keys of the effects that were begun and are not known to be done, and since when.
    pub fn begun(&self) -> impl Iterator<Item = (&[u8], SystemTime)> {
        self.effects.all_begun().map(|(key, at)| (key, at.into()))
    }

    /// Saves that the effect of `key` is about to be begun.
    ///
    /// # Errors
    ///
    /// The backend cannot be written, or `key` is too long; the effect then does not count as begun.
    pub fn begin(&mut self, key: &[u8]) -> Result<(), Error> {
        let begun = EffectChange::Begun(key.to_vec(), Timestamp::now());
        self.save(begun).inspect_err(|_| {
            // A key that is too long is the one reason, and then there is nothing to forget.
            let _ = self.effects.apply(EffectChange::Forgotten(key.to_vec()));
        })
    }

    /// Saves that the effect of `key` is done, and what it came to.
    ///
    /// # Errors
    ///
    /// As [`Store::save`](crate::Store::save); or `key` is too long.
    pub fn finish(&mut self, key: &[u8], value: Option<Carried>) -> Result<(), Error> {
        self.save(EffectChange::Done(key.to_vec(), Timestamp::now(), value.map(Box::new)))
    }

    /// Forgets what is known of the effect of `key`, done or begun.
    ///
    /// # Errors
    ///
    /// As [`Store::save`](crate::Store::save).
    pub fn forget(&mut self, key: &[u8]) -> Result<(), Error> {
        if self.effects.done(key).is_none() && self.effects.begun(key).is_none() {
            return Ok(());
        }
        self.save(EffectChange::Forgotten(key.to_vec()))
    }

    /// Forgets all effects but those of which `keeps` says otherwise by their keys.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn clear(&mut self, keeps: impl Fn(&[u8]) -> bool) -> Result<(), Error> {
        let kept = self.effects.all_begun().filter(|(key, _)| keeps(key));
        let mut effects = Effects::new(&self.effects.name);
        for (key, at) in kept {
            // It has been there already, so it can be.
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
