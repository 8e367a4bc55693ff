//! The backend in object stores: S3 and compatible ones, Google's, Azure's.

mod epochs;
mod fitness;
mod layout;
mod requests;
mod session;
#[cfg(feature = "object-store-url")]
mod url;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use ::object_store::ObjectStore;

use crate::network::runtime::Runtime;
use crate::network::{Connect, NetworkBackend, Timeouts, Trouble};
use layout::Layout;
use requests::Requests;
use safe_state_backends::Error;
use session::ObjectSession;

/// A backend that keeps checkpoints in an object store.
///
/// The store has to support two things: creating an object only if it does not exist, in one step, and listing an object as soon
/// as it is created. S3, R2, Google Cloud Storage and Azure Blob Storage support both. The first lease tests the store, and
/// refuses it if it fails: it creates `PREFIX/conditions` twice and three other objects eight times at once, and reads the lease
/// back.
///
/// A save creates one object below `PREFIX/JOB.job/EPOCH`, which is never changed. A snapshot removes the objects before it. At
/// most 200 records follow a snapshot, so loading takes at most that many requests. Do not let the store remove objects by
/// itself.
///
/// The lease is an object in the directory of its epoch, which is written again at each renewal. Its age is measured by the
/// store's clock. A run that takes over creates the next epoch, and seals the one before: it puts an empty object where the
/// next save of the previous run would be, which therefore fails. A finished job leaves two small objects, which its next run
/// removes.
///
/// ```
/// use std::sync::Arc;
/// use object_store::memory::InMemory;
/// use safe_state_backends::Backend;
/// use safe_state_servers::ObjectStoreBackend;
///
/// let backend = ObjectStoreBackend::new(Arc::new(InMemory::new()), "jobs")?;
/// backend.save("job", b"bytes")?;
/// assert_eq!(backend.load("job")?.as_deref(), Some(&b"bytes"[..]));
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
pub type ObjectStoreBackend = NetworkBackend<Objects>;

/// The store and the path of an [`ObjectStoreBackend`].
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    layout: Layout,
    place: String,
    /// The runtime, which exists from the first use on. All sessions share a store's connections, so the runtime's thread
    /// belongs to none of them.
    runtime: Mutex<Option<Arc<Runtime>>>,
    is_proven: Arc<AtomicBool>,
}

impl NetworkBackend<Objects> {
    /// Creates a backend with its objects in `store` below `prefix`, which may be empty. Use the store for nothing else: a
    /// thread of the backend serves its connections.
    ///
    /// # Errors
    ///
    /// The prefix is no valid path.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Result<Self, Error> {
        let place = format!("{store}/{prefix}");
        let layout = Layout::below(prefix)
            .map_err(|error| Error::Url { url: place.clone(), reason: error.to_string() })?;
        Ok(Self::on(Objects::at(store, layout, place)))
    }

    /// Creates a backend on the store that a URL names: `s3://BUCKET/PREFIX` (feature `s3`), `gs://BUCKET/PREFIX` (`gcs`) or
    /// `az://CONTAINER/PREFIX` (`azure`).
    ///
    /// Credentials and settings come from the environment, under the names that the store's own tools use: `AWS_ACCESS_KEY_ID`,
    /// `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` and others; or from the query, under the names that
    /// `object_store` uses: `?region=eu-west-1&endpoint=https://..`.
    ///
    /// # Errors
    ///
    /// The text is no URL of this form, or has an unknown option.
    #[cfg(feature = "object-store-url")]
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let place = safe_state_backends::redacted(url);
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
