//! Where a job meets its limits.

mod job;

#[doc(inline)]
pub use safe_state_limits::{
    ActiveLimit, ByteSize, Interrupt, LimitExceeded, LimitHandle, Memory, MemoryLimit, Size, Time,
    TimeLimit, check, progress,
};
