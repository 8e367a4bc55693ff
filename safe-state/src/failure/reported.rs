//! The parts that collect details for reports, or stand-ins for them if the feature `report` is off.

#[cfg(feature = "report")]
pub(crate) use safe_state_report::{ErrorDetails, Values};

#[cfg(not(feature = "report"))]
pub(crate) use without::{ErrorDetails, Values};

/// Returns the `tracing` spans that are active, innermost first.
#[cfg(feature = "report")]
pub(crate) use safe_state_report::active_spans;

/// Returns no spans, as they are only recorded for reports.
#[cfg(not(feature = "report"))]
pub(crate) fn active_spans() -> Vec<safe_state_backends::details::Span> {
    Vec::new()
}

/// Returns a function that looks up the calls that the failure has noted. It is for a thread that may block.
#[cfg(feature = "report")]
#[expect(clippy::unnecessary_wraps, reason = "without reports there is nothing to look up")]
pub(crate) fn look_up_calls(told: &mut ErrorDetails) -> Option<impl FnOnce() + Send + 'static> {
    Some(told.look_up_calls())
}

/// Returns nothing, as no calls are noted without reports.
#[cfg(not(feature = "report"))]
pub(crate) fn look_up_calls(_: &mut ErrorDetails) -> Option<fn()> {
    None
}

#[cfg(not(feature = "report"))]
mod without {
    use std::error::Error as StdError;
    use std::fmt::Arguments;

    use safe_state_backends::details::{Details, Value};
    use safe_state_backends::{Carry, Checkpoint};

    /// Stands in for the details of a failure.
    #[derive(Debug, Default)]
    pub(crate) struct ErrorDetails {}

    impl ErrorDetails {
        pub(crate) fn of_panic() -> Self {
            ErrorDetails {}
        }

        pub(crate) fn of_error(_: &(dyn StdError + '_), _: Option<&str>) -> Self {
            ErrorDetails {}
        }

        pub(crate) fn of_holder(_: &(dyn StdError + '_), _: Arguments<'_>) -> Self {
            ErrorDetails {}
        }

        pub(crate) fn of_debug<E>(_: &E) -> Self {
            ErrorDetails {}
        }

        #[expect(clippy::unused_self, reason = "with reports, a panic is noted")]
        pub(crate) fn put_back(self) {}

        #[expect(clippy::unused_self, reason = "with reports, it is kept")]
        pub(crate) fn held_as(&mut self, _: &str) {}

        #[expect(clippy::unused_self, reason = "with reports, it may know")]
        pub(crate) fn place(&self) -> Option<String> {
            None
        }

        #[expect(clippy::unused_self, reason = "with reports, it knows more")]
        pub(crate) fn complete(&mut self, details: Details) -> Details {
            details
        }
    }

    /// Stands in for the values for a report.
    #[derive(Debug, Default)]
    pub(crate) struct Values {}

    impl Values {
        #[expect(clippy::unused_self, reason = "with reports, they are kept")]
        pub(crate) fn argument(&mut self, _: Vec<Value>) {}

        #[expect(clippy::unused_self, reason = "with reports, they are kept")]
        pub(crate) fn carries<T: Carry>(&mut self, _: &str) {}

        #[expect(clippy::unused_self, reason = "with reports, there are some")]
        pub(crate) fn all(&self, _: Option<&Checkpoint>) -> Vec<Value> {
            Vec::new()
        }
    }
}

/// Ignores an argument, as there are no reports.
#[cfg(not(feature = "report"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __argument {
    ($run:expr, $name:expr, $value:expr, $how:ident) => {};
}
