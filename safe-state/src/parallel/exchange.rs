//! The meeting place of the caller's thread and the threads that run bodies: tasks go one way, results the other.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Tasks to be taken, and the results of tasks that have ended.
#[derive(Debug)]
pub(super) struct Exchange<T, D> {
    state: Mutex<State<T, D>>,
    /// Wakes threads that wait for a task.
    task: Condvar,
    /// Wakes the caller's thread when a task has ended.
    done: Condvar,
}

#[derive(Debug)]
struct State<T, D> {
    tasks: VecDeque<T>,
    done: Vec<D>,
    is_closed: bool,
}

impl<T, D> Exchange<T, D> {
    pub(super) fn new() -> Self {
        let state = State { tasks: VecDeque::new(), done: Vec::new(), is_closed: false };
        Exchange { state: Mutex::new(state), task: Condvar::new(), done: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, D>> {
        // No code of this module panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a task to whichever thread takes it.
    pub(super) fn give(&self, task: T) {
        self.lock().tasks.push_back(task);
        self.task.notify_one();
    }

    /// Waits for the next task, and takes it. Returns `None` once the exchange is closed.
    pub(super) fn take(&self) -> Option<T> {
        let state = self.task.wait_while(self.lock(), |it| it.tasks.is_empty() && !it.is_closed);
        state.unwrap_or_else(PoisonError::into_inner).tasks.pop_front()
    }

    /// Adds the result of a task, and wakes the caller's thread.
    pub(super) fn tell(&self, done: D) {
        self.lock().done.push(done);
        self.done.notify_one();
    }

    /// Takes the results of tasks since the last call. Waits for the first one for at most `patience`.
    pub(super) fn await_done(&self, patience: Duration) -> Vec<D> {
        let waited = self.done.wait_timeout_while(self.lock(), patience, |it| it.done.is_empty());
        std::mem::take(&mut waited.unwrap_or_else(PoisonError::into_inner).0.done)
    }

    /// Returns a guard that closes the exchange when it is dropped: tasks that wait are dropped, and the threads end.
    pub(super) fn closing(&self) -> Closing<'_, T, D> {
        Closing(self)
    }
}

/// A guard that closes the exchange when it is dropped: see [`Exchange::closing`].
pub(super) struct Closing<'e, T, D>(&'e Exchange<T, D>);

impl<T, D> Drop for Closing<'_, T, D> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        state.tasks.clear();
        drop(state);
        self.0.task.notify_all();
    }
}
