//! The outcome of a run: the returned value tells a failure from a success.
//!
//! The function's return type is the user's, so method resolution chooses how to read it, from the most telling to the
//! least: an error with its chain of causes, an error that prints, an error that only has a type.

use std::any::{Any, type_name};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{Debug, Display};

use safe_state_backends::details::{Details, Value};
use safe_state_backends::{Captured, Failure, FailureKind};

use safe_state_base::error::{causes, masked_message, message, panic_message, printed};
use safe_state_base::error_type::{held_type, is_holder, known_type};

use crate::attempt::Outcome;
use crate::failure::reported::ErrorDetails;
use crate::failure::returns::Returns;
use crate::failure::stopping::Stopping;
use crate::failure::try_trace::TryTrace;

/// Whether an outcome is a failure.
#[derive(Debug)]
pub enum Failing {
    /// The outcome is no failure.
    No,
    /// The outcome is this failure.
    Yes(Failed),
    /// The outcome is `None`, which is a failure only if it left the loop through `?`.
    IfInLoop(Failed),
}

/// A failure at the time when it leaves the function.
#[derive(Debug)]
pub struct Failed {
    pub(crate) failure: Failure,
    /// The `?` by which the failure left the function, if any.
    pub(crate) noted: Option<TryTrace>,
    /// The failure's own details, for a report.
    pub(crate) told: ErrorDetails,
}

impl Failed {
    /// Returns the stop that the user's code asked for by `stop!`, if the error is that.
    pub(crate) fn stopping(&self) -> Option<Stopping> {
        Stopping::of(&self.failure)
    }
}

/// The amount of detail that is asked about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Only what is needed to judge it, as the run may go on.
    Briefly,
    /// All details that a report tells, as the failure ends the run.
    Fully,
}

/// The message of an error that has none.
const MUTE: &str = "an error that does not print";

impl Failed {
    /// Makes the failure that left the function just now, and takes the note of its `?`.
    fn new(failure: Failure, told: impl FnOnce() -> ErrorDetails, asked: Asked) -> Self {
        let told = if asked == Asked::Fully { told() } else { ErrorDetails::default() };
        Failed { failure, noted: TryTrace::take(), told }
    }

    fn of<E>(message: String, told: impl FnOnce() -> ErrorDetails, asked: Asked) -> Self {
        Failed::new(Failure::new(FailureKind::Error, type_name::<E>(), message), told, asked)
    }

    fn of_none<T>(asked: Asked) -> Self {
        let failure = Failure::new(FailureKind::None, type_name::<Option<T>>(), "`None`");
        Failed::new(failure, ErrorDetails::default, asked)
    }

    fn of_error<E>(
        error: &(dyn StdError + '_),
        told: impl FnOnce() -> ErrorDetails,
        asked: Asked,
    ) -> Self {
        let failed = Failed::of::<E>(message(format_args!("{error}")), told, asked);
        let causes = causes(error).map(|cause| message(format_args!("{cause}")));
        Failed { failure: failed.failure.with_causes(causes), ..failed }
    }

    /// Returns the details for a report: the `?`, the stack, the process and the values.
    pub(crate) fn details(&mut self, values: Vec<Value>) -> Details {
        let mut details = self.noted.as_ref().map(TryTrace::details).unwrap_or_default();
        details.values.extend(values);
        self.told.complete(details)
    }

    /// Returns the failure with its item's index, its place in the source and the captured values.
    pub(crate) fn of_item(
        &self,
        index: Option<u64>,
        location: Cow<'static, str>,
        captured: Vec<Captured>,
    ) -> Failure {
        let location = self.location().map_or(location, Cow::Owned);
        let failure = self.failure.clone().with_index(index).with_location(location);
        failure.with_captured(captured)
    }

    /// Returns the place of the failure in the source, if it is known.
    fn location(&self) -> Option<String> {
        self.noted.as_ref().map(TryTrace::place).or_else(|| self.told.place())
    }
}

impl Failing {
    pub(crate) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let failure = Failure::new(FailureKind::Panic, "panic", panic_message(payload));
        let failed = Failed::new(failure, ErrorDetails::of_panic, Asked::Fully);
        Failing::Yes(Failed { noted: None, ..failed })
    }

    pub(crate) fn of_displayed<E: Display>(error: &E, asked: Asked) -> Self {
        // An error without a `source` shows its causes, if at all, in its alternate form.
        let brief = printed(format_args!("{error}"));
        let whole = printed(format_args!("{error:#}"));
        let causes = whole.strip_prefix(&brief).and_then(|rest| rest.strip_prefix(": "));
        let causes = causes.map(masked_message);
        let failed = Failed::of::<E>(masked_message(&brief), ErrorDetails::default, asked);
        Failing::Yes(Failed { failure: failed.failure.with_causes(causes), ..failed })
    }

    fn of_error<E: StdError>(error: &E, asked: Asked) -> Self {
        let told = || ErrorDetails::of_error(error, Some(type_name::<E>()));
        Failing::Yes(Failed::of_error::<E>(error, told, asked))
    }

    /// Makes the failure of a value that holds an error, and whose `Debug` form tells more than the error does.
    fn of_holder<E: Debug>(holder: &E, error: &(dyn StdError + 'static), asked: Asked) -> Self {
        let told = || ErrorDetails::of_holder(error, format_args!("{holder:?}"));
        let mut failed = Failed::of_error::<E>(error, told, asked);
        // The type that was given to `?` is that of the held error, unless it was itself a holder.
        let given = failed.noted.as_ref().map(TryTrace::error_type);
        let given = given.filter(|given| *given != type_name::<E>() && !is_holder(given));
        if let Some(held) = given.or_else(|| known_type(error)) {
            failed.told.held_as(held);
        }
        if let Some(held) = given.or_else(|| held_type(error)) {
            failed.failure = failed.failure.with_error_type(held);
        }
        Failing::Yes(failed)
    }
}

/// Returns whether an outcome is a failure: `told` decides about a returned value, and a panic always is one.
pub fn failing_by<R>(
    outcome: &Outcome<R>,
    told: fn(&R, Asked) -> Failing,
    asked: Asked,
) -> Failing {
    match outcome {
        Ok(returned) => told(returned, asked),
        Err(payload) => Failing::of_panic(&**payload),
    }
}

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident:
        $([$($generics:tt)*] ($($reference:tt)*) $of:ty, ($outcome:ident, $asked:ident) => $failing:expr;)+) => {
        $(#[$doc])*
        pub trait $name {
            /// The type of the returned value.
            type Returned;

            /// Returns the function that tells whether a returned value is a failure.
            fn failing(&self) -> fn(&Self::Returned, Asked) -> Failing;
        }

        $(impl<$($generics)*> $name for $($reference)* Returns<$of> {
            type Returned = $of;

            fn failing(&self) -> fn(&$of, Asked) -> Failing {
                |$outcome, $asked| $failing
            }
        })+
    };
}

rank! {
    /// Chosen for a `Result` whose error is an [`std::error::Error`].
    ViaError:
    [T, E: StdError] (&&&&&&) Result<T, E>, (outcome, asked) => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_error(error, asked),
    };
}
rank! {
    /// Chosen for a `Result` whose error holds an [`std::error::Error`], as `anyhow::Error` does.
    ViaInner:
    [T, E: AsRef<dyn StdError> + Debug] (&&&&&) Result<T, E>, (outcome, asked) => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_holder(error, error.as_ref(), asked),
    };
}
rank! {
    /// Chosen for a `Result` whose error holds one that is `Send`, as `Box<dyn Error + Send + Sync>`.
    ViaInnerSend:
    [T, E: AsRef<dyn StdError + Send + Sync> + Debug] (&&&&) Result<T, E>, (outcome, asked) => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_holder(error, error.as_ref(), asked),
    };
}
rank! {
    /// Chosen for a `Result` whose error is `Display`.
    ViaDisplay:
    [T, E: Display] (&&&) Result<T, E>, (outcome, asked) => match outcome {
        Ok(_) => Failing::No,
        Err(error) => Failing::of_displayed(error, asked),
    };
}
rank! {
    /// Chosen for a `Result` whose error is only `Debug`.
    ViaDebug:
    [T, E: Debug] (&&) Result<T, E>, (outcome, asked) => match outcome {
        Ok(_) => Failing::No,
        Err(error) => {
            let message = message(format_args!("{error:?}"));
            Failing::Yes(Failed::of::<E>(message, || ErrorDetails::of_debug(error), asked))
        }
    };
}
rank! {
    /// Chosen for any other `Result`, and an `Option`.
    ViaType:
    [T, E] (&) Result<T, E>, (outcome, asked) => match outcome {
        Ok(_) => Failing::No,
        Err(_) => Failing::Yes(Failed::of::<E>(MUTE.to_owned(), ErrorDetails::default, asked)),
    };
    [T] (&) Option<T>, (outcome, asked) => match outcome {
        Some(_) => Failing::No,
        None => Failing::IfInLoop(Failed::of_none::<T>(asked)),
    };
}
rank! {
    /// Chosen for any other type, which is never a failure.
    ViaAnything:
    [R] () R, (outcome, asked) => {
        let _: (&R, Asked) = (outcome, asked);
        Failing::No
    };
}

/// Expands to whether an outcome is a failure, read by all that its type offers.
#[doc(hidden)]
#[macro_export]
macro_rules! __failing {
    (briefly $outcome:expr) => {
        $crate::__failing!($outcome, Briefly)
    };
    ($outcome:expr) => {
        $crate::__failing!($outcome, Fully)
    };
    ($outcome:expr, $asked:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::failures::*;
        let outcome = $outcome;
        $crate::__private::failing_by(
            outcome,
            $crate::__private::Returns::of(outcome).failing(),
            $crate::__private::Asked::$asked,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn said(failing: &Failing) -> (&str, Vec<&str>) {
        match failing {
            Failing::Yes(Failed { failure, .. }) | Failing::IfInLoop(Failed { failure, .. }) => {
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
        assert_eq!(said(&__failing!(&std)), ("cannot send", vec!["connection reset"]));
        let anyhow: Outcome<anyhow::Result<()>> =
            Ok(Err(anyhow::Error::new(Send(reset())).context("at 3")));
        assert_eq!(said(&__failing!(&anyhow)), ("at 3", vec!["cannot send", "connection reset"]));
        let boxed: Outcome<Result<(), Box<dyn StdError>>> = Ok(Err(Send(reset()).into()));
        assert_eq!(said(&__failing!(&boxed)), ("cannot send", vec!["connection reset"]));
        let sent: Outcome<Result<(), Box<dyn StdError + std::marker::Send + Sync>>> =
            Ok(Err("plain".into()));
        assert_eq!(said(&__failing!(&sent)), ("plain", vec![]));
        let text: Outcome<Result<(), String>> = Ok(Err("text".to_owned()));
        assert_eq!(said(&__failing!(&text)), ("text", vec![]));
        let debug: Outcome<Result<(), Vec<u8>>> = Ok(Err(vec![7]));
        assert_eq!(said(&__failing!(&debug)), ("[7]", vec![]));
        let mute: Outcome<Result<(), Mute>> = Ok(Err(Mute));
        assert_eq!(said(&__failing!(&mute)), ("an error that does not print", vec![]));
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
        assert_eq!(said(&__failing!(&panic)).0, "boom");
        let odd: Outcome<Option<u8>> = Err(Box::new(7));
        assert_eq!(said(&__failing!(&odd)).0, "a value that is no text");
    }

    #[test]
    fn what_shows_its_causes_only_in_text_keeps_them() {
        let error = anyhow::Error::new(Send(io::Error::other("connection reset")));
        assert_eq!(
            said(&Failing::of_displayed(&error, Asked::Fully)),
            ("cannot send", vec!["connection reset"])
        );
    }
}
