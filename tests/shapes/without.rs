//! Compiles the shapes under an attribute that does nothing.

#![allow(unused_imports, unused_variables, reason = "only the options name some of them")]

pub(crate) use safe_state_unchanged::resumable;

#[path = "cases/mod.rs"]
pub(crate) mod cases;
