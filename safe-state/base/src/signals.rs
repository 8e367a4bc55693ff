//! Signals to this process, for all that waits for some, and its end by one.

pub(crate) mod dying;
#[cfg(any(feature = "signals", feature = "supervisor"))]
pub(crate) mod heard;
