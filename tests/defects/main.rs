//! The defects of the Python package that this crate replaces, one test each, named after them.
//! `docs/defects.md` lists all of them, those included that cannot be written in Rust, and those
//! whose cure is still to come.

mod cost;
mod file;
mod function;
mod work;

use safe_state::{Checkpoint, Job};
use safe_state_tests::Ran;

/// A run over `items` that fails at the one given.
fn run(job: &Job, items: impl IntoIterator<Item = u64>, fails_at: Option<u64>) -> Vec<u64> {
    let ran = Ran::default();
    let outcome = job.run(items, |item| {
        ran.note(item);
        anyhow::ensure!(fails_at != Some(item), "asked to fail");
        Ok(())
    });
    assert_eq!(outcome.is_err(), fails_at.is_some(), "{outcome:?}");
    ran.take()
}

/// The checkpoint that has to be there.
fn peek(job: &Job) -> Checkpoint {
    job.peek_checkpoint().unwrap().unwrap()
}
