//! The error in a function's return value, if the type gives access to one. Method resolution chooses how, as in
//! `outcome`.

use std::error::Error as StdError;

use crate::attempt::Outcome;

/// An error that can be asked for its type and causes; none if the type offers no such access.
#[derive(Clone, Copy, Debug)]
pub struct Thrown<'a>(pub(super) Option<&'a (dyn StdError + 'static)>);

impl Thrown<'_> {
    /// Returns the value for no error.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Thrown(None)
    }
}

/// Stands for a failed outcome in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Caught<'a, R>(pub &'a Outcome<R>);

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident for $caught:ty, [$($generics:tt)*], $error:ident => $thrown:expr) => {
        $(#[$doc])*
        pub trait $name<'a> {
            /// Returns the error in the outcome, if there is one.
            fn thrown(&self) -> Thrown<'a>;
        }

        impl<'a, $($generics)*> $name<'a> for $caught {
            fn thrown(&self) -> Thrown<'a> {
                match self.0 {
                    Ok(Err($error)) => Thrown($thrown),
                    _ => Thrown(None),
                }
            }
        }
    };
}

rank! {
    /// Chosen for a `Result` whose error is a [`std::error::Error`].
    ThrownError for &&&Caught<'a, Result<T, E>>, [T, E: StdError + 'static], error => Some(error)
}
rank! {
    /// Chosen for a `Result` whose error holds a [`std::error::Error`], as `anyhow::Error` does.
    ThrownInner for &&Caught<'a, Result<T, E>>, [T, E: AsRef<dyn StdError>], error => Some(error.as_ref())
}
rank! {
    /// Chosen for a `Result` whose error holds one that is `Send`, as `Box<dyn Error + Send + Sync>`.
    ThrownInnerSend for &Caught<'a, Result<T, E>>, [T, E: AsRef<dyn StdError + Send + Sync>],
    error => Some(error.as_ref())
}
/// Chosen for any other return type.
pub trait ThrownOther<'a> {
    /// Returns no error.
    fn thrown(&self) -> Thrown<'a>;
}

impl<'a, R> ThrownOther<'a> for Caught<'a, R> {
    fn thrown(&self) -> Thrown<'a> {
        Thrown(None)
    }
}

/// Expands to the error in a failed outcome, read by all that its type offers.
#[doc(hidden)]
#[macro_export]
macro_rules! __thrown {
    ($outcome:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ThrownError as _, ThrownInner as _, ThrownInnerSend as _, ThrownOther as _,
        };
        (&&&&$crate::__private::Caught($outcome)).thrown()
    }};
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::error::causes;

    fn is_io(thrown: Thrown<'_>) -> bool {
        thrown.0.is_some_and(|it| {
            it.is::<io::Error>() || causes(it).any(<dyn StdError>::is::<io::Error>)
        })
    }

    #[test]
    fn the_error_is_found_wherever_it_can_be() {
        let lost = || io::Error::other("lost");
        let plain: Outcome<io::Result<()>> = Ok(Err(lost()));
        assert!(is_io(__thrown!(&plain)));
        let anyhow: Outcome<anyhow::Result<()>> = Ok(Err(anyhow::Error::new(lost())));
        assert!(is_io(__thrown!(&anyhow)));
        let context: Outcome<anyhow::Result<()>> =
            Ok(Err(anyhow::Error::new(lost()).context("at 3")));
        assert!(is_io(__thrown!(&context)));
        let boxed: Outcome<Result<(), Box<dyn StdError>>> = Ok(Err(lost().into()));
        assert!(is_io(__thrown!(&boxed)));
        let sent: Outcome<Result<(), Box<dyn StdError + Send + Sync>>> = Ok(Err(lost().into()));
        assert!(is_io(__thrown!(&sent)));
        let text: Outcome<Result<(), String>> = Ok(Err("lost".to_owned()));
        assert!(__thrown!(&text).0.is_none());
        let panic: Outcome<io::Result<()>> = Err(Box::new("lost"));
        assert!(__thrown!(&panic).0.is_none());
    }
}
