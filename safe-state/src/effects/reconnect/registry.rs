//! The registry, which knows how to rebuild handles of types from other crates.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use safe_state_backends::serialize_reason;
use safe_state_base::ReconnectError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A registry of functions that rebuild types which can't implement [`Reconnect`](super::Reconnect) themselves.
///
/// [`register_reconnector`] adds to the registry that jobs use by default. [`Job::registry`](crate::Job::registry)
/// makes a job use another one.
///
/// ```
/// use safe_state::reconnect::ReconnectRegistry;
///
/// // Of another crate.
/// struct Client { url: String }
///
/// let registry = ReconnectRegistry::default();
/// registry.register::<Client, _>(|client| Ok(client.url.clone()), |url| Ok(Client { url }));
/// assert!(registry.knows::<Client>());
/// ```
#[derive(Clone, Default)]
pub struct ReconnectRegistry {
    reconnectors: Arc<RwLock<HashMap<TypeId, Arc<Reconnector>>>>,
    /// The openers by type: each box holds an `Arc` of the opener of that type.
    pub(super) openers: Arc<RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>>,
    syncs: Arc<RwLock<HashMap<TypeId, Arc<MakeDurable>>>>,
}

struct Reconnector {
    extract: Box<Extract>,
    reconnect: Box<Rebuild>,
}

type Extract = dyn Fn(&mut dyn Any) -> Result<Vec<u8>, ReconnectError> + Send + Sync;
type MakeDurable = dyn Fn(&mut dyn Any) -> Result<(), ReconnectError> + Send + Sync;
type Rebuild = dyn Fn(&[u8]) -> Result<Box<dyn Any>, ReconnectError> + Send + Sync;

/// Registers for all jobs how to rebuild a `T`: `extract` returns the description that is saved, and `reconnect` makes
/// a new `T` from it. Of several registrations for a type, the last counts.
///
/// `extract` has to flush the handle's buffer: data written through it has to be with the operating system when it
/// returns. [`register_sync`] makes it survive a loss of power. If the handle holds a file, save that file by
/// [`Reconnect`](super::Reconnect), as here, so that it is checked as a `File` is:
///
/// ```
/// use std::fs::File;
/// use std::io::{self, Write};
/// use safe_state::reconnect::{FileMeta, Reconnect, register_reconnector, register_sync};
///
/// // Of another crate.
/// struct Lines { file: File, buffer: Vec<u8> }
///
/// impl Lines {
///     fn flush(&mut self) -> io::Result<()> {
///         self.file.write_all(&std::mem::take(&mut self.buffer))
///     }
/// }
///
/// // Before the job:
/// register_reconnector::<Lines, FileMeta>(
///     |lines| {
///         lines.flush()?;
///         lines.file.extract()
///     },
///     |meta| Ok(Lines { file: File::reconnect(meta)?, buffer: Vec::new() }),
/// );
/// register_sync::<Lines>(|lines| lines.file.sync());
/// ```
pub fn register_reconnector<T: 'static, M: Serialize + DeserializeOwned>(
    extract: impl Fn(&mut T) -> Result<M, ReconnectError> + Send + Sync + 'static,
    reconnect: impl Fn(M) -> Result<T, ReconnectError> + Send + Sync + 'static,
) {
    ReconnectRegistry::global().register(extract, reconnect);
}

/// Registers for all jobs how to make data survive a loss of power that was written through a `T` which
/// [`register_reconnector`] rebuilds. It is called after `extract` if the job's durability asks for it.
pub fn register_sync<T: 'static>(
    sync: impl Fn(&mut T) -> Result<(), ReconnectError> + Send + Sync + 'static,
) {
    ReconnectRegistry::global().register_sync(sync);
}

impl ReconnectRegistry {
    pub(crate) fn global() -> &'static ReconnectRegistry {
        static GLOBAL: LazyLock<ReconnectRegistry> = LazyLock::new(ReconnectRegistry::default);
        &GLOBAL
    }

    /// Registers how to rebuild a `T` for the jobs that use this registry, as the function [`register_reconnector`]
    /// does for all jobs.
    pub fn register<T: 'static, M: Serialize + DeserializeOwned>(
        &self,
        extract: impl Fn(&mut T) -> Result<M, ReconnectError> + Send + Sync + 'static,
        reconnect: impl Fn(M) -> Result<T, ReconnectError> + Send + Sync + 'static,
    ) {
        let reconnector = Reconnector {
            extract: Box::new(move |handle| {
                let handle = handle.downcast_mut::<T>().ok_or_else(wrong_type::<T>)?;
                encode(&extract(handle)?)
            }),
            reconnect: Box::new(move |bytes| Ok(Box::new(reconnect(decode(bytes)?)?))),
        };
        let mut reconnectors = self.reconnectors.write().unwrap_or_else(PoisonError::into_inner);
        reconnectors.insert(TypeId::of::<T>(), Arc::new(reconnector));
    }

    /// Registers how to sync a `T` for the jobs that use this registry, as the function [`register_sync`] does for all
    /// jobs.
    pub fn register_sync<T: 'static>(
        &self,
        sync: impl Fn(&mut T) -> Result<(), ReconnectError> + Send + Sync + 'static,
    ) {
        let sync: Arc<MakeDurable> =
            Arc::new(move |handle| sync(handle.downcast_mut::<T>().ok_or_else(wrong_type::<T>)?));
        let mut syncs = self.syncs.write().unwrap_or_else(PoisonError::into_inner);
        syncs.insert(TypeId::of::<T>(), sync);
    }

    /// Calls the function that is registered to sync a `T`; does nothing if none is.
    pub(crate) fn sync<T: 'static>(&self, handle: &mut T) -> Result<(), ReconnectError> {
        let syncs = self.syncs.read().unwrap_or_else(PoisonError::into_inner);
        let sync = syncs.get(&TypeId::of::<T>()).cloned();
        drop(syncs);
        sync.map_or(Ok(()), |sync| sync(handle))
    }

    /// Returns whether a function that rebuilds `T`s is registered here.
    pub fn knows<T: 'static>(&self) -> bool {
        self.find::<T>().is_ok()
    }

    fn find<T: 'static>(&self) -> Result<Arc<Reconnector>, ReconnectError> {
        let reconnectors = self.reconnectors.read().unwrap_or_else(PoisonError::into_inner);
        reconnectors.get(&TypeId::of::<T>()).cloned().ok_or_else(|| {
            let name = type_name::<T>();
            ReconnectError::new(format!(
                "nothing is known of how to rebuild a `{name}`; \
                 call `safe_state::reconnect::register_reconnector::<{name}, _>(extract, reconnect)` before the job"
            ))
        })
    }

    pub(crate) fn check<T: 'static>(&self) -> Result<(), ReconnectError> {
        self.find::<T>().map(drop)
    }

    pub(crate) fn extract<T: 'static>(&self, handle: &mut T) -> Result<Vec<u8>, ReconnectError> {
        (self.find::<T>()?.extract)(handle)
    }

    pub(crate) fn reconnect<T: 'static>(&self, bytes: &[u8]) -> Result<T, ReconnectError> {
        let rebuilt = (self.find::<T>()?.reconnect)(bytes)?;
        rebuilt.downcast::<T>().map(|handle| *handle).map_err(|_| wrong_type::<T>())
    }
}

fn wrong_type<T>() -> ReconnectError {
    ReconnectError::new(format!(
        "what is registered for `{}` is for another type",
        type_name::<T>()
    ))
}

pub(super) fn encode(meta: &impl Serialize) -> Result<Vec<u8>, ReconnectError> {
    postcard::to_stdvec(meta).map_err(|error| {
        let reason = serialize_reason(meta, &error);
        ReconnectError::because("what is to be saved of it does not serialise", reason)
    })
}

pub(super) fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, ReconnectError> {
    postcard::from_bytes(bytes).map_err(|error| {
        ReconnectError::because("what was saved of it has another form now", error)
    })
}

impl fmt::Debug for ReconnectRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.reconnectors.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("ReconnectRegistry").field("known", &known).finish_non_exhaustive()
    }
}
