//! How the benches measure and what they print.
//!
//! Machines are noisy and differ, so a figure is a comparison: both sides alternate in one
//! process, and what is printed is the median over the rounds, with the quartiles beside it.

mod compare;
mod python;
mod raw;
mod scratch;
mod table;

pub use compare::{Compared, Spread, compare, time};
pub use python::python_with;
pub use raw::RawLog;
pub use scratch::Scratch;
pub use table::{Table, Target, bench};
