//! The one owner of a run's store, from the run's beginning to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use safe_state_backends::Store;

use super::thread::Worker;

/// The owner of a run's store. In an async run, a thread does the work, one piece after the other, each to its end,
/// even if the future that waits for it is dropped. So what is handed over last is written last.
#[derive(Debug)]
pub(crate) struct Owner {
    store: Shared,
    /// The thread that works with the store; `None` if the run may block.
    thread: Option<Worker>,
}

/// A shared handle of the store, for saves beside the run.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<Store>>);

impl Owner {
    /// Creates an owner that works on `thread`, or without one where it is called.
    pub(crate) fn new(store: Store, thread: Option<Worker>) -> Owner {
        Owner { store: Shared(Arc::new(Mutex::new(store))), thread }
    }

    /// Locks the store, to look at it, or to work with it where that may block. Nobody else may ask for the store
    /// before the guard is dropped.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock()
    }

    pub(crate) fn shared(&self) -> Shared {
        self.store.clone()
    }

    /// Returns the owner's thread, for other work that blocks.
    pub(crate) fn thread(&self) -> Option<&Worker> {
        self.thread.as_ref()
    }

    /// Calls `work` with the store, without blocking.
    pub(crate) async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> T {
        let Some(thread) = &self.thread else { return work(&mut self.store()) };
        let store = self.store.clone();
        thread.run(move || work(&mut store.lock())).await
    }

    /// Calls `work` with the store after all work that is under way, and waits for it.
    pub(crate) fn work_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> T {
        let Some(thread) = &self.thread else { return work(&mut self.store()) };
        let store = self.store.clone();
        thread.run_blocking(move || work(&mut store.lock()))
    }

    /// Calls `last` with the store, after all work that is under way, and drops the store with its lease.
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

    /// Calls `last` with the store without blocking, and drops the store. If the future is dropped, dropping it waits
    /// for `last`.
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
    /// Locks the store. A panic during its work leaves the store as an error does: its next save writes a whole
    /// snapshot.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end<T>(self, last: impl FnOnce(&mut Store) -> T) -> T {
        last(&mut self.lock())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc::channel;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use safe_state_backends::format::Change;
    use safe_state_backends::{Backend, Checkpoint, LeaseOptions, MemoryBackend};

    use super::*;

    const JOB: &str = "owned";

    fn store(backend: &Arc<MemoryBackend>) -> Store {
        let opening = Store::open(Arc::clone(backend) as _, JOB, LeaseOptions::default()).unwrap();
        opening.begin(Checkpoint::new(JOB, None)).unwrap()
    }

    fn completed(backend: &MemoryBackend) -> u64 {
        Checkpoint::load(backend, JOB).unwrap().unwrap().completed().len()
    }

    fn polled_once<T>(future: impl Future<Output = T>) -> bool {
        pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Returns a save that begins when `go` is sent, and asserts that `before` items are complete by then.
    fn save_behind(
        before: u64,
    ) -> (std::sync::mpsc::Sender<()>, impl FnOnce(&mut Store) + Send + 'static) {
        let (go, gone) = channel();
        let save = move |store: &mut Store| {
            gone.recv().unwrap();
            assert_eq!(store.checkpoint().completed().len(), before);
            store.save(Change::completed(1)).unwrap();
        };
        (go, save)
    }

    #[test]
    fn work_of_a_dropped_future_is_done_before_the_last_save() {
        let backend = Arc::new(MemoryBackend::default());
        let mut owner = Owner::new(store(&backend), Some(Worker::spawn().unwrap()));
        let ((go, first), (go_on, second)) = (save_behind(0), save_behind(1));
        assert!(!polled_once(owner.work(first)));
        assert!(!polled_once(owner.work(second)));
        let ending = std::thread::spawn(|| owner.end(|store| store.save(Change::completed(1))));
        std::thread::sleep(Duration::from_millis(20));
        assert!(!ending.is_finished());
        go.send(()).unwrap();
        go_on.send(()).unwrap();
        ending.join().unwrap().unwrap();
        assert_eq!(completed(&backend), 3);
        drop(store(&backend));
    }

    #[test]
    fn an_end_whose_future_is_dropped_still_saves() {
        let backend = Arc::new(MemoryBackend::default());
        let owner = Owner::new(store(&backend), Some(Worker::spawn().unwrap()));
        let (go, last) = save_behind(0);
        go.send(()).unwrap();
        polled_once(owner.end_async(last));
        assert_eq!(completed(&backend), 1);
        drop(store(&backend));
    }

    #[test]
    fn an_owner_without_a_thread_saves_where_it_is_called() {
        let backend = Arc::new(MemoryBackend::default());
        let mut owner = Owner::new(store(&backend), None);
        owner.store().save(Change::completed(1)).unwrap();
        assert!(polled_once(owner.work(|store| store.save(Change::completed(1)).unwrap())));
        assert_eq!(owner.store().checkpoint().completed().len(), 2);
        assert!(Arc::clone(&backend).lease(JOB, LeaseOptions::default()).is_err());
        owner.end(|store| store.save(Change::completed(1))).unwrap();
        assert_eq!(completed(&backend), 3);
        drop(store(&backend));
    }

    #[test]
    fn a_panic_of_its_work_is_the_caller_s_and_the_store_goes_on() {
        let backend = Arc::new(MemoryBackend::default());
        let owner = Owner::new(store(&backend), Some(Worker::spawn().unwrap()));
        let mut owner = owner;
        let panics = owner.work(|_| panic!("asked to"));
        assert!(!polled_once(panics));
        owner.end(|store| store.save(Change::completed(1))).unwrap();
        assert_eq!(completed(&backend), 1);
    }
}
