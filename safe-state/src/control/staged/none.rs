//! No test ends a run: the feature `testing` is off.

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
