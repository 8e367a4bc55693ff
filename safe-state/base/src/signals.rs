//! Signals to this process, for all that waits for some, and its end by one.

#[cfg(unix)]
pub mod dying;
mod graceful;
#[cfg(unix)]
mod heard;

#[cfg(unix)]
pub use graceful::end_if_asked;
pub use graceful::{EndSignals, SECOND_SIGNAL_AFTER, Signals};
#[cfg(unix)]
pub use heard::Heard;
