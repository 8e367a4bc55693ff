//! Checkpoints in object stores: S3 and those like it, Google's, Azure's.

mod epochs;
mod layout;
mod requests;
mod session;
#[cfg(feature = "object-store-url")]
mod url;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use ::object_store::ObjectStore;

use crate::Error;
use crate::network::runtime::Runtime;
use crate::network::{Connect, NetworkBackend, Timeouts, Trouble};
use layout::Layout;
use requests::Requests;
use session::ObjectSession;

/// Keeps checkpoints in an object store.
///
/// All it needs of the store is to create an object only if there is none, and to list what was
/// created at once. S3, R2, Google Cloud Storage and Azure Blob Storage do both. A store that does not is
/// found out when a lease is taken for the first time, by creating `PREFIX/conditions` twice and reading the
/// lease back, and refused.
///
/// A save creates one object, which no one ever changes, below `PREFIX/JOB.job/EPOCH`; a snapshot
/// removes those before it. No more than 200 records follow a snapshot, so loading takes that many
/// requests at the most. Do not let the store remove objects by itself.
///
/// The lease is an object in the directory of its epoch, written anew when it is renewed; its age is
/// the store's to say. Who takes over creates the next epoch, and seals the one before: an object
/// stands where the next save of that run would be, which thereby fails. A finished job leaves two
/// small objects; those are swept by its next run.
///
/// ```
/// use std::sync::Arc;
/// use object_store::memory::InMemory;
/// use safe_state_backends::{Backend, ObjectStoreBackend};
///
/// let backend = ObjectStoreBackend::new(Arc::new(InMemory::new()), "jobs")?;
/// backend.save("job", b"bytes")?;
/// assert_eq!(backend.load("job")?.as_deref(), Some(&b"bytes"[..]));
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
pub type ObjectStoreBackend = NetworkBackend<Objects>;

/// Where the objects of an [`ObjectStoreBackend`] are.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    layout: Layout,
    place: String,
    /// From the first use on. The connections of a store are shared by all sessions, so its thread
    /// is none of theirs.
    runtime: Mutex<Option<Arc<Runtime>>>,
    is_proven: Arc<AtomicBool>,
}

impl NetworkBackend<Objects> {
    /// Objects in `store` below `prefix`, which may be empty. Use the store for nothing else: its
    /// connections are served by a thread of the backend's.
    ///
    /// # Errors
    ///
    /// The prefix is no path.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Result<Self, Error> {
        let place = format!("{store}/{prefix}");
        let layout = Layout::below(prefix)
            .map_err(|error| Error::Url { url: place.clone(), reason: error.to_string() })?;
        Ok(Self::on(Objects::at(store, layout, place)))
    }

    /// The store that a URL names: `s3://BUCKET/PREFIX` (feature `s3`), `gs://BUCKET/PREFIX` (`gcs`) or
    /// `az://CONTAINER/PREFIX` (`azure`).
    ///
    /// Credentials and the like come from the environment, as the store's own tools have them:
    /// `AWS_ACCESS_KEY_ID`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` and so on; or from the
    /// query, by the names that `object_store` has for them: `?region=eu-west-1&endpoint=https://..`.
    ///
    /// # Errors
    ///
    /// It is no such URL, or has an option that there is not.
    #[cfg(feature = "object-store-url")]
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let place = crate::url::redacted(url);
        let refused = |reason| Error::Url { url: place.clone(), reason };
        let (store, prefix) = url::store(url).map_err(refused)?;
        let layout = Layout::below(&prefix).map_err(|error| refused(error.to_string()))?;
        Ok(Self::on(Objects::at(store, layout, place)))
    }
}

impl Objects {
    fn at(store: Arc<dyn ObjectStore>, layout: Layout, place: String) -> Self {
        Objects { store, layout, place, runtime: Mutex::default(), is_proven: Arc::default() }
    }
}

impl Connect for Objects {
    type Session = ObjectSession;

    fn connect(&self, timeouts: Timeouts) -> Result<ObjectSession, Trouble> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match &*runtime {
            Some(runtime) => Arc::clone(runtime),
            None => Arc::clone(runtime.insert(Arc::new(Runtime::in_background()?))),
        };
        let requests = Requests::new(Arc::clone(&self.store), runtime, timeouts.statement);
        let (layout, place) = (self.layout.clone(), self.place.clone());
        Ok(ObjectSession::new(requests, layout, place, Arc::clone(&self.is_proven)))
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("place", &self.place).finish_non_exhaustive()
    }
}
