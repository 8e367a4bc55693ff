//! The limits that the calling thread is under.

use std::cell::RefCell;
use std::sync::Arc;

use safe_state_base::Error;

use crate::token::Token;

thread_local! {
    /// The limits of this thread, from the outermost to the innermost.
    static LIMITS: RefCell<Vec<Arc<Token>>> = const { RefCell::new(Vec::new()) };
}

/// Reports progress to the innermost time limit of the calling thread: its time begins anew. Does nothing if there is
/// no such limit. It takes a few nanoseconds.
///
/// It takes back a cancellation, so call [`check`] first.
#[inline]
pub fn progress() {
    LIMITS.with_borrow(|limits| {
        if let Some(token) = limits.iter().rfind(|token| token.counts_progress()) {
            token.progress();
        }
    });
}

/// Returns whether the work may go on, by all limits of the calling thread. Without limits it may. It takes a few
/// nanoseconds.
///
/// Only the limits of the calling thread count. Another thread asks a [`LimitHandle`](super::LimitHandle), or is under
/// the limit while it runs the closure that is passed to [`enter`](super::LimitHandle::enter).
///
/// # Errors
///
/// [`Error::Limit`] from the innermost limit that was passed.
#[inline]
pub fn check() -> Result<(), Error> {
    // The error is large, so it is only made in `cancelled`.
    if LIMITS.with_borrow(|limits| limits.iter().any(|token| token.is_cancelled())) {
        cancelled()
    } else {
        Ok(())
    }
}

#[cold]
fn cancelled() -> Result<(), Error> {
    LIMITS.with_borrow(|limits| limits.iter().rev().try_for_each(|token| token.check()))
}

/// Puts the thread under a limit until this is dropped.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Arc<Token>);

impl<'a> Inside<'a> {
    pub(crate) fn enter(token: &'a Arc<Token>) -> Self {
        enter(token);
        Inside(token)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        leave(self.0);
    }
}

/// Makes a limit the calling thread's innermost.
pub(crate) fn enter(token: &Arc<Token>) {
    token.works_here();
    LIMITS.with_borrow_mut(|limits| limits.push(Arc::clone(token)));
}

/// Removes a limit from the calling thread's limits. It need not be the innermost.
pub(crate) fn leave(token: &Arc<Token>) {
    // A thread that ends may have dropped its list of limits already.
    let _ = LIMITS.try_with(|limits| {
        let mut limits = limits.borrow_mut();
        if let Some(at) = limits.iter().rposition(|known| Arc::ptr_eq(known, token)) {
            limits.remove(at);
        }
    });
}
