//! Provides a store in memory that notes what it is asked for, and can be told to answer late.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Counting {
    inner: Arc<InMemory>,
    asked: Mutex<String>,
    trouble: Mutex<Trouble>,
    late: Mutex<Vec<(Path, PutPayload, PutOptions)>>,
    gate: Notify,
    lack: Mutex<Lack>,
}

/// Something that the store, or a proxy before it, pretends to support, but does not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Lack {
    #[default]
    Nothing,
    /// The store creates an object even if it exists.
    Conditions,
    /// The store looks whether an object exists, and creates it some time later.
    OneStep,
    /// The store lists nothing.
    Lists,
    /// The store saves other bytes than it was given.
    ReadBack,
    /// The first answer to each request that writes is lost on the way, and a proxy sends the request again.
    Answers,
}

/// Returns whether `path` is the object by which a backend finds out what the store supports.
fn is_trial(path: &Path) -> bool {
    path.filename().is_some_and(|name| name.starts_with("conditions"))
}

/// The trouble that the next object meets when it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// The object is written, and the answer is lost.
    Unanswered,
    /// The object is on its way, until [`Counting::deliver`].
    Late,
    /// The writer waits for [`Counting::let_go`].
    Waits,
}

impl Counting {
    /// Returns the requests since the last call of `take`.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Returns the number of objects in the store, without those of trials.
    pub(crate) fn len(&self) -> usize {
        use futures_util::TryStreamExt;
        let all = self.inner.list(None).try_collect::<Vec<_>>();
        let all = futures_util::FutureExt::now_or_never(all).unwrap().unwrap();
        all.iter().filter(|object| !is_trial(&object.location)).count()
    }

    /// Makes the store lack an operation from now on.
    pub(crate) fn lack(&self, lack: Lack) {
        *self.lack.lock().unwrap() = lack;
    }

    /// Makes the next object that is written meet with `trouble`.
    pub(crate) fn disturb(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Delivers the objects that are on their way, and returns for each whether the store took it.
    pub(crate) fn deliver(&self) -> Vec<bool> {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        let put = |(path, payload, options)| {
            let inner = Arc::clone(&self.inner);
            let put = async move { inner.put_opts(&path, payload, options).await.is_ok() };
            futures_util::FutureExt::now_or_never(put).unwrap()
        };
        late.into_iter().map(put).collect()
    }

    /// Returns whether the trouble has come about.
    pub(crate) fn is_disturbed(&self) -> bool {
        *self.trouble.lock().unwrap() == Trouble::None
    }

    pub(crate) fn let_go(&self) {
        self.gate.notify_one();
    }

    fn note(&self, what: impl fmt::Display) {
        use fmt::Write;
        write!(self.asked.lock().unwrap(), "{what}; ").unwrap();
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting")
    }
}

fn lost() -> Error {
    Error::Generic { store: "counting", source: "the answer was lost".into() }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if is_trial(path) {
            self.note("trial");
        } else {
            self.note(format_args!("put {} bytes", payload.content_length()));
        }
        let lack = *self.lack.lock().unwrap();
        if lack == Lack::Conditions {
            return self.inner.put(path, payload).await;
        }
        if lack == Lack::OneStep && options.mode == PutMode::Create {
            if self.inner.head(path).await.is_ok() {
                return Err(Error::AlreadyExists {
                    path: path.to_string(),
                    source: "it is".into(),
                });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            return self.inner.put(path, payload).await;
        }
        if is_trial(path) {
            return self.inner.put_opts(path, payload, options).await;
        }
        let trouble = std::mem::take(&mut *self.trouble.lock().unwrap());
        if trouble == Trouble::Waits {
            self.gate.notified().await;
        }
        if trouble == Trouble::Late {
            self.late.lock().unwrap().push((path.clone(), payload, options));
            return Err(lost());
        }
        let payload = if lack == Lack::ReadBack { "other".into() } else { payload };
        if lack == Lack::Answers {
            self.inner.put_opts(path, payload.clone(), options.clone()).await?;
        }
        let put = self.inner.put_opts(path, payload, options).await?;
        if trouble == Trouble::Unanswered { Err(lost()) } else { Ok(put) }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.note("get");
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.note("delete");
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.note("list");
        if *self.lack.lock().unwrap() == Lack::Lists {
            return futures_util::stream::empty().boxed();
        }
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
