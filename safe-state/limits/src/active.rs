//! A limit while it is watched, and its handle for other threads.

use std::marker::PhantomData;
use std::sync::Arc;

use safe_state_base::Error;

use crate::innermost::{self, Inside};
use crate::token::Token;
use crate::watchdog::Watched;

/// A limit that is watched until this is dropped. Dropping it takes no longer than a lock does: it never waits for a
/// look that is due later.
///
/// It stays on the thread that started it; [`handle`](Self::handle) is for other threads.
#[derive(Debug)]
#[must_use = "a limit that is dropped at once watches nothing"]
pub struct ActiveLimit {
    /// Declared before the token, and so dropped first: nothing is interrupted once the limit has been left.
    _watched: Watched,
    token: Arc<Token>,
    is_of_its_thread: PhantomData<*const ()>,
}

/// A limit as other threads use it: they can report progress, and be cancelled. A handle keeps no limit alive. Once the
/// limit has ended it is not passed any more; a cancellation from before stays.
#[derive(Clone, Debug)]
pub struct LimitHandle {
    token: Arc<Token>,
}

impl ActiveLimit {
    pub(crate) fn new(token: Arc<Token>, watched: Watched) -> Self {
        innermost::enter(&token);
        ActiveLimit { _watched: watched, token, is_of_its_thread: PhantomData }
    }

    /// Reports progress: the time of the limit begins anew, and a cancellation is taken back. (A memory limit has no
    /// time, and ignores progress.)
    #[inline]
    pub fn progress(&self) {
        self.token.progress();
    }

    /// Returns whether the work may go on, by this limit.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the limit was passed.
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        self.token.check()
    }

    /// Returns a handle for other threads.
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
    /// Reports progress, as [`ActiveLimit::progress`] does.
    #[inline]
    pub fn progress(&self) {
        self.token.progress();
    }

    /// Returns whether the work may go on, by this limit.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the limit was passed.
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        self.token.check()
    }

    /// Calls `work` under the limit: [`check`](super::check) and [`progress`](super::progress) in it refer to this
    /// limit, and its signals go to the calling thread from now on.
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
