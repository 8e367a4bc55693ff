//! Stands for the metrics where the feature `metrics` is off: it counts nothing.

use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Meters;

#[expect(clippy::unused_self, reason = "as those of `metrics`")]
impl Meters {
    pub(crate) fn new(_: &str) -> Self {
        Meters
    }

    #[inline]
    pub(crate) fn completed(&self, _: u64, _: Duration) {}

    #[inline]
    pub(crate) fn saved(&self, _: Duration) {}

    pub(crate) fn retried(&self) {}

    pub(crate) fn skipped(&self) {}

    pub(crate) fn given_up(&self) {}

    pub(crate) fn ended(&self, _: &'static str) {}
}
