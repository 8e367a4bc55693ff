//! Stage 5, save: when a save is due, and the one owner of the store.

pub(crate) mod owner;
mod pace;
mod saving;
pub(crate) mod schedule;
pub(crate) mod thread;

pub(crate) use saving::{Saving, Write};
