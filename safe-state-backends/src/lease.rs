//! The holders of leases: locks on files, the identity of a process, and waiting until a lease is free.

pub(crate) mod holder;
pub(crate) mod lock;
#[cfg(unix)]
pub(crate) mod presence;
pub(crate) mod process;
pub(crate) mod wait;
