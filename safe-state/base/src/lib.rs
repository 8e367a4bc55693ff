//! Text that [`safe-state`](https://docs.rs/safe-state) shows: cut to a length, and without the secrets that are
//! known by the names they go by.
//!
//! ```
//! use safe_state_base::secrets::masked;
//!
//! assert_eq!(masked("cannot reach redis://:hunter2@cache/0"), "cannot reach redis://:***@cache/0");
//! ```
//!
//! It is a part of `safe-state`, and changes with it.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

pub mod bounded;
pub mod secrets;
