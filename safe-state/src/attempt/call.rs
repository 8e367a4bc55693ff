//! Calls the body of a run or of an item, and tells whether it returned or panicked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::observe::spans::Spans;

/// The end of a body: its value, or the payload of its panic.
pub type Outcome<R> = std::thread::Result<R>;

/// Calls `body`, and returns its value or its panic.
///
/// # Errors
///
/// The panic's payload.
pub(crate) fn call<R>(body: impl FnOnce() -> R) -> Outcome<R> {
    // After a panic, nothing that the body may have left half-done is read: the panic is recorded and goes on.
    catch_unwind(AssertUnwindSafe(body))
}

/// Calls `body` in the spans of a run, and returns its value or its panic.
///
/// # Errors
///
/// The panic's payload.
pub fn call_in<R>(spans: &Spans, body: impl FnOnce() -> R) -> Outcome<R> {
    let _within = spans.within();
    call(body)
}

/// Polls `body` in the spans of a run, and returns its value or its panic.
///
/// # Errors
///
/// The panic's payload.
pub async fn call_async<R>(spans: Spans, body: impl Future<Output = R>) -> Outcome<R> {
    let mut body = pin!(body);
    std::future::poll_fn(move |context| match call_in(&spans, || body.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
