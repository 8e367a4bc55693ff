//! The guards that the calling thread is in.

use std::cell::RefCell;
use std::sync::Arc;

use super::token::Token;
use crate::Error;

thread_local! {
    /// From the outermost to the innermost.
    static GUARDS: RefCell<Vec<Arc<Token>>> = const { RefCell::new(Vec::new()) };
}

/// Tells the innermost time guard of the caller that the work goes on: its time begins anew. Where there
/// is none, it does nothing. It takes a few nanoseconds.
///
/// A cancellation is taken back by it: so ask [`check`] first.
#[inline]
pub fn progress() {
    GUARDS.with_borrow(|guards| {
        if let Some(token) = guards.iter().rfind(|token| token.counts_progress()) {
            token.progress();
        }
    });
}

/// Whether the work may go on, as far as the guards of the caller say. Where there is none, it may. It takes
/// a few nanoseconds.
///
/// Guards are those that the calling thread is in; another thread asks a
/// [`GuardHandle`](super::GuardHandle), or is in the guard while it runs what
/// [`enter`](super::GuardHandle::enter) is given.
///
/// # Errors
///
/// [`Error::Limit`] with what the innermost guard whose limit was passed says.
#[inline]
pub fn check() -> Result<(), Error> {
    // An error is larger than an answer: it is made where there is one.
    if GUARDS.with_borrow(|guards| guards.iter().any(|token| token.is_cancelled())) {
        cancelled()
    } else {
        Ok(())
    }
}

#[cold]
fn cancelled() -> Result<(), Error> {
    GUARDS.with_borrow(|guards| guards.iter().rev().try_for_each(|token| token.check()))
}

/// Is in a guard until it is dropped.
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

/// Makes it the calling thread's innermost guard.
pub(crate) fn enter(token: &Arc<Token>) {
    token.works_here();
    GUARDS.with_borrow_mut(|guards| guards.push(Arc::clone(token)));
}

/// Takes it out of the calling thread's guards, where it need not be the innermost.
pub(crate) fn leave(token: &Arc<Token>) {
    // A thread that ends may have dropped its guards before.
    let _ = GUARDS.try_with(|guards| {
        let mut guards = guards.borrow_mut();
        if let Some(at) = guards.iter().rposition(|known| Arc::ptr_eq(known, token)) {
            guards.remove(at);
        }
    });
}
