//! The data that the job writes and its guard reads.

use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entry;
use super::layout::Layout;
use super::sys::Pages;
use super::writer::{Draft, Writer};
use crate::GuardError;

/// A map of named values that outlives the process, however that dies. [`Guard::run`](super::Guard::run) passes it to
/// its closure.
///
/// The values lie in memory that the guard has mapped as well, so a change costs a copy and no system call. They can be
/// of any type that is `Serialize`. A value is stored as it is when it is inserted: insert it again after a change. All
/// threads may use the map.
///
/// ```no_run
/// # use safe_state::guard::{Data, GuardError};
/// # fn job(data: &Data) -> Result<(), GuardError> {
/// data.insert("file", "a.csv")?;
/// data.update(|data| {
///     let rows = data.get::<u64>("rows")?.unwrap_or(0);
///     data.insert("rows", rows + 1)?;
///     data.insert("last", ("Ada", 7))
/// })?;
/// assert_eq!(data.get::<String>("file")?.as_deref(), Some("a.csv"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Data {
    writer: Mutex<Writer<Arc<Pages>>>,
    /// The number of the thread that holds the writer; 0 for none.
    busy: AtomicUsize,
}

impl Data {
    pub(super) fn new(memory: Arc<Pages>, layout: Layout) -> Self {
        Data { writer: Mutex::new(Writer::new(memory, layout)), busy: AtomicUsize::new(0) }
    }

    /// Stores a value under the name `key`, and replaces the one before. Once this returns, a rescue sees it.
    ///
    /// The value is copied by its `Serialize`. For bytes, that of `serde_bytes` is the fast one.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails, or the data has no room for it; see [`Guard::max_size`](super::Guard::max_size).
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update). Use the closure's argument there.
    pub fn insert(&self, key: &str, value: impl Serialize) -> Result<(), GuardError> {
        self.update(|data| data.insert(key, value))
    }

    /// Removes the value named `key`. Returns whether there was one.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update).
    pub fn remove(&self, key: &str) -> bool {
        self.update(|data| Ok(data.remove(key))).unwrap_or(false)
    }

    /// Returns the value named `key`, if there is one.
    ///
    /// # Errors
    ///
    /// The value cannot be read as a `T`.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update).
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, GuardError> {
        get(&self.lock().writer, key)
    }

    /// Returns whether there is a value named `key`.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update).
    pub fn contains(&self, key: &str) -> bool {
        self.lock().writer.read(key, |_| ()).is_some()
    }

    /// Returns the names of all values, sorted.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update).
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.lock().writer.keys().map(str::to_owned).collect();
        keys.sort_unstable();
        keys
    }

    /// Returns the number of values.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update).
    pub fn len(&self) -> usize {
        self.lock().writer.keys().count()
    }

    /// Returns whether there are no values.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of [`update`](Data::update).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes several changes at once: a rescue sees all of them, or none. Other threads wait meanwhile.
    ///
    /// If the closure returns an error or panics, or if a change in it failed, nothing has changed.
    ///
    /// # Errors
    ///
    /// The closure's error, or a change in it failed.
    ///
    /// # Panics
    ///
    /// Panics if called within the closure of another `update`.
    pub fn update<T>(
        &self,
        change: impl FnOnce(&mut Update<'_>) -> Result<T, GuardError>,
    ) -> Result<T, GuardError> {
        let mut locked = self.lock();
        let mut update = Update { draft: locked.writer.draft() };
        let value = change(&mut update)?;
        update.draft.commit()?;
        Ok(value)
    }

    fn lock(&self) -> Locked<'_> {
        let this = this_thread();
        assert!(
            self.busy.load(Ordering::Relaxed) != this,
            "the guard's data is being updated by this thread; use the argument of that closure"
        );
        // A poisoned lock is fine: a panic has undone its changes.
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.busy.store(this, Ordering::Relaxed);
        Locked { writer, busy: &self.busy }
    }
}

/// The locked writer, noted as held by this thread.
struct Locked<'a> {
    writer: MutexGuard<'a, Writer<Arc<Pages>>>,
    busy: &'a AtomicUsize,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.busy.store(0, Ordering::Relaxed);
    }
}

/// Returns a number for this thread that no other living thread has, and that is not 0.
fn this_thread() -> usize {
    thread_local!(static THIS: u8 = const { 0 });
    THIS.with(|this| ptr::from_ref(this).addr())
}

fn get<T: DeserializeOwned>(
    writer: &Writer<Arc<Pages>>,
    key: &str,
) -> Result<Option<T>, GuardError> {
    writer.read(key, |bytes| entry::value(key, bytes)).transpose()
}

/// A group of changes that are made together. [`Data::update`] passes it to its closure.
#[derive(Debug)]
pub struct Update<'a> {
    draft: Draft<'a, Arc<Pages>>,
}

impl Update<'_> {
    /// Stores a value under the name `key`, and replaces the one before.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails, or the data has no room for it. The update is then undone, whatever its closure returns.
    pub fn insert(&mut self, key: &str, value: impl Serialize) -> Result<(), GuardError> {
        self.draft.insert(key, value)
    }

    /// Removes the value named `key`. Returns whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        self.draft.remove(key)
    }

    /// Returns the value named `key` as this update has left it, if there is one.
    ///
    /// # Errors
    ///
    /// The value cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, GuardError> {
        get(self.draft.writer(), key)
    }

    /// Returns whether there is a value named `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.draft.writer().read(key, |_| ()).is_some()
    }
}
