//! Stage 5, save: decides when a save is due, and has the one owner of the store.

mod measuring;
pub(crate) mod owner;
mod pace;
mod page_writer;
#[cfg(target_os = "linux")]
mod paging;
#[cfg(not(target_os = "linux"))]
#[path = "save/unpaged.rs"]
mod paging;
pub(crate) mod rewriting;
mod saving;
pub(crate) mod schedule;
pub(crate) mod thread;

pub(crate) use page_writer::Begun;
#[cfg(not(target_os = "linux"))]
pub(crate) use paging::Advanced;
pub(crate) use paging::EndMarks;
#[cfg(target_os = "linux")]
pub(crate) use safe_state_backends::Advanced;
pub(crate) use saving::{Saving, Write};
