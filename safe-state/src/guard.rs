//! Guards watch over the process: what it knew when it crashed, and how much time and memory it takes.

mod error;
#[cfg(target_os = "linux")]
mod rescue;

pub use error::GuardError;
#[cfg(target_os = "linux")]
pub use rescue::{Cause, Data, Ended, Frame, Guard, Panic, Rescue, Rescued, Update, Usage, Value};
#[cfg(all(target_os = "linux", feature = "autosave"))]
pub use rescue::{is_active, recover};
