//! Compiles the shapes under our attribute.

pub(crate) use safe_state::resumable;

#[path = "cases/mod.rs"]
pub(crate) mod cases;
