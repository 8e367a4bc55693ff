//! The defects of the Python package that this crate replaces, one test each, named after them.
//! `docs/defects.md` lists all of them, those included that cannot be written in Rust, and those
//! whose cure is still to come.

mod cost;
mod file;
mod function;
mod work;

use safe_state::{Checkpoint, Job};

/// The checkpoint that has to be there.
fn peek(job: &Job) -> Checkpoint {
    job.peek_checkpoint().unwrap().unwrap()
}
