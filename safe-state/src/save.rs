//! Saving: when a save is due, and the thread that saves for an async function.

pub(crate) mod schedule;
pub(crate) mod thread;
