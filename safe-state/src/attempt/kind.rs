//! Whether the items of a function can fail: they can if it returns a `Result`, by whatever name. It is found out by
//! method resolution.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::body::{Flow, attempt, attempt_async};
use super::call::{Outcome, call, call_async};
use crate::Error;
use crate::observe::spans::Spans;

/// Where an attempt went in a function that returns an `R`, or how it failed.
type Went<R> = Result<Flow<R>, Outcome<R>>;

/// A function that returns an `R`. More references in front mean a higher rank.
#[derive(Debug)]
pub struct Returning<R>(PhantomData<fn() -> R>);

impl<R> Returning<R> {
    /// The one that takes errors so.
    pub fn of(_: fn(Error) -> R) -> Self {
        Returning(PhantomData)
    }
}

/// For functions that return a `Result`.
pub trait OfFallible<T, E> {
    /// The items can fail.
    fn kind(&self) -> Fallibly<T, E>;
}

impl<T, E> OfFallible<T, E> for &Returning<Result<T, E>> {
    fn kind(&self) -> Fallibly<T, E> {
        Fallibly(PhantomData)
    }
}

/// For functions that return anything else.
pub trait OfSure<R> {
    /// The items can't fail, but panic.
    fn kind(&self) -> Surely<R>;
}

impl<R> OfSure<R> for Returning<R> {
    fn kind(&self) -> Surely<R> {
        Surely(PhantomData)
    }
}

/// Items that can fail.
#[derive(Clone, Copy, Debug)]
pub struct Fallibly<T, E>(PhantomData<fn() -> Result<T, E>>);

impl<T, E> Fallibly<T, E> {
    /// Makes an attempt.
    ///
    /// # Errors
    ///
    /// The item's, as what the function would return; or its panic.
    pub fn attempt(
        self,
        on_error: fn(Error) -> Result<T, E>,
        body: impl FnOnce() -> Result<Flow<Result<T, E>>, E>,
    ) -> Went<Result<T, E>> {
        attempt(on_error, true, body)
    }

    /// Makes an attempt by a future.
    ///
    /// # Errors
    ///
    /// The item's, as what the function would return; or its panic.
    pub async fn attempt_async(
        self,
        on_error: fn(Error) -> Result<T, E>,
        body: impl Future<Output = Result<Flow<Result<T, E>>, E>>,
    ) -> Went<Result<T, E>> {
        attempt_async(on_error, true, body).await
    }

    /// Makes an attempt at the part of an item that runs ahead.
    ///
    /// # Errors
    ///
    /// The item's, as what the function would return; or its panic.
    pub fn attempt_part<V>(
        self,
        _: fn(Error) -> Result<T, E>,
        part: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, Outcome<Result<T, E>>> {
        call(part).map_err(Err)?.map_err(|error| Ok(Err(error)))
    }

    /// Makes an attempt at that part by a future.
    ///
    /// # Errors
    ///
    /// The item's, as what the function would return; or its panic.
    pub async fn attempt_part_async<V>(
        self,
        _: fn(Error) -> Result<T, E>,
        part: impl Future<Output = Result<V, E>>,
    ) -> Result<V, Outcome<Result<T, E>>> {
        call_async(Spans::default(), part).await.map_err(Err)?.map_err(|error| Ok(Err(error)))
    }

    /// A `return` in an item's body.
    ///
    /// # Errors
    ///
    /// What it returns, if that is an error.
    pub fn leave(self, returned: Result<T, E>) -> Result<Flow<Result<T, E>>, E> {
        returned.map(|value| Flow::Return(Ok(value)))
    }
}

/// Items that can't fail, but panic.
#[derive(Clone, Copy, Debug)]
pub struct Surely<R>(PhantomData<fn() -> R>);

impl<R> Surely<R> {
    /// Makes an attempt.
    ///
    /// # Errors
    ///
    /// The item's panic.
    pub fn attempt(
        self,
        _: fn(Error) -> R,
        body: impl FnOnce() -> Result<Flow<R>, Infallible>,
    ) -> Went<R> {
        let Ok(flow) = call(body).map_err(Err)?;
        Ok(flow)
    }

    /// Makes an attempt by a future.
    ///
    /// # Errors
    ///
    /// The item's panic.
    pub async fn attempt_async(
        self,
        _: fn(Error) -> R,
        body: impl Future<Output = Result<Flow<R>, Infallible>>,
    ) -> Went<R> {
        let Ok(flow) = call_async(Spans::default(), body).await.map_err(Err)?;
        Ok(flow)
    }

    /// Makes an attempt at the part of an item that runs ahead.
    ///
    /// # Errors
    ///
    /// The item's panic.
    pub fn attempt_part<V>(
        self,
        _: fn(Error) -> R,
        part: impl FnOnce() -> Result<V, Infallible>,
    ) -> Result<V, Outcome<R>> {
        let Ok(value) = call(part).map_err(Err)?;
        Ok(value)
    }

    /// Makes an attempt at that part by a future.
    ///
    /// # Errors
    ///
    /// The item's panic.
    pub async fn attempt_part_async<V>(
        self,
        _: fn(Error) -> R,
        part: impl Future<Output = Result<V, Infallible>>,
    ) -> Result<V, Outcome<R>> {
        let Ok(value) = call_async(Spans::default(), part).await.map_err(Err)?;
        Ok(value)
    }

    /// A `return` in an item's body.
    ///
    /// # Errors
    ///
    /// None.
    pub fn leave(self, returned: R) -> Result<Flow<R>, Infallible> {
        Ok(Flow::Return(returned))
    }
}

/// How the items of a function that takes errors so can fail.
#[doc(hidden)]
#[macro_export]
macro_rules! __attempts {
    ($on_error:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{OfFallible as _, OfSure as _};
        (&&$crate::__private::Returning::of($on_error)).kind()
    }};
}
