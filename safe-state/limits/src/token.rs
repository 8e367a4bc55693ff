//! The token by which a limit and the work under it communicate.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

use safe_state_base::{Error, LimitExceeded};

use crate::signal::ThreadId;

/// The state that a limit, the work under it, and the watchdog share.
#[derive(Default)]
pub(crate) struct Token {
    /// Whether progress restarts the limit's time.
    counts_progress: bool,
    has_progressed: AtomicBool,
    is_cancelled: AtomicBool,
    /// The thread that does the work, or did it last.
    thread: AtomicI32,
    cancellation: Mutex<Cancellation>,
}

#[derive(Default)]
struct Cancellation {
    exceeded: Option<LimitExceeded>,
    /// The task of a future under the limit, to be woken by a cancellation.
    waker: Option<Waker>,
}

impl Token {
    pub(crate) fn new(counts_progress: bool) -> Self {
        Token { counts_progress, ..Token::default() }
    }

    #[inline]
    pub(crate) fn counts_progress(&self) -> bool {
        self.counts_progress
    }

    /// Notes progress of the work: its time begins anew, and a cancellation is taken back.
    ///
    /// Many threads may call it. It only writes values that change, so their caches stay shared.
    #[inline]
    pub(crate) fn progress(&self) {
        if !self.has_progressed.load(Ordering::Relaxed) {
            self.has_progressed.store(true, Ordering::Relaxed);
        }
        if self.counts_progress && self.is_cancelled.load(Ordering::Relaxed) {
            self.take_back();
        }
    }

    /// Returns whether there was progress since the last call.
    pub(crate) fn takes_progress(&self) -> bool {
        self.has_progressed.load(Ordering::Relaxed)
            && self.has_progressed.swap(false, Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { self.cancelled() } else { Ok(()) }
    }

    #[cold]
    fn cancelled(&self) -> Result<(), Error> {
        let exceeded = self.cancellation().exceeded.clone();
        exceeded.map_or(Ok(()), |exceeded| Err(Error::Limit(exceeded)))
    }

    pub(crate) fn cancel(&self, exceeded: LimitExceeded) {
        let waker = {
            let mut cancellation = self.cancellation();
            cancellation.exceeded = Some(exceeded);
            self.is_cancelled.store(true, Ordering::Release);
            cancellation.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn take_back(&self) {
        if self.is_cancelled.load(Ordering::Relaxed) {
            let mut cancellation = self.cancellation();
            cancellation.exceeded = None;
            self.is_cancelled.store(false, Ordering::Release);
        }
    }

    /// Sets the task to wake when the work is cancelled.
    pub(crate) fn wakes(&self, waker: &Waker) {
        let mut cancellation = self.cancellation();
        match &mut cancellation.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Notes that the calling thread does the work.
    pub(crate) fn works_here(&self) {
        self.thread.store(ThreadId::current().0, Ordering::Relaxed);
    }

    pub(crate) fn thread(&self) -> ThreadId {
        ThreadId(self.thread.load(Ordering::Relaxed))
    }

    fn cancellation(&self) -> std::sync::MutexGuard<'_, Cancellation> {
        self.cancellation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("is_cancelled", &self.is_cancelled)
            .field("exceeded", &self.cancellation().exceeded)
            .finish_non_exhaustive()
    }
}
