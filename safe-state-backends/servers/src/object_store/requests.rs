//! Requests to a store, made by a thread that waits for the answer.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::object_store::path::Path;
use ::object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use futures_util::{StreamExt, TryStreamExt, future, stream};

use crate::network::Trouble;
use crate::network::runtime::Runtime;

/// The number of objects that are requested at a time.
const AT_A_TIME: usize = 16;

pub(super) struct Requests {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    limit: Duration,
}

/// The answer to a creation: whether the object was created.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Yes,
    /// The object exists already.
    No,
}

/// The object that exists after one was to be created.
pub(super) enum Existing {
    Ours,
    /// An object with these bytes.
    Another(Vec<u8>),
    /// An object existed, and does no more.
    Gone,
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

    /// Returns the objects below a path, and the content of one of them; `None` if that does not exist.
    pub(super) fn list_and_get(
        &self,
        below: &Path,
        path: &Path,
    ) -> Result<(Vec<ObjectMeta>, Option<Vec<u8>>), Trouble> {
        let get = async {
            match self.store.get(path).await {
                Err(Error::NotFound { .. }) => Ok(None),
                found => Ok(Some(found?.bytes().await?.into())),
            }
        };
        let list = self.store.list(Some(below)).try_collect();
        self.wait(future::try_join(list, get))?.map_err(trouble)
    }

    /// Returns an object; `None` if it does not exist.
    pub(super) fn get(&self, path: &Path) -> Result<Option<Vec<u8>>, Trouble> {
        let found = async { Ok(Vec::from(self.store.get(path).await?.bytes().await?)) };
        match self.wait(found)? {
            Err(Error::NotFound { .. }) => Ok(None),
            found => found.map(Some).map_err(trouble),
        }
    }

    /// Returns the contents of all these objects; `None` if one of them is gone.
    pub(super) fn get_all(&self, paths: Vec<Path>) -> Result<Option<Vec<Vec<u8>>>, Trouble> {
        let get =
            |path: Path| async move { Ok(Vec::from(self.store.get(&path).await?.bytes().await?)) };
        let found = stream::iter(paths).map(get).buffered(AT_A_TIME).try_collect();
        match self.wait(found)? {
            Err(Error::NotFound { .. }) => Ok(None),
            found => found.map(Some).map_err(trouble),
        }
    }

    /// Creates an object, and returns whether another one exists; at the same time.
    pub(super) fn create_and_look(
        &self,
        path: &Path,
        bytes: &[u8],
        other: &Path,
    ) -> Result<(Created, bool), Trouble> {
        let look = async {
            match self.store.get(other).await {
                Err(Error::NotFound { .. }) => Ok(false),
                found => found.map(|_| true),
            }
        };
        self.wait(future::try_join(self.creation(path, bytes), look))?.map_err(trouble)
    }

    /// Creates one object by `times` requests at the same time. Returns how many of these the store says have created it.
    pub(super) fn contest(
        &self,
        path: &Path,
        bytes: &[u8],
        times: usize,
    ) -> Result<usize, Trouble> {
        let creations = (0..times).map(|_| self.creation(path, bytes));
        let created = self.wait(future::try_join_all(creations))?.map_err(trouble)?;
        Ok(created.into_iter().filter(|created| *created == Created::Yes).count())
    }

    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
        let put = self.store.put(path, bytes.to_vec().into());
        self.wait(put)?.map(drop).map_err(trouble)
    }

    pub(super) fn create(&self, path: &Path, bytes: &[u8]) -> Result<Created, Trouble> {
        self.wait(self.creation(path, bytes))?.map_err(trouble)
    }

    /// Creates an object, unless another one exists. The store's client, or a proxy, may have sent the request twice, so one
    /// that exists with the same bytes counts as created.
    pub(super) fn create_once(&self, path: &Path, bytes: &[u8]) -> Result<Existing, Trouble> {
        if self.create(path, bytes)? == Created::Yes {
            return Ok(Existing::Ours);
        }
        Ok(match self.get(path)? {
            Some(found) if found == bytes => Existing::Ours,
            Some(found) => Existing::Another(found),
            None => Existing::Gone,
        })
    }

    async fn creation(&self, path: &Path, bytes: &[u8]) -> Result<Created, Error> {
        match self.store.put_opts(path, bytes.to_vec().into(), PutMode::Create.into()).await {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Created::No),
            created => created.map(|_| Created::Yes),
        }
    }

    /// Removes objects. Objects that are gone already are no error.
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

/// Converts an error. `object_store` calls an error generic if a connection broke or a server is busy, but also if a store
/// refuses by an answer for which it has no other word.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` calls")]
fn trouble(error: Error) -> Trouble {
    let told = Told::of(&error);
    let passes = matches!(error, Error::Generic { .. }) && !told.is_refusal();
    if passes { Trouble::transient(told) } else { Trouble::permanent(told) }
}

/// The message of an error, with those of its causes that it does not contain.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(String);

impl Told {
    fn of(error: &Error) -> Self {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            let said = cause.to_string();
            if !text.contains(&said) {
                text = format!("{text}: {said}");
            }
            next = cause.source();
        }
        if Told::status(&text) == Some(TOO_LARGE) {
            text.insert_str(0, LIMITED);
        }
        // A page of HTML has many lines.
        Told(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn status(text: &str) -> Option<u16> {
        text.split_once(STATUS).and_then(|(_, rest)| rest.get(..3)?.parse().ok())
    }

    /// Returns whether the store has answered with a status that it will repeat: the driver gives the status only in its
    /// message.
    fn is_refusal(&self) -> bool {
        let status = Told::status(&self.0);
        let refuses = matches!(status, Some(400..=499 | 501) if !matches!(status, Some(408 | 409 | 425 | 429)));
        refuses && !self.0.contains(TIMED_OUT)
    }
}

const STATUS: &str = "non-2xx status code: ";
const TOO_LARGE: u16 = 413;
const LIMITED: &str = "the store, or a proxy before it, accepts no object of this size; raise its limit (nginx: \
     `client_max_body_size`): ";
/// The code by which S3 says, with status 400, that the request took too long to arrive.
const TIMED_OUT: &str = "<Code>RequestTimeout</Code>";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str) -> Trouble {
        let source = format!("Error performing PUT a in 1ms - Server returned {STATUS}{status}");
        trouble(Error::Generic { store: "S3", source: source.into() })
    }

    #[test]
    fn what_a_store_refuses_is_not_tried_again() {
        for status in [
            "400 Bad Request: <Code>InvalidBucketName</Code>",
            "404 Not Found",
            "413 Request Entity Too Large",
            "501 Not Implemented",
        ] {
            assert!(matches!(of(status), Trouble::Permanent(_)), "{status}");
        }
        for status in [
            "400 Bad Request: <Code>RequestTimeout</Code>",
            "408 Request Timeout",
            "429 Too Many Requests",
            "500 Internal Server Error",
            "503 Slow Down",
        ] {
            assert!(matches!(of(status), Trouble::Transient(_)), "{status}");
        }
        let broken = Error::Generic { store: "S3", source: "connection reset".into() };
        assert!(matches!(trouble(broken), Trouble::Transient(_)));
    }

    #[test]
    fn an_error_of_the_store_is_told_once() {
        let cause = std::io::Error::other("no such bucket");
        let error = Error::Generic { store: "S3", source: cause.into() };
        let Trouble::Transient(told) = trouble(error) else { panic!("it is final") };
        assert_eq!(told.to_string(), "Generic S3 error: no such bucket");
        assert!(told.source().is_none());
    }
}
