//! Data that outlives the process: the program does its job in a child of itself, and rescues what that knew
//! when it crashed, and why it did.
//!
//! [`Guard`] has an example; see [`docs/guide/guards.md`](https://github.com/safe-state/safe-state/blob/main/docs/guide/guards.md)
//! for the guide. It is there on Linux.

mod error;
#[cfg(target_os = "linux")]
mod rescue;

pub use error::GuardError;
#[cfg(target_os = "linux")]
pub use rescue::{Cause, Data, Ended, Frame, Guard, Panic, Rescue, Rescued, Update, Usage, Value};
#[cfg(all(target_os = "linux", feature = "autosave"))]
pub use rescue::{is_active, recover};
