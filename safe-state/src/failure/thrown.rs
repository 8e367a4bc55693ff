//! The error behind a function's return type, as far as that offers one: chosen by method resolution,
//! as in `outcome`.

use std::error::Error as StdError;

use crate::attempt::Outcome;

/// An error that can be asked for its type and causes.
#[derive(Clone, Copy, Debug)]
pub struct Thrown<'a>(pub(super) Option<&'a (dyn StdError + 'static)>);

impl Thrown<'_> {
    /// Nothing that can be asked.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Thrown(None)
    }
}

/// A failed outcome to be looked at. More references in front mean a higher rank.
#[derive(Debug)]
pub struct Caught<'a, R>(pub &'a Outcome<R>);

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident for $caught:ty, [$($generics:tt)*], $error:ident => $thrown:expr) => {
        $(#[$doc])*
        pub trait $name<'a> {
            /// The error.
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
    /// A [`std::error::Error`].
    ThrownError for &&&Caught<'a, Result<T, E>>, [T, E: StdError + 'static], error => Some(error)
}
rank! {
    /// What holds one, as `anyhow::Error` does.
    ThrownInner for &&Caught<'a, Result<T, E>>, [T, E: AsRef<dyn StdError>], error => Some(error.as_ref())
}
rank! {
    /// What holds an error that can be sent, as `Box<dyn Error + Send + Sync>`.
    ThrownInnerSend for &Caught<'a, Result<T, E>>, [T, E: AsRef<dyn StdError + Send + Sync>],
    error => Some(error.as_ref())
}
/// Anything else.
pub trait ThrownOther<'a> {
    /// No error.
    fn thrown(&self) -> Thrown<'a>;
}

impl<'a, R> ThrownOther<'a> for Caught<'a, R> {
    fn thrown(&self) -> Thrown<'a> {
        Thrown(None)
    }
}

/// Looks at a failed outcome with all that its type offers.
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
