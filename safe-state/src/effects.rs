//! What a run does to the world beside its checkpoint: transactions of the program's own, effects that happen once,
//! and handles that are rebuilt.

pub mod commit;
pub(crate) mod handles;
pub mod idempotency;
pub(crate) mod idempotent;
pub mod reconnect;
pub mod transaction;
