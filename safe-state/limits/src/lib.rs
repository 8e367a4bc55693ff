//! Limits on time and memory: work that takes too long or too much is cancelled, and if it ignores that, interrupted.
//!
//! A limit applies to a scope. When it is passed, [`check`] returns an error there, and so does each `.await` of a
//! future under it. Work that goes on all the same gets signals, and finally the process is ended. See
//! [`docs/guide/limits.md`](https://safe-state.github.io/safe-state/guide/limits.html) for the guide.
//!
//! ```
//! use safe_state::limits::{TimeLimit, check, progress};
//!
//! fn import(rows: &[u64]) -> Result<u64, safe_state::Error> {
//!     let _limit = TimeLimit::new("60s").start()?;
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
//!
//! [`Supervisor`] does the same for a whole program, from outside: the program is started again when it crashes, is
//! killed, or passes a limit. A program depends on [`safe-state`](https://docs.rs/safe-state) with the features
//! `limits` and `supervisor`, and finds all of this there.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod active;
mod cgroup;
mod died_of;
mod escalation;
mod future;
mod innermost;
mod item;
mod job_limits;
mod limit;
mod look;
mod memory;
mod meter;
mod parked;
mod pressure;
mod process_limits;
mod pulse;
#[doc(hidden)]
pub mod run;
mod signal;
#[cfg(unix)]
pub mod supervisor;
mod time;
mod token;
mod units;
mod watchdog;

pub use active::{ActiveLimit, LimitHandle};
pub use bytesize::ByteSize;
pub use escalation::Interrupt;
pub use innermost::{check, progress};
pub use memory::MemoryLimit;
pub use process_limits::ProcessLimits;
pub use safe_state_base::{Error, LimitExceeded, Memory};
#[cfg(unix)]
pub use supervisor::Supervisor;
pub use time::TimeLimit;
pub use units::{Size, Time};
