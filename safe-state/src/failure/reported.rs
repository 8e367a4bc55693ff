//! What reports are told, where there are any: by a failure of itself, by a run of its values.

#[cfg(feature = "report")]
pub(crate) use safe_state_report::{ErrorDetails as Told, Values};

#[cfg(not(feature = "report"))]
pub(crate) use without::{Told, Values};

/// The `tracing` spans that are active, innermost first.
#[cfg(feature = "report")]
pub(crate) use safe_state_report::active_spans;

/// None are known of.
#[cfg(not(feature = "report"))]
pub(crate) fn active_spans() -> Vec<safe_state_backends::details::Span> {
    Vec::new()
}

/// Returns what looks up the calls that the failure has noted, for a thread that may block.
#[cfg(feature = "report")]
#[expect(clippy::unnecessary_wraps, reason = "without reports there is nothing to look up")]
pub(crate) fn look_up_calls(told: &mut Told) -> Option<impl FnOnce() + Send + 'static> {
    Some(told.look_up_calls())
}

/// Returns nothing: no calls are noted.
#[cfg(not(feature = "report"))]
pub(crate) fn look_up_calls(_: &mut Told) -> Option<fn()> {
    None
}

#[cfg(not(feature = "report"))]
mod without {
    use std::error::Error as StdError;
    use std::fmt::Arguments;

    use safe_state_backends::details::{Details, Value};
    use safe_state_backends::{Carry, Checkpoint};

    /// Nothing.
    #[derive(Debug, Default)]
    pub(crate) struct Told {}

    impl Told {
        pub(crate) fn of_panic() -> Self {
            Told {}
        }

        pub(crate) fn of_error(_: &(dyn StdError + '_), _: Option<&str>) -> Self {
            Told {}
        }

        pub(crate) fn of_holder(_: &(dyn StdError + '_), _: Arguments<'_>) -> Self {
            Told {}
        }

        pub(crate) fn of_debug<E>(_: &E) -> Self {
            Told {}
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

    /// None.
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

/// Without reports, an argument is not looked at.
#[cfg(not(feature = "report"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __argument {
    ($run:expr, $name:expr, $value:expr, $how:ident) => {};
}
