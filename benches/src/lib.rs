//! Measures for the benches, and prints what they measure.
//!
//! Machines are noisy and differ, so a figure is a comparison: both sides alternate in one process, and the benches
//! print the median over the rounds, with the quartiles beside it.

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
