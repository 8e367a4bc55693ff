//! What generated functions are made of, and how each is tried.
//!
//! A generated program has every function twice: under the attribute, and under one that does nothing. It passes
//! them to [`main`], with the values that the checkpoint is asked for.

mod change;
mod judge;
mod stage;

pub use change::{Bulk, Change, Record, grow, grown, tried};
pub use judge::{Case, main};
pub use stage::{
    Stop, after, began, block_on, broke, dropped, ended, files, item, later, rejected, see, step,
    step_or_panic, store,
};
