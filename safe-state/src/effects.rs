//! The effects of a run outside of its checkpoint: the program's own transactions, effects that happen once, and
//! handles that are opened again.

pub mod commit;
pub(crate) mod handles;
pub mod idempotency;
pub(crate) mod idempotent;
pub mod reconnect;
pub mod transaction;
pub(crate) mod written;
