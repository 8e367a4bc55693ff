//! Limits on time and memory, which also work in resumable loops.

#[doc(inline)]
pub use safe_state_limits::{
    ActiveLimit, ByteSize, Interrupt, LimitExceeded, LimitHandle, Memory, MemoryLimit, Size, Time,
    TimeLimit, check, progress,
};
