//! Stands for the progress bars where the feature `progress` is off: it shows none.

#[derive(Debug, Default)]
pub(crate) struct Bars;

#[expect(clippy::unused_self, reason = "as those of `progress`")]
impl Bars {
    pub(crate) fn new(_: bool) -> Self {
        Bars
    }

    pub(crate) fn are_shown(&self) -> bool {
        false
    }

    pub(crate) fn enter(&self, _: &str, _: usize, _: Option<u64>, _: u64, _: Option<u64>) {}

    #[inline]
    pub(crate) fn reach(&self, _: usize, _: u64) {}

    pub(crate) fn leave(&self, _: usize) {}
}

/// Refuses the attribute's `progress`, which needs the feature.
#[doc(hidden)]
#[macro_export]
macro_rules! __progress {
    ($job:expr, $progress:expr) => {
        compile_error!("`progress` needs the feature `progress` of `safe-state`")
    };
}
