//! A job that many workers share: each worker is a run in a process of its own, which claims slices of the loops by
//! their leases. This module decides and asks the backend; `run/sharing.rs` has what a run does about it.

pub(crate) mod again;
pub(crate) mod hunt;
pub(crate) mod input;
pub(crate) mod join;
pub(crate) mod merging;
#[cfg(test)]
mod model;
mod order;
pub(crate) mod sorted;
pub(crate) mod state;
pub(crate) mod steps;
