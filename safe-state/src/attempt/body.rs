//! One attempt at an item: calls the item's body once, and tells where the body went or how it failed.

use std::pin::pin;

use super::call::{Outcome, call, call_async};
use crate::Error;
use crate::observe::spans::Spans;

/// The return type of a function whose items can fail: a `Result`.
#[diagnostic::on_unimplemented(
    message = "the items of this loop can't fail, as the function returns no `Result`",
    label = "not a `Result`",
    note = "`max_attempts` and `on_error` go by the `Err` that an item's body ends with"
)]
pub trait Fallible {
    /// The error that an item's body ends with.
    type Error;

    /// Returns the value that the function returns for an item that failed with `error`.
    fn failed(error: Self::Error) -> Self;

    /// Turns a `return` of this value in an item's body into the result of the body: `Ok` leaves the function.
    ///
    /// # Errors
    ///
    /// The error in the value: the item has failed with it.
    fn left(self) -> Result<Flow<Self>, Self::Error>
    where
        Self: Sized;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;

    fn failed(error: E) -> Self {
        Err(error)
    }

    fn left(self) -> Result<Flow<Self>, E> {
        self.map(|value| Flow::Return(Ok(value)))
    }
}

/// The place that control went to at the end of an item's body.
#[derive(Debug)]
pub enum Flow<R> {
    /// The body reached its end: the item is complete.
    Next,
    /// The body left the loop, by the exit with this number.
    Exit(usize),
    /// The body left the function, with this return value.
    Return(R),
}

/// Calls the body of an item once, in a function that returns `R`. The first argument only tells the compiler `R`.
///
/// # Errors
///
/// The item's error, as the value that the function would return; or the item's panic, if panics are caught.
#[inline]
pub fn attempt<R: Fallible>(
    _: fn(Error) -> R,
    catches_panics: bool,
    body: impl FnOnce() -> Result<Flow<R>, R::Error>,
) -> Result<Flow<R>, Outcome<R>> {
    let ended = if catches_panics { call(body).map_err(Err)? } else { body() };
    ended.map_err(|error| Ok(R::failed(error)))
}

/// Polls the body of an item to its end, in a function that returns `R`. The first argument only tells the compiler
/// `R`.
///
/// # Errors
///
/// The item's error, as the value that the function would return; or the item's panic, if panics are caught.
pub async fn attempt_async<R: Fallible>(
    _: fn(Error) -> R,
    catches_panics: bool,
    body: impl Future<Output = Result<Flow<R>, R::Error>>,
) -> Result<Flow<R>, Outcome<R>> {
    let body = pin!(body);
    let ended = if catches_panics {
        call_async(Spans::default(), body).await.map_err(Err)?
    } else {
        body.await
    };
    ended.map_err(|error| Ok(R::failed(error)))
}

/// Turns a `return` in an item's body into the result of the body.
///
/// # Errors
///
/// The returned error, if the function returns one.
pub fn leave<R: Fallible>(returned: R) -> Result<Flow<R>, R::Error> {
    returned.left()
}

/// Returns the function's value for an item that has failed for good.
///
/// # Panics
///
/// If the item panicked: its panic goes on.
pub fn raise<R>(failed: Outcome<R>) -> R {
    failed.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
