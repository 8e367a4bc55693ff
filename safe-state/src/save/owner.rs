//! The one owner of a run's store, from the run's beginning to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use safe_state_backends::Store;

use super::thread::Worker;

/// Owns the store of a run. That of an async run works on a thread, which does one piece of work after the
/// other, to its end: also where the future is dropped that waits for it. So what is handed over last is
/// written last.
#[derive(Debug)]
pub(crate) struct Owner {
    store: Shared,
    /// None where the run may block.
    thread: Option<Worker>,
}

/// The way to the store for what saves beside a run.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<Store>>);

impl Owner {
    /// One that works on `thread`, or where it is called.
    pub(crate) fn new(store: Store, thread: Option<Worker>) -> Owner {
        Owner { store: Shared(Arc::new(Mutex::new(store))), thread }
    }

    /// The store, to look at, or to work with where that may block. Nobody else is to ask for it before the
    /// guard is dropped.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock()
    }

    #[cfg(feature = "limits")]
    pub(crate) fn shared(&self) -> Shared {
        self.store.clone()
    }

    /// Its thread, for other work that blocks.
    pub(crate) fn thread(&self) -> Option<&Worker> {
        self.thread.as_ref()
    }

    /// Works with the store, without blocking.
    pub(crate) async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> T {
        let Some(thread) = &self.thread else { return work(&mut self.store()) };
        let store = self.store.clone();
        thread.run(move || work(&mut store.lock())).await
    }

    /// Works with the store for the last time, behind all that is under way, and lets it go with its lease.
    pub(crate) fn end<T: Send + 'static>(
        self,
        last: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> T {
        let Owner { store, thread } = self;
        match thread {
            Some(thread) => thread.run_blocking(move || store.end(last)),
            None => store.end(last),
        }
    }

    /// The same without blocking. Where its future is dropped, it is done before that ends.
    pub(crate) async fn end_async<T: Send + 'static>(
        self,
        last: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> T {
        let Owner { store, thread } = self;
        match thread {
            Some(thread) => thread.run(move || store.end(last)).await,
            None => store.end(last),
        }
    }
}

impl Shared {
    /// A store that was left by a panic is as behind an error: it saves the whole next.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end<T>(self, last: impl FnOnce(&mut Store) -> T) -> T {
        last(&mut self.lock())
    }
}
