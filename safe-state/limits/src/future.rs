//! A future under a limit. If it is cancelled, it ends at its next `.await`, wherever it is polled.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use safe_state_base::Error;

use crate::innermost::Inside;
use crate::token::Token;

/// Returns the output of `future`, unless it is cancelled before. While it is polled, the limit is the thread's
/// innermost.
///
/// # Errors
///
/// [`Error::Limit`] if the limit was passed. `future` is dropped then.
pub(crate) async fn under_limit<F: Future>(
    token: &Arc<Token>,
    future: F,
) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    let polled = poll_fn(|context| {
        // The waker is set before the check, so that no cancellation is missed.
        token.wakes(context.waker());
        let polled = {
            let _inside = Inside::enter(token);
            future.as_mut().poll(context)
        };
        match (polled, token.check()) {
            (Poll::Ready(output), _) => Poll::Ready(Ok(output)),
            (Poll::Pending, Err(error)) => Poll::Ready(Err(error)),
            (Poll::Pending, Ok(())) => Poll::Pending,
        }
    });
    polled.await
}
