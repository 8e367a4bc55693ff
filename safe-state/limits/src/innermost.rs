//! The limits that the calling thread is under.

use std::cell::RefCell;
use std::sync::Arc;

use safe_state_base::Error;

use crate::token::Token;

thread_local! {
    /// From the outermost to the innermost.
    static LIMITS: RefCell<Vec<Arc<Token>>> = const { RefCell::new(Vec::new()) };
}

/// Tells the innermost time limit of the caller that the work goes on: its time begins anew. Where there
/// is none, it does nothing. It takes a few nanoseconds.
///
/// A cancellation is taken back by it: so ask [`check`] first.
#[inline]
pub fn progress() {
    LIMITS.with_borrow(|limits| {
        if let Some(token) = limits.iter().rfind(|token| token.counts_progress()) {
            token.progress();
        }
    });
}

/// Whether the work may go on, as far as the limits of the caller say. Where there is none, it may. It takes
/// a few nanoseconds.
///
/// Limits are those that the calling thread is under; another thread asks a
/// [`LimitHandle`](super::LimitHandle), or is under the limit while it runs what
/// [`enter`](super::LimitHandle::enter) is given.
///
/// # Errors
///
/// [`Error::Limit`] with what the innermost limit that was passed says.
#[inline]
pub fn check() -> Result<(), Error> {
    // An error is larger than an answer: it is made where there is one.
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

/// Is under a limit until it is dropped.
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

/// Makes it the calling thread's innermost limit.
pub(crate) fn enter(token: &Arc<Token>) {
    token.works_here();
    LIMITS.with_borrow_mut(|limits| limits.push(Arc::clone(token)));
}

/// Takes it out of the calling thread's limits, where it need not be the innermost.
pub(crate) fn leave(token: &Arc<Token>) {
    // A thread that ends may have dropped its limits before.
    let _ = LIMITS.try_with(|limits| {
        let mut limits = limits.borrow_mut();
        if let Some(at) = limits.iter().rposition(|known| Arc::ptr_eq(known, token)) {
            limits.remove(at);
        }
    });
}
