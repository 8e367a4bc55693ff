//! Signals to this process: who waits for them, and how one ends the process.

#[cfg(unix)]
pub(crate) mod dying;
#[cfg(feature = "signals")]
pub(crate) mod graceful;
#[cfg(all(unix, any(feature = "signals", feature = "supervisor")))]
pub(crate) mod heard;
