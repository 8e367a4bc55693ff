//! How a run ended: telling a failure from a success by the value the function returned.
//!
//! The function's return type is the user's, so what can be learnt of it is chosen by method
//! resolution, from the most telling to the least: an error with its chain of causes, one that
//! prints, one that only has a type.

use std::any::{Any, type_name};
use std::error::Error as StdError;
use std::fmt::{Debug, Display};

use crate::error::causes;
use safe_state_backends::{Failure, FailureKind};

/// What the function did: returned, or panicked.
pub type Outcome<R> = std::thread::Result<R>;

/// Whether an outcome is a failure.
#[derive(Debug)]
pub enum Failing {
    /// It is not.
    No,
    /// It is, and that much is known of it.
    Yes(Failure),
    /// It is `None`, which is a failure if it left the loop through `?`.
    IfInLoop(Failure),
}

impl Failing {
    pub(crate) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Failing::Yes(Failure::new(
            FailureKind::Panic,
            "panic",
            text.unwrap_or("a value that is no text"),
        ))
    }

    pub(crate) fn of_displayed<E: Display>(error: &E) -> Self {
        // What does not show its causes by `source` shows them in its alternate form, if at all.
        let message = error.to_string();
        let whole = format!("{error:#}");
        let causes = whole.strip_prefix(&message).and_then(|rest| rest.strip_prefix(": "));
        let causes: Option<String> = causes.map(str::to_owned);
        Failing::Yes(
            Failure::new(FailureKind::Error, type_name::<E>(), message).with_causes(causes),
        )
    }

    fn of_error<E>(error: &(dyn StdError + '_)) -> Self {
        let failure = Failure::new(FailureKind::Error, type_name::<E>(), error.to_string());
        Failing::Yes(failure.with_causes(causes(error).map(ToString::to_string)))
    }
}

/// An outcome to be looked at. More references in front mean a higher rank.
#[derive(Debug)]
pub struct Seen<'a, R>(pub &'a Outcome<R>);

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident for $seen:ty, [$($generics:tt)*], $outcome:ident => $failing:expr) => {
        $(#[$doc])*
        pub trait $name {
            /// Whether the outcome is a failure.
            fn failing(&self) -> Failing;
        }

        impl<$($generics)*> $name for $seen {
            fn failing(&self) -> Failing {
                match self.0 {
                    Ok($outcome) => $failing,
                    Err(payload) => Failing::of_panic(&**payload),
                }
            }
        }
    };
}

rank! {
    /// A `Result` whose error is an [`std::error::Error`].
    ViaError for &&&&&&Seen<'_, Result<T, E>>, [T, E: StdError], outcome => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_error::<E>(error),
    }
}
rank! {
    /// A `Result` whose error holds an [`std::error::Error`], as `anyhow::Error` does.
    ViaInner for &&&&&Seen<'_, Result<T, E>>, [T, E: AsRef<dyn StdError>], outcome => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_error::<E>(error.as_ref()),
    }
}
rank! {
    /// The same for errors that can be sent, as `Box<dyn Error + Send + Sync>`.
    ViaInnerSend for &&&&Seen<'_, Result<T, E>>, [T, E: AsRef<dyn StdError + Send + Sync>], outcome =>
    match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_error::<E>(error.as_ref()),
    }
}
rank! {
    /// A `Result` whose error prints.
    ViaDisplay for &&&Seen<'_, Result<T, E>>, [T, E: Display], outcome => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_displayed(error),
    }
}
rank! {
    /// A `Result` whose error prints for programmers alone.
    ViaDebug for &&Seen<'_, Result<T, E>>, [T, E: Debug], outcome => match outcome {
        Ok(_) => Failing::No,
        Err(error) => {
            Failing::Yes(Failure::new(FailureKind::Error, type_name::<E>(), format!("{error:?}")))
        }
    }
}
rank! {
    /// Any other `Result`.
    ViaType for &Seen<'_, Result<T, E>>, [T, E], outcome => match outcome {
        Ok(_) => Failing::No,
        Err(_) => {
            Failing::Yes(Failure::new(FailureKind::Error, type_name::<E>(), "an error that does not print"))
        }
    }
}
rank! {
    /// An `Option`.
    ViaOption for &Seen<'_, Option<T>>, [T], outcome => match outcome {
        Some(_) => Failing::No,
        None => Failing::IfInLoop(Failure::new(FailureKind::None, type_name::<Option<T>>(), "`None`")),
    }
}
rank! {
    /// Anything else.
    ViaAnything for Seen<'_, R>, [R], outcome => {
        let _: &R = outcome;
        Failing::No
    }
}

/// Looks at an outcome with all that its type offers.
#[doc(hidden)]
#[macro_export]
macro_rules! __failing {
    ($outcome:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ViaAnything as _, ViaDebug as _, ViaDisplay as _, ViaError as _, ViaInner as _,
            ViaInnerSend as _, ViaOption as _, ViaType as _,
        };
        (&&&&&&&$crate::__private::Seen($outcome)).failing()
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn message(failing: &Failing) -> (&str, Vec<&str>) {
        match failing {
            Failing::Yes(failure) | Failing::IfInLoop(failure) => {
                (failure.message(), failure.causes().iter().map(String::as_str).collect())
            }
            Failing::No => ("no failure", Vec::new()),
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot send")]
    struct Send(#[source] io::Error);

    struct Mute;

    #[test]
    fn each_kind_of_error_tells_what_it_can() {
        let reset = || io::Error::other("connection reset");
        let std: Outcome<Result<(), Send>> = Ok(Err(Send(reset())));
        assert_eq!(message(&__failing!(&std)), ("cannot send", vec!["connection reset"]));
        let anyhow: Outcome<anyhow::Result<()>> =
            Ok(Err(anyhow::Error::new(Send(reset())).context("at 3")));
        assert_eq!(
            message(&__failing!(&anyhow)),
            ("at 3", vec!["cannot send", "connection reset"])
        );
        let boxed: Outcome<Result<(), Box<dyn StdError>>> = Ok(Err(Send(reset()).into()));
        assert_eq!(message(&__failing!(&boxed)), ("cannot send", vec!["connection reset"]));
        let sent: Outcome<Result<(), Box<dyn StdError + std::marker::Send + Sync>>> =
            Ok(Err("plain".into()));
        assert_eq!(message(&__failing!(&sent)), ("plain", vec![]));
        let text: Outcome<Result<(), String>> = Ok(Err("text".to_owned()));
        assert_eq!(message(&__failing!(&text)), ("text", vec![]));
        let debug: Outcome<Result<(), Vec<u8>>> = Ok(Err(vec![7]));
        assert_eq!(message(&__failing!(&debug)), ("[7]", vec![]));
        let mute: Outcome<Result<(), Mute>> = Ok(Err(Mute));
        assert_eq!(message(&__failing!(&mute)), ("an error that does not print", vec![]));
    }

    #[test]
    fn success_is_no_failure() {
        let ok: Outcome<Result<u8, String>> = Ok(Ok(1));
        assert!(matches!(__failing!(&ok), Failing::No));
        let unit: Outcome<()> = Ok(());
        assert!(matches!(__failing!(&unit), Failing::No));
        let some: Outcome<Option<u8>> = Ok(Some(1));
        assert!(matches!(__failing!(&some), Failing::No));
    }

    #[test]
    fn none_and_panics_are_told_apart() {
        let none: Outcome<Option<u8>> = Ok(None);
        assert!(matches!(__failing!(&none), Failing::IfInLoop(_)));
        let panic: Outcome<()> = Err(Box::new("boom".to_owned()));
        assert_eq!(message(&__failing!(&panic)).0, "boom");
        let odd: Outcome<Option<u8>> = Err(Box::new(7));
        assert_eq!(message(&__failing!(&odd)).0, "a value that is no text");
    }

    #[test]
    fn what_shows_its_causes_only_in_text_keeps_them() {
        let error = anyhow::Error::new(Send(io::Error::other("connection reset")));
        assert_eq!(
            message(&Failing::of_displayed(&error)),
            ("cannot send", vec!["connection reset"])
        );
    }
}
