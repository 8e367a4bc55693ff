//! Signals to this process, for all code that waits for some, and the end of the process by one.

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
