//! A limit that is watched, and its handle for other threads.

use std::marker::PhantomData;
use std::sync::Arc;

use safe_state_base::Error;

use crate::innermost::{self, Inside};
use crate::token::Token;
use crate::watchdog::Watched;

/// A limit that is watched until this is dropped. To drop it takes no longer than a lock does: it never waits
/// for a look that is due later.
///
/// It belongs to the thread that started it, and stays there; [`handle`](Self::handle) is for others.
#[derive(Debug)]
#[must_use = "a limit that is dropped at once watches nothing"]
pub struct ActiveLimit {
    /// Before the token: nothing is interrupted once the limit has been left.
    _watched: Watched,
    token: Arc<Token>,
    is_of_its_thread: PhantomData<*const ()>,
}

/// A limit, for other threads than the one that started it: they can tell of progress, and be cancelled.
/// A handle keeps no limit alive; under one that has ended, all is well.
#[derive(Clone, Debug)]
pub struct LimitHandle {
    token: Arc<Token>,
}

impl ActiveLimit {
    pub(crate) fn new(token: Arc<Token>, watched: Watched) -> Self {
        innermost::enter(&token);
        ActiveLimit { _watched: watched, token, is_of_its_thread: PhantomData }
    }

    /// Tells that the work goes on: the time begins anew, and a cancellation is taken back. (A memory limit
    /// has no time; it goes by the memory alone.)
    #[inline]
    pub fn progress(&self) {
        self.token.progress();
    }

    /// Whether the work may go on, as far as this limit says.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if its limit was passed.
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        self.token.check()
    }

    /// A handle for other threads.
    pub fn handle(&self) -> LimitHandle {
        LimitHandle { token: Arc::clone(&self.token) }
    }
}

impl Drop for ActiveLimit {
    fn drop(&mut self) {
        innermost::leave(&self.token);
    }
}

impl LimitHandle {
    /// Tells that the work goes on; see [`ActiveLimit::progress`].
    #[inline]
    pub fn progress(&self) {
        self.token.progress();
    }

    /// Whether the work may go on, as far as this limit says.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the limit was passed.
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        self.token.check()
    }

    /// Calls `work` under the limit: [`check`](super::check) and [`progress`](super::progress) in it mean
    /// this one, and signals go to the calling thread from now on.
    ///
    /// ```
    /// use safe_state::limits::{TimeLimit, check};
    ///
    /// let limit = TimeLimit::new("60s").start()?;
    /// let handle = limit.handle();
    /// let worker = std::thread::spawn(move || handle.enter(|| check()));
    /// worker.join().unwrap()?;
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let _inside = Inside::enter(&self.token);
        work()
    }
}
