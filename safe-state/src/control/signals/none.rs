//! Stands in for signals while the feature `signals` is off.

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Graceful;

#[derive(Debug, Default)]
pub(crate) struct Signals;

#[expect(clippy::unused_self, reason = "they stand for those of `signals`")]
impl Signals {
    pub(crate) fn listen(_: Graceful) -> Self {
        Signals
    }

    #[inline]
    pub(crate) fn came(&self) -> bool {
        false
    }

    pub(crate) fn are_listened_to(&self) -> bool {
        false
    }

    #[cfg(feature = "limits")]
    pub(crate) fn are_heard(&self) -> bool {
        false
    }
}

/// Refuses the option `graceful`, which needs the feature `signals`.
#[doc(hidden)]
#[macro_export]
macro_rules! __graceful {
    ($job:expr, $graceful:expr) => {
        compile_error!("`graceful` needs the feature `signals` of `safe-state`")
    };
}
