//! One attempt at an item: its body, called at once, and how it came out.

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
    /// What an item fails with.
    type Error;

    /// What the function returns for it.
    fn failed(error: Self::Error) -> Self;

    /// What an item's body that leaves the function with this gives.
    ///
    /// # Errors
    ///
    /// An error is the item's.
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

/// Where an item's body went.
#[derive(Debug)]
pub enum Flow<R> {
    /// To its end: the item is complete.
    Next,
    /// Out of the loop, by the exit of that number.
    Exit(usize),
    /// Out of the function.
    Return(R),
}

/// Makes an attempt in a function that returns `R`, as its way of taking errors says.
///
/// # Errors
///
/// The item's, as what the function would return; or its panic, if panics are caught.
#[inline]
pub fn attempt<R: Fallible>(
    _: fn(Error) -> R,
    catches_panics: bool,
    body: impl FnOnce() -> Result<Flow<R>, R::Error>,
) -> Result<Flow<R>, Outcome<R>> {
    let ended = if catches_panics { call(body).map_err(Err)? } else { body() };
    ended.map_err(|error| Ok(R::failed(error)))
}

/// Makes an attempt by a future, in a function that returns `R`.
///
/// # Errors
///
/// The item's, as what the function would return; or its panic, if panics are caught.
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

/// A `return` in an item's body.
///
/// # Errors
///
/// What it returns, if that is an error.
pub fn leave<R: Fallible>(returned: R) -> Result<Flow<R>, R::Error> {
    returned.left()
}

/// What the function returns for an item that has failed for good.
///
/// # Panics
///
/// If the item did.
pub fn raise<R>(failed: Outcome<R>) -> R {
    failed.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
