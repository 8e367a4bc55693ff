//! The common part of the packages of [`safe-state`](https://docs.rs/safe-state): errors, where a job is stored, pauses between
//! attempts, signals, messages to a service manager, and text without secrets.
//!
//! ```
//! use safe_state_base::secrets::masked;
//!
//! assert_eq!(masked("cannot reach redis://:hunter2@cache/0"), "cannot reach redis://:***@cache/0");
//! ```
//!
//! A program depends on `safe-state`, which re-exports what is meant for it. The rest may change with any release.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod backoff;
pub mod bounded;
pub mod engine;
pub mod error;
pub mod error_type;
pub mod exit;
pub mod place;
pub mod secrets;
#[cfg_attr(not(all(target_os = "linux", feature = "systemd")), path = "service/none.rs")]
pub mod service;
#[cfg(feature = "signals")]
pub mod signals;
pub mod status;
mod stderr;
pub mod stored;
pub mod url;

pub use backoff::Backoff;
pub use error::{CommitError, Error, ReconnectError, StopReason, When};
#[cfg(feature = "limits")]
pub use error::{LimitExceeded, Memory};
pub use place::Place;
pub use stderr::tell;
