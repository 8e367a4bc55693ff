//! How a storage error leaves a function whose return type is the user's: as an error where the
//! type can hold it, else as a panic that says the same.

use std::marker::PhantomData;

use crate::Error;
use crate::attempt::Outcome;
use crate::error::one_line;

/// The return type of a function.
#[derive(Debug)]
pub struct Returns<R>(PhantomData<fn() -> R>);

/// A return type with as many references as there are ranks. To write them in generated code costs the compiler more.
type Ranked<'a, R> = &'a &'a &'a &'a &'a &'a &'a Returns<R>;

impl<R> Returns<R> {
    /// That type.
    #[must_use]
    pub const fn new<'a>() -> Ranked<'a, R>
    where
        R: 'a,
    {
        &&&&&&&Returns(PhantomData)
    }

    /// That of an outcome.
    #[must_use]
    pub const fn of<'a>(_: &Outcome<R>) -> Ranked<'a, R>
    where
        R: 'a,
    {
        Self::new()
    }
}

/// The return type `R`.
#[must_use]
pub const fn returned<'a, R: 'a>() -> Ranked<'a, R> {
    Returns::new()
}

/// For types that can hold the error.
pub trait ViaFrom {
    /// The function's return type.
    type Return;
    /// What turns an error into it.
    fn on_error(&self) -> fn(Error) -> Self::Return;
}

impl<T, E: From<Error>> ViaFrom for &Returns<Result<T, E>> {
    type Return = Result<T, E>;

    fn on_error(&self) -> fn(Error) -> Result<T, E> {
        |error| Err(error.into())
    }
}

/// For all others.
pub trait ViaPanic {
    /// The function's return type.
    type Return;
    /// What turns an error into a panic.
    fn on_error(&self) -> fn(Error) -> Self::Return;
}

impl<R> ViaPanic for Returns<R> {
    type Return = R;

    fn on_error(&self) -> fn(Error) -> R {
        panic_with
    }
}

/// Panics with what the error says.
///
/// # Panics
///
/// Always.
#[expect(clippy::needless_pass_by_value, reason = "it stands where a conversion would")]
pub fn panic_with<R>(error: Error) -> R {
    panic!("{}", one_line(&error))
}

/// What turns a storage error into the return type given.
#[doc(hidden)]
#[macro_export]
macro_rules! __on_error {
    ($return:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::failures::*;
        $crate::__private::Returns::<$return>::new().on_error()
    }};
}

/// The same, and what tells whether a value of it is a failure.
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
    fn a_type_that_can_hold_it_does() {
        let anyhow = __on_error!(anyhow::Result<u8>)(shrank()).unwrap_err();
        assert!(anyhow.to_string().contains("has 2 items, but 3"), "{anyhow}");
        let io = __on_error!(io::Result<()>)(shrank()).unwrap_err();
        assert_eq!(io.kind(), io::ErrorKind::Other);
        let boxed = __on_error!(Result<(), Box<dyn std::error::Error>>)(shrank());
        assert!(boxed.unwrap_err().is::<Error>());
    }

    #[test]
    #[should_panic(expected = "the input of job `j` has changed: it has 2 items")]
    fn any_other_panics_with_the_same_words() {
        let _ = __on_error!(Result<(), String>)(shrank());
    }

    #[test]
    #[should_panic(expected = "the input of job `j` has changed")]
    fn a_plain_value_panics_too() {
        __on_error!(u32)(shrank());
    }
}
