//! Where a job meets its limits.

pub(crate) mod job;
pub(crate) mod run;

#[doc(inline)]
pub use safe_state_limits::{
    ActiveLimit, ByteSize, Interrupt, LimitExceeded, LimitHandle, Memory, MemoryLimit, Size, Time,
    TimeLimit, check, progress,
};
