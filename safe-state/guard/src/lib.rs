//! Data that outlives the process: a program does its job in a child of itself. If the job crashes, a rescue gets its
//! data, and the cause.
//!
//! [`Guard`] has an example;
//! [`docs/guide/guards.md`](https://github.com/safe-state/safe-state/blob/main/docs/guide/guards.md) is the guide. It
//! runs on Linux; elsewhere this crate is empty. A program depends on [`safe-state`](https://docs.rs/safe-state) with
//! the feature `guard`, and finds it as `safe_state::guard`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg(target_os = "linux")]
#![deny(missing_docs)]

#[cfg(feature = "autosave")]
mod autosave;
mod cause;
mod crash;
mod data;
mod entry;
mod error;
mod guard;
mod job;
mod layout;
mod memory;
#[cfg(feature = "minidump")]
mod minidump;
#[cfg(test)]
mod model;
mod note;
mod panic;
mod reader;
mod rescued;
mod role;
mod shared;
mod signals;
mod stack;
mod sys;
mod watch;
mod writer;

#[cfg(feature = "autosave")]
pub use autosave::{is_active, recover};
pub use cause::{Cause, Ended, Usage};
pub use data::{Data, Update};
pub use error::GuardError;
pub use guard::Guard;
pub use panic::Panic;
pub use rescued::{Rescue, Rescued, Value};
pub use stack::Frame;
