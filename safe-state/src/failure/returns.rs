//! How a storage error leaves a function whose return type is the user's: as an error if the type can hold it,
//! otherwise as a panic with the same message.

use std::marker::PhantomData;

use crate::Error;
use crate::attempt::Outcome;
use crate::error::one_line;

/// Stands for the return type of a function in method resolution.
#[derive(Debug)]
pub struct Returns<R>(PhantomData<fn() -> R>);

/// The value with as many references as there are ranks. Writing them in generated code would cost the compiler more.
type Ranked<'a, R> = &'a &'a &'a &'a &'a &'a &'a Returns<R>;

impl<R> Returns<R> {
    /// Makes the value for the type `R`.
    #[must_use]
    pub const fn new<'a>() -> Ranked<'a, R>
    where
        R: 'a,
    {
        &&&&&&&Returns(PhantomData)
    }

    /// Makes the value for the type of an outcome.
    #[must_use]
    pub const fn of<'a>(_: &Outcome<R>) -> Ranked<'a, R>
    where
        R: 'a,
    {
        Self::new()
    }
}

/// Returns the value that stands for the return type `R`.
#[must_use]
pub const fn returned<'a, R: 'a>() -> Ranked<'a, R> {
    Returns::new()
}

/// Chosen for return types that can hold the error.
pub trait ViaFrom {
    /// The function's return type.
    type Return;
    /// Returns the function that turns an error into the return type.
    fn on_error(&self) -> fn(Error) -> Self::Return;
}

impl<T, E: From<Error>> ViaFrom for &Returns<Result<T, E>> {
    type Return = Result<T, E>;

    fn on_error(&self) -> fn(Error) -> Result<T, E> {
        |error| Err(error.into())
    }
}

/// Chosen for all other return types.
pub trait ViaPanic {
    /// The function's return type.
    type Return;
    /// Returns the function that panics with an error.
    fn on_error(&self) -> fn(Error) -> Self::Return;
}

impl<R> ViaPanic for Returns<R> {
    type Return = R;

    fn on_error(&self) -> fn(Error) -> R {
        panic_with
    }
}

/// Panics with the text of the error.
///
/// # Panics
///
/// Always.
#[expect(clippy::needless_pass_by_value, reason = "it stands where a conversion would")]
pub fn panic_with<R>(error: Error) -> R {
    panic!("{}", one_line(&error))
}

/// Expands to the function that turns a storage error into the return type.
#[doc(hidden)]
#[macro_export]
macro_rules! __on_error {
    ($return:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::failures::*;
        $crate::__private::Returns::<$return>::new().on_error()
    }};
}

/// Expands to the function that turns a storage error into the return type, and the one that tells whether a value of
/// it is a failure.
#[doc(hidden)]
#[macro_export]
macro_rules! __returns {
    ($return:ty) => {{
        use $crate::__private::failures::*;
        let returns = $crate::__private::returned::<$return>();
        (returns.on_error(), returns.failing())
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn shrank() -> Error {
        Error::InputShrank { job: "j".to_owned(), completed: 3, found: Some(2) }
    }

    #[test]
    fn a_return_type_that_can_hold_the_error_returns_it() {
        let anyhow = __on_error!(anyhow::Result<u8>)(shrank()).unwrap_err();
        assert!(anyhow.to_string().contains("has 2 items, but 3"), "{anyhow}");
        let io = __on_error!(io::Result<()>)(shrank()).unwrap_err();
        assert_eq!(io.kind(), io::ErrorKind::Other);
        let boxed = __on_error!(Result<(), Box<dyn std::error::Error>>)(shrank());
        assert!(boxed.unwrap_err().is::<Error>());
    }

    #[test]
    #[should_panic(expected = "the input of job `j` has changed: it has 2 items")]
    fn other_return_types_panic_with_the_words_of_the_error() {
        let _ = __on_error!(Result<(), String>)(shrank());
    }

    #[test]
    #[should_panic(expected = "the input of job `j` has changed")]
    fn a_plain_value_panics_too() {
        __on_error!(u32)(shrank());
    }
}
