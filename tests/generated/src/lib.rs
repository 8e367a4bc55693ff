//! Provides what generated functions are made of, and tries each function.
//!
//! A generated program has every function twice: under the attribute, and under an attribute that does nothing. The
//! program passes them to [`main`], with functions that show the carried variables of a checkpoint.

mod change;
mod judge;
mod stage;

pub use change::{Bulk, Change, Record, grow, grown, tried};
pub use judge::{Case, main};
pub use stage::{
    Stop, after, began, block_on, broke, dropped, ended, files, item, later, rejected, see, step,
    step_or_panic, store,
};
