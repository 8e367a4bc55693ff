//! Saving: when a save is due, and the one owner of the store.

pub(crate) mod owner;
pub(crate) mod pace;
pub(crate) mod schedule;
pub(crate) mod thread;
