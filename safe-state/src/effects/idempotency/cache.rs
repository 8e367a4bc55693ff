//! The cache of effects that happen once.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::SystemTime;

use safe_state_backends::{Backend, Bounds, Carry, EffectStore, IntoBackend, LeaseOptions};
use safe_state_base::url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::effect::Effect;
use super::error::IdempotencyError;
use super::settlement::Settlement;
use super::shared::{Begin, Shared};
use crate::save::thread::Worker;

/// The suffix of a cache's name in the backend, so that a job may have the same name.
const SUFFIX: &str = ".idempotency";

/// A record of the effects that have been done, by their keys, on any backend.
///
/// [`once`](Self::once) saves that an effect is about to begin, and later its result: two saves for each effect. If the
/// process dies between them, the effect may have happened or not, and its key is *in doubt*. The next run is told so:
/// it neither repeats the effect nor passes it over, but settles it by asking the other side. With [`seen`](Self::seen)
/// and [`mark`](Self::mark) an effect costs one save, and an effect that was under way when the process died is done
/// again.
///
/// A key is any value that is `Serialize`, of at most 4 KiB when serialized. All keys of a cache have to be of one
/// type. Keys and values are kept in memory and stored unencrypted, readable by whoever can read the backend.
///
/// A cache is open in one process at a time, which may share it among many threads. Another process that opens it is
/// refused. It is stored under its name with `.idempotency` added.
pub struct IdempotencyCache {
    shared: Arc<Shared>,
    /// The thread that saves for the async methods, started by their first call.
    worker: OnceLock<Worker>,
}

impl IdempotencyCache {
    /// Opens the cache `name` in `backend`: a backend, an `Arc` of one, or a URL for
    /// [`from_url`](crate::backend::from_url). Makes a new cache if none is stored.
    ///
    /// ```
    /// use safe_state::idempotency::IdempotencyCache;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let url = format!("file:{}", dir.path().display());
    /// let sent = IdempotencyCache::open(&*url, "mailer")?;
    /// sent.mark("a@example.org")?;
    /// drop(sent);
    ///
    /// let sent = IdempotencyCache::open(&*url, "mailer")?;
    /// assert!(sent.contains("a@example.org"));
    /// # Ok::<(), safe_state::idempotency::IdempotencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The cache is open elsewhere, or the backend cannot be used, or something else is stored under the name.
    pub fn open(backend: impl IntoBackend, name: &str) -> Result<Self, IdempotencyError> {
        let (lease, bounds) = (LeaseOptions::default(), Bounds::default());
        Self::open_with(url::open(backend)?, name, lease, bounds)
    }

    pub(super) fn open_with(
        backend: Arc<dyn Backend>,
        name: &str,
        options: LeaseOptions,
        bounds: Bounds,
    ) -> Result<Self, IdempotencyError> {
        let store = EffectStore::open(backend, &format!("{name}{SUFFIX}"), options, bounds)?;
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            store: Mutex::new(store),
            under_way: Arc::default(),
        });
        Ok(IdempotencyCache { shared, worker: OnceLock::new() })
    }

    /// Returns whether the effect of `key` is done.
    ///
    /// # Errors
    ///
    /// [`InDoubt`](IdempotencyError::InDoubt) if the effect was begun and nobody knows whether it happened; or it is
    /// under way; or `key` can't be stored.
    pub fn seen<K: Serialize + ?Sized>(&self, key: &K) -> Result<bool, IdempotencyError> {
        let key = self.shared.key(key)?;
        let store = self.shared.store();
        self.shared.refuse_begun(&store, &key)?;
        Ok(store.is_done(&key))
    }

    /// Returns whether the effect of `key` is known to be done. Returns `false` for an effect in doubt, and for a key
    /// that can't be stored.
    pub fn contains<K: Serialize + ?Sized>(&self, key: &K) -> bool {
        self.shared.key(key).is_ok_and(|key| self.shared.store().is_done(&key))
    }

    /// Saves that the effect of `key` is done.
    ///
    /// # Errors
    ///
    /// The effect is in doubt or under way; or `key` can't be stored, or the backend can't be written.
    pub fn mark<K: Serialize + ?Sized>(&self, key: &K) -> Result<(), IdempotencyError> {
        let key = self.shared.key(key)?;
        let mut store = self.shared.store();
        self.shared.refuse_begun(&store, &key)?;
        Ok(store.finish(&key, None)?)
    }

    /// Forgets that the effect of `key` is done. Does nothing if it is not known to be done.
    ///
    /// # Errors
    ///
    /// The effect is in doubt or under way; or `key` can't be stored, or the backend can't be written.
    pub fn forget<K: Serialize + ?Sized>(&self, key: &K) -> Result<(), IdempotencyError> {
        let key = self.shared.key(key)?;
        let mut store = self.shared.store();
        self.shared.refuse_begun(&store, &key)?;
        Ok(store.forget(&key)?)
    }

    /// Forgets all effects, also the ones in doubt, but not the ones under way.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn clear(&self) -> Result<(), IdempotencyError> {
        let under_way = &self.shared.under_way;
        Ok(self.shared.store().clear(|key| under_way.contains(key))?)
    }

    /// Returns the number of effects that are known to be done.
    pub fn len(&self) -> usize {
        self.shared.store().len()
    }

    /// Returns whether no effect is known to be done, and none is in doubt or under way.
    pub fn is_empty(&self) -> bool {
        self.shared.store().is_empty()
    }

    /// Returns the keys in doubt, and when the effect of each was begun.
    ///
    /// ```
    /// # use safe_state::idempotency::IdempotencyCache;
    /// # let sent = IdempotencyCache::open("memory:", "sent")?;
    /// for (address, since) in sent.in_doubt::<String>()? {
    ///     println!("was the mail to {address} sent, at {since:?}?");
    /// }
    /// # Ok::<(), safe_state::idempotency::IdempotencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A key can't be read as a `K`.
    pub fn in_doubt<K: DeserializeOwned>(&self) -> Result<Vec<(K, SystemTime)>, IdempotencyError> {
        let store = self.shared.store();
        let in_doubt = store.begun().filter(|(key, _)| !self.shared.under_way.contains(key));
        let decoded = in_doubt.map(|(key, since)| {
            if let Ok((key, [])) = postcard::take_from_bytes(key) {
                return Ok((key, since));
            }
            let reason = format!("it is not a `{}`", std::any::type_name::<K>());
            Err(self.shared.unusable(reason))
        });
        decoded.collect()
    }

    /// Says whether the effect of a key in doubt has happened: `Done(value)`, or `NotDone`, which makes the key as if
    /// its effect had never begun.
    ///
    /// # Errors
    ///
    /// The key is not in doubt, or its effect is under way; or `key` or the value can't be stored, or the backend can't
    /// be written.
    pub fn settle<K: Serialize + ?Sized>(
        &self,
        key: &K,
        settlement: impl Settlement,
    ) -> Result<(), IdempotencyError> {
        let key = self.shared.key(key)?;
        let value = settlement.stored().map_err(|source| self.shared.wrong_value(source))?;
        let mut store = self.shared.store();
        match self.shared.refuse_begun(&store, &key) {
            Err(IdempotencyError::InDoubt { .. }) => {}
            Ok(()) => {
                return Err(IdempotencyError::NotInDoubt { cache: self.shared.name.clone() });
            }
            refused => return refused,
        }
        match value {
            Some(value) => Ok(store.finish(&key, Some(value))?),
            None => Ok(store.forget(&key)?),
        }
    }

    /// Calls `effect`, or returns its saved result if it has been called for `key` before.
    ///
    /// Another thread that asks for the same key waits for the effect. If `effect` panics, its key is in doubt.
    ///
    /// ```
    /// use safe_state::idempotency::{IdempotencyCache, Effect};
    ///
    /// let numbers = IdempotencyCache::open("memory:", "numbers")?;
    /// assert_eq!(numbers.once("invoice 7", || 1001)?, Effect::Now(1001));
    /// assert_eq!(numbers.once("invoice 7", || 1002)?, Effect::Before(1001));
    /// # Ok::<(), safe_state::idempotency::IdempotencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The key or the value can't be stored, or the backend can't be written; or the effect asks for its own key. If
    /// the effect has happened by then, it counts as done or in doubt.
    pub fn once<K: Serialize + ?Sized, T: Carry>(
        &self,
        key: &K,
        effect: impl FnOnce() -> T,
    ) -> Result<Effect<T>, IdempotencyError> {
        self.try_once(key, || Ok::<T, Infallible>(effect()))
    }

    /// Calls `effect`, which may fail, or returns its saved result if it has been called for `key` before. An error
    /// does not tell whether the effect has happened (the request may have arrived, and only the answer got lost), so
    /// its key is in doubt then. If you know, [`settle`](Self::settle) it.
    ///
    /// # Errors
    ///
    /// The same errors as [`once`](Self::once), and [`Effect`](IdempotencyError::Effect) with the error of the effect
    /// itself.
    pub fn try_once<K: Serialize + ?Sized, T: Carry, E: Into<Box<dyn StdError + Send + Sync>>>(
        &self,
        key: &K,
        effect: impl FnOnce() -> Result<T, E>,
    ) -> Result<Effect<T>, IdempotencyError> {
        let key = self.shared.key(key)?;
        loop {
            match self.shared.begin(&key, Some(thread::current().id()))? {
                Begin::Begun(under_way) => {
                    let value = effect().map_err(|source| self.shared.failed(source))?;
                    self.shared.finish(&key, &under_way, self.shared.stored(&value)?)?;
                    return Ok(Effect::Now(value));
                }
                Begin::UnderWay => {
                    let waited = self.shared.under_way.wait(&key);
                    waited.map_err(|()| self.shared.is_under_way())?;
                }
                known => return self.shared.known(known),
            }
        }
    }

    /// Calls and awaits an async effect, or returns its saved result, as [`once`](Self::once) does. It never blocks the
    /// executor: a thread of the cache does the saves. If the future is dropped in the middle of the effect, its key is
    /// in doubt. An effect that asks for its own key waits forever.
    ///
    /// # Errors
    ///
    /// The same errors as [`once`](Self::once).
    pub async fn once_async<K: Serialize + ?Sized, T: Carry, F: Future<Output = T>>(
        &self,
        key: &K,
        effect: impl FnOnce() -> F,
    ) -> Result<Effect<T>, IdempotencyError> {
        let effect = || async { Ok::<T, Infallible>(effect().await) };
        self.try_once_async(key, effect).await
    }

    /// Calls and awaits an async effect that may fail, or returns its saved result. [`try_once`](Self::try_once) and
    /// [`once_async`](Self::once_async) have the details.
    ///
    /// # Errors
    ///
    /// The same errors as [`try_once`](Self::try_once).
    pub async fn try_once_async<
        K: Serialize + ?Sized,
        T: Carry,
        E: Into<Box<dyn StdError + Send + Sync>>,
        F: Future<Output = Result<T, E>>,
    >(
        &self,
        key: &K,
        effect: impl FnOnce() -> F,
    ) -> Result<Effect<T>, IdempotencyError> {
        let key = self.shared.key(key)?;
        loop {
            let (shared, begun) = (Arc::clone(&self.shared), key.clone());
            match self.worker()?.run(move || shared.begin(&begun, None)).await? {
                Begin::Begun(under_way) => {
                    let value = effect().await.map_err(|source| self.shared.failed(source))?;
                    let result = self.shared.stored(&value)?;
                    let shared = Arc::clone(&self.shared);
                    let finish = move || shared.finish(&key, &under_way, result);
                    self.worker()?.run(finish).await?;
                    return Ok(Effect::Now(value));
                }
                Begin::UnderWay => self.shared.under_way.wait_async(&key).await,
                known => return self.shared.known(known),
            }
        }
    }

    fn worker(&self) -> Result<&Worker, IdempotencyError> {
        if let Some(worker) = self.worker.get() {
            return Ok(worker);
        }
        // If another thread has set its worker first, that one is used, and this one ends.
        let worker = Worker::spawn().map_err(IdempotencyError::Thread)?;
        Ok(self.worker.get_or_init(|| worker))
    }
}

impl fmt::Debug for IdempotencyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyCache").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
