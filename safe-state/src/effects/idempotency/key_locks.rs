//! The effects that are under way in this process, and the threads and tasks that wait for them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};

/// All effects under way in this process, by their keys.
#[derive(Default)]
pub(super) struct AllUnderWay {
    effects: Mutex<HashMap<Vec<u8>, Waiting>>,
    ended: Condvar,
}

/// An effect under way, as the waiting threads and tasks need to know it.
struct Waiting {
    /// The thread that began the effect, if it also does it.
    thread: Option<ThreadId>,
    /// The tasks to wake when the effect ends.
    wakers: Vec<Waker>,
}

/// An effect under way, until this is dropped.
pub(super) struct UnderWay {
    all: Arc<AllUnderWay>,
    key: Vec<u8>,
}

impl AllUnderWay {
    /// Locks the map. A panic elsewhere leaves nothing half-done in it, so a poisoned lock is taken.
    fn effects(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Waiting>> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.effects().contains_key(key)
    }

    /// Adds the effect of `key`, which must not be under way yet. `thread` is the thread that does it, if one does it
    /// to its end.
    pub(super) fn add(self: &Arc<Self>, key: Vec<u8>, thread: Option<ThreadId>) -> UnderWay {
        self.effects().insert(key.clone(), Waiting { thread, wakers: Vec::new() });
        UnderWay { all: Arc::clone(self), key }
    }

    /// Blocks until the effect of `key` is not under way. Returns an error if this thread itself does the effect.
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

    /// Waits without blocking until the effect of `key` is not under way. An async effect that waits for itself waits
    /// forever.
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
