//! Tests the defects of the Python package that this crate replaces, one test each, named after them. `docs/defects.md`
//! lists all of them, including those that cannot be written in Rust and those that are not yet cured.

mod cost;
mod file;
mod function;
mod work;

use safe_state::{Checkpoint, Job};

/// Returns the job's checkpoint, which has to exist.
fn peek(job: &Job) -> Checkpoint {
    job.peek_checkpoint().unwrap().unwrap()
}
