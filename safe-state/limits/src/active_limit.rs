//! A guard that watches, and its handle for other threads.

use std::marker::PhantomData;
use std::sync::Arc;

use super::innermost::{self, Inside};
use super::token::Token;
use super::watchdog::Watched;
use crate::Error;

/// A guard that watches until it is dropped. To drop it takes no longer than a lock does: it never waits
/// for a look that is due later.
///
/// It belongs to the thread that started it, and stays there; [`handle`](Self::handle) is for others.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once watches nothing"]
pub struct ActiveGuard {
    /// Before the token: nothing is interrupted once the guard has been left.
    _watched: Watched,
    token: Arc<Token>,
    is_of_its_thread: PhantomData<*const ()>,
}

/// A guard, for other threads than the one that started it: they can tell of progress, and be cancelled.
/// A handle keeps no guard alive; of one that has ended, all is well.
#[derive(Clone, Debug)]
pub struct GuardHandle {
    token: Arc<Token>,
}

impl ActiveGuard {
    pub(crate) fn of(token: Arc<Token>, watched: Watched) -> Self {
        innermost::enter(&token);
        ActiveGuard { _watched: watched, token, is_of_its_thread: PhantomData }
    }

    /// Tells that the work goes on: the time begins anew, and a cancellation is taken back. (A memory guard
    /// has no time; it goes by the memory alone.)
    #[inline]
    pub fn progress(&self) {
        self.token.progress();
    }

    /// Whether the work may go on, as far as this guard says.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if its limit was passed.
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        self.token.check()
    }

    /// A handle for other threads.
    pub fn handle(&self) -> GuardHandle {
        GuardHandle { token: Arc::clone(&self.token) }
    }
}

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        innermost::leave(&self.token);
    }
}

impl GuardHandle {
    /// As [`ActiveGuard::progress`].
    #[inline]
    pub fn progress(&self) {
        self.token.progress();
    }

    /// As [`ActiveGuard::check`].
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the guard's limit was passed.
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        self.token.check()
    }

    /// Calls `work` within the guard: [`check`](super::check) and [`progress`](super::progress) in it mean
    /// this guard, and signals go to the calling thread from now on.
    ///
    /// ```
    /// use safe_state::limits::{TimeGuard, check};
    ///
    /// let guard = TimeGuard::new("60s").start()?;
    /// let handle = guard.handle();
    /// let worker = std::thread::spawn(move || handle.enter(|| check()));
    /// worker.join().unwrap()?;
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let _inside = Inside::enter(&self.token);
        work()
    }
}
