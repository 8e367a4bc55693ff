//! Stage 5, save: decides when a save is due, and has the one owner of the store.

mod measuring;
pub(crate) mod owner;
mod pace;
mod page_writer;
mod pages;
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
pub(crate) use pages::Advanced;
pub(crate) use paging::EndMarks;
pub(crate) use saving::{Saving, Write};

/// Checks on each system that a handle notes ends in the same way, whether it has a page or not.
const _: fn(&EndMarks, u64) = EndMarks::ended;
