//! Stands in for staged ends while the feature `testing` is off: no test ends a run.

#[inline]
pub(crate) fn watches_items() -> bool {
    false
}

#[inline]
pub(crate) fn completed() -> bool {
    false
}

#[inline]
pub(crate) fn handed_out(_: u64) {}

pub(crate) fn is_at_step(_: &str) -> bool {
    false
}
