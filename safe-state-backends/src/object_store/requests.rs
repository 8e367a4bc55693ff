//! What is asked of a store, by a thread that waits for the answer.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::object_store::path::Path;
use ::object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::network::Trouble;
use crate::network::runtime::Runtime;

/// How many objects are asked for at a time.
const AT_A_TIME: usize = 16;

pub(super) struct Requests {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    limit: Duration,
}

/// Whether an object was created.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Yes,
    /// There is one.
    No,
}

/// An object.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) modified: SystemTime,
}

impl Requests {
    pub(super) fn new(store: Arc<dyn ObjectStore>, runtime: Arc<Runtime>, limit: Duration) -> Self {
        Requests { store, runtime, limit }
    }

    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, Trouble> {
        self.runtime.within(self.limit, async { Ok::<_, Trouble>(answer.await) })
    }

    pub(super) fn list(&self, below: &Path) -> Result<Vec<ObjectMeta>, Trouble> {
        let below = (!below.as_ref().is_empty()).then_some(below);
        self.wait(self.store.list(below).try_collect())?.map_err(trouble)
    }

    pub(super) fn list_after(
        &self,
        below: &Path,
        after: &Path,
    ) -> Result<Vec<ObjectMeta>, Trouble> {
        let listed = self.store.list_with_offset(Some(below), after).try_collect();
        self.wait(listed)?.map_err(trouble)
    }

    /// The object; `None` if there is none.
    pub(super) fn get(&self, path: &Path) -> Result<Option<Found>, Trouble> {
        let found = async {
            let found = self.store.get(path).await?;
            let modified = found.meta.last_modified.into();
            Ok(Found { bytes: found.bytes().await?.into(), modified })
        };
        match self.wait(found)? {
            Err(Error::NotFound { .. }) => Ok(None),
            found => found.map(Some).map_err(trouble),
        }
    }

    /// All of these objects; `None` if one of them is gone.
    pub(super) fn get_all(&self, paths: Vec<Path>) -> Result<Option<Vec<Vec<u8>>>, Trouble> {
        let get =
            |path: Path| async move { Ok(Vec::from(self.store.get(&path).await?.bytes().await?)) };
        let found = stream::iter(paths).map(get).buffered(AT_A_TIME).try_collect();
        match self.wait(found)? {
            Err(Error::NotFound { .. }) => Ok(None),
            found => found.map(Some).map_err(trouble),
        }
    }

    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
        let put = self.store.put(path, bytes.to_vec().into());
        self.wait(put)?.map(drop).map_err(trouble)
    }

    pub(super) fn create(&self, path: &Path, bytes: &[u8]) -> Result<Created, Trouble> {
        let put = self.store.put_opts(path, bytes.to_vec().into(), PutMode::Create.into());
        match self.wait(put)? {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Created::No),
            created => created.map(|_| Created::Yes).map_err(trouble),
        }
    }

    /// Removes objects, those that are gone already as well.
    pub(super) fn delete(&self, paths: Vec<Path>) -> Result<(), Trouble> {
        let paths = stream::iter(paths).map(Ok).boxed();
        let gone =
            self.store.delete_stream(paths).try_for_each_concurrent(None, |_| async { Ok(()) });
        match self.wait(gone)? {
            Err(Error::NotFound { .. }) => Ok(()),
            gone => gone.map_err(trouble),
        }
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What an `object_store` calls generic is a connection that broke, a server that is busy, and the
/// like.
fn trouble(error: Error) -> Trouble {
    match error {
        Error::Generic { .. } => Trouble::passing(error),
        error => Trouble::lasting(error),
    }
}
