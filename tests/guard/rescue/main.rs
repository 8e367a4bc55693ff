//! Tests programs that crash, and what is rescued of them.

mod autosave;
mod data;
mod endings;
mod graceful;
mod harness;
mod left_behind;
mod limits;
mod minidump;
mod several;
mod signals;
mod storm;
mod surroundings;

/// The path of the program that the tests start.
const GUARDED: &str = env!("CARGO_BIN_EXE_guarded");
