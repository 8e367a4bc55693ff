//! The effects that are under way in this process, and who waits for them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};

/// All of them, each by its key.
#[derive(Default)]
pub(super) struct AllUnderWay {
    effects: Mutex<HashMap<Vec<u8>, Waiting>>,
    ended: Condvar,
}

/// What there is to know of one by those who wait for it.
struct Waiting {
    /// The thread that began it, if that stays with it.
    thread: Option<ThreadId>,
    /// What to wake at its end.
    wakers: Vec<Waker>,
}

/// One of them, until it is dropped.
pub(super) struct UnderWay {
    all: Arc<AllUnderWay>,
    key: Vec<u8>,
}

impl AllUnderWay {
    /// Nothing is left half-done in it by a panic.
    fn effects(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Waiting>> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.effects().contains_key(key)
    }

    /// Adds the effect of `key`, which is not among them, as one that `thread` stays with.
    pub(super) fn add(self: &Arc<Self>, key: Vec<u8>, thread: Option<ThreadId>) -> UnderWay {
        self.effects().insert(key.clone(), Waiting { thread, wakers: Vec::new() });
        UnderWay { all: Arc::clone(self), key }
    }

    /// Blocks until the effect of `key` is not under way; or says that this thread itself is at it.
    pub(super) fn wait(&self, key: &[u8]) -> Result<(), ()> {
        let this = thread::current().id();
        let mut effects = self.effects();
        while let Some(waiting) = effects.get(key) {
            if waiting.thread == Some(this) {
                return Err(());
            }
            effects = self.ended.wait(effects).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// The same without blocking; an async effect that waits for itself does so for ever.
    pub(super) async fn wait_async(&self, key: &[u8]) {
        poll_fn(|context| match self.effects().get_mut(key) {
            Some(Waiting { wakers, .. }) => {
                if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                    wakers.push(context.waker().clone());
                }
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
        .await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let ended = self.all.effects().remove(&self.key);
        self.all.ended.notify_all();
        ended.into_iter().flat_map(|waiting| waiting.wakers).for_each(Waker::wake);
    }
}
