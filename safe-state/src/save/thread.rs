//! A thread that does a run's blocking work, so that an async function never blocks its executor
//! and depends on none.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

type Task = Box<dyn FnOnce() + Send>;

/// A thread that does blocking work. Dropping the worker waits for the tasks that it was given.
pub(crate) struct Worker {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

/// The place where the thread leaves a result, with the waker to call then.
struct Slot<R> {
    result: Option<thread::Result<R>>,
    waker: Option<Waker>,
}

impl Worker {
    pub(crate) fn spawn() -> io::Result<Worker> {
        let (tasks, queue) = channel::<Task>();
        let thread = thread::Builder::new()
            .name("safe-state".to_owned())
            .spawn(move || queue.into_iter().for_each(|task| task()))?;
        Ok(Worker { tasks: Some(tasks), thread: Some(thread) })
    }

    /// Runs `work` on the thread. If the future is dropped, `work` is still done, and its result is dropped on the
    /// thread.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        let slot = Arc::new(Mutex::new(Slot { result: None, waker: None }));
        let done = Arc::clone(&slot);
        self.send(Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            let waker = {
                let mut slot = done.lock().unwrap_or_else(PoisonError::into_inner);
                slot.result = Some(result);
                slot.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }));
        let result = poll_fn(|context| {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = slot.result.take() {
                Poll::Ready(result)
            } else {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
        });
        result.await.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Runs `work` on the thread, after the tasks that it was given before, and waits for it.
    pub(crate) fn run_blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        let (done, result) = channel();
        self.send(Box::new(move || {
            // The receiver below waits for the result, so sending cannot fail.
            let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
        }));
        let result = result.recv().expect("the thread ends when its worker is dropped");
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Waits for `time`. If the future is dropped, the thread goes on at once.
    pub(crate) async fn sleep(&self, time: Duration) {
        let (awake, asleep) = channel::<Infallible>();
        self.run(move || _ = asleep.recv_timeout(time)).await;
        drop(awake);
    }

    fn send(&self, task: Task) {
        let sent = self.tasks.as_ref().map(|tasks| tasks.send(task));
        // The thread ends only after `tasks` is dropped, and catches the tasks' panics.
        debug_assert!(matches!(sent, Some(Ok(()))), "the worker thread is gone");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take() {
            // The thread's tasks catch their panics, so it has none to report.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}
