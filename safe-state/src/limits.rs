//! Limits on time and memory: work that takes too long, or too much, is cancelled, and if it does not
//! heed that, interrupted.
//!
//! A guard watches a scope. When its limit is passed, [`check`] returns an error in it, and so does each
//! `.await` of a guarded future; what goes on all the same gets signals, and at last the process is ended.
//! See [`docs/guide/limits.md`](https://github.com/safe-state/safe-state/blob/main/docs/guide/limits.md) for the guide.
//!
//! ```
//! use safe_state::limits::{TimeGuard, check, progress};
//!
//! fn import(rows: &[u64]) -> Result<u64, safe_state::Error> {
//!     let _guard = TimeGuard::new("60s").start()?;
//!     let mut sum = 0;
//!     for row in rows {
//!         check()?;      // an error once 60 s have gone by without progress
//!         sum += row;
//!         progress();    // the 60 s begin anew
//!     }
//!     Ok(sum)
//! }
//! assert_eq!(import(&[1, 2, 4])?, 7);
//! # Ok::<(), safe_state::Error>(())
//! ```

mod active;
mod cgroup;
mod deadline;
pub(crate) mod died_of;
mod error;
mod escalation;
mod future;
mod innermost;
pub(crate) mod job;
mod look;
mod memory;
mod meter;
pub(crate) mod parked;
pub(crate) mod run;
mod signal;
mod time;
mod token;
mod units;
mod watchdog;

pub use active::{ActiveGuard, GuardHandle};
pub use bytesize::ByteSize;
pub use error::LimitExceeded;
pub use escalation::Interrupt;
pub use innermost::{check, progress};
pub use memory::MemGuard;
pub use meter::Memory;
pub use time::TimeGuard;
pub use units::{Size, Time};

#[cfg(all(unix, feature = "supervisor"))]
pub(crate) use memory::pause;
#[cfg(all(unix, feature = "supervisor"))]
pub(crate) use meter::resident;
