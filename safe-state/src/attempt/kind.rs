//! Finds out whether the items of a function can fail: they can if it returns a `Result`, also under an alias. Method
//! resolution decides.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::body::{Flow, attempt, attempt_async};
use super::call::{Outcome, call, call_async};
use crate::Error;
use crate::observe::spans::Spans;

/// The end of an attempt in a function that returns an `R`: where it went, or how it failed.
type Went<R> = Result<Flow<R>, Outcome<R>>;

/// Stands for a function that returns an `R` in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Returning<R>(PhantomData<fn() -> R>);

impl<R> Returning<R> {
    /// Makes the value for the function whose way of taking errors is given; the argument only tells the compiler `R`.
    pub fn of(_: fn(Error) -> R) -> Self {
        Returning(PhantomData)
    }
}

/// Chosen for functions that return a `Result`.
pub trait OfFallible<T, E> {
    /// Returns the kind of the items: they can fail.
    fn kind(&self) -> Fallibly<T, E>;
}

impl<T, E> OfFallible<T, E> for &Returning<Result<T, E>> {
    fn kind(&self) -> Fallibly<T, E> {
        Fallibly(PhantomData)
    }
}

/// Chosen for functions that return anything but a `Result`.
pub trait OfSure<R> {
    /// Returns the kind of the items: they can't fail, but may panic.
    fn kind(&self) -> Surely<R>;
}

impl<R> OfSure<R> for Returning<R> {
    fn kind(&self) -> Surely<R> {
        Surely(PhantomData)
    }
}

/// The kind of items that can fail.
#[derive(Clone, Copy, Debug)]
pub struct Fallibly<T, E>(PhantomData<fn() -> Result<T, E>>);

impl<T, E> Fallibly<T, E> {
    /// Calls the body of an item once, and catches its panic.
    ///
    /// # Errors
    ///
    /// The item's error, as the value that the function would return; or the item's panic.
    pub fn attempt(
        self,
        on_error: fn(Error) -> Result<T, E>,
        body: impl FnOnce() -> Result<Flow<Result<T, E>>, E>,
    ) -> Went<Result<T, E>> {
        attempt(on_error, true, body)
    }

    /// Polls the body of an item to its end, and catches its panic.
    ///
    /// # Errors
    ///
    /// The item's error, as the value that the function would return; or the item's panic.
    pub async fn attempt_async(
        self,
        on_error: fn(Error) -> Result<T, E>,
        body: impl Future<Output = Result<Flow<Result<T, E>>, E>>,
    ) -> Went<Result<T, E>> {
        attempt_async(on_error, true, body).await
    }

    /// Calls the part of an item's body that runs ahead of the loop, and catches its panic.
    ///
    /// # Errors
    ///
    /// The item's error, as the value that the function would return; or the item's panic.
    pub fn attempt_part<V>(
        self,
        _: fn(Error) -> Result<T, E>,
        part: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, Outcome<Result<T, E>>> {
        call(part).map_err(Err)?.map_err(|error| Ok(Err(error)))
    }

    /// Polls the part of an item's body that runs ahead of the loop, and catches its panic.
    ///
    /// # Errors
    ///
    /// The item's error, as the value that the function would return; or the item's panic.
    pub async fn attempt_part_async<V>(
        self,
        _: fn(Error) -> Result<T, E>,
        part: impl Future<Output = Result<V, E>>,
    ) -> Result<V, Outcome<Result<T, E>>> {
        call_async(Spans::default(), part).await.map_err(Err)?.map_err(|error| Ok(Err(error)))
    }

    /// Turns a `return` in an item's body into the result of the body.
    ///
    /// # Errors
    ///
    /// The returned error, if the function returns one.
    pub fn leave(self, returned: Result<T, E>) -> Result<Flow<Result<T, E>>, E> {
        returned.map(|value| Flow::Return(Ok(value)))
    }
}

/// The kind of items that can't fail, but may panic.
#[derive(Clone, Copy, Debug)]
pub struct Surely<R>(PhantomData<fn() -> R>);

impl<R> Surely<R> {
    /// Calls the body of an item once, and catches its panic.
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

    /// Polls the body of an item to its end, and catches its panic.
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

    /// Calls the part of an item's body that runs ahead of the loop, and catches its panic.
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

    /// Polls the part of an item's body that runs ahead of the loop, and catches its panic.
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

    /// Turns a `return` in an item's body into the result of the body.
    ///
    /// # Errors
    ///
    /// None.
    pub fn leave(self, returned: R) -> Result<Flow<R>, Infallible> {
        Ok(Flow::Return(returned))
    }
}

/// Expands to the kind of a function's items, chosen by the type of `$on_error`, its way of taking errors.
#[doc(hidden)]
#[macro_export]
macro_rules! __attempts {
    ($on_error:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{OfFallible as _, OfSure as _};
        (&&$crate::__private::Returning::of($on_error)).kind()
    }};
}
