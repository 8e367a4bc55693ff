//! Tests items side by side: `concurrency` and `threads`.

mod ahead;
mod ends;
mod everyday;
mod futures;
mod grace;
mod interrupted;
mod kills;
mod left;
mod limits;
mod orders;
mod paged;
mod panics;
mod random;
mod short;
mod stops;
mod threads;
mod without_attribute;

use std::path::Path;

use safe_state::{Checkpoint, Job};

/// Returns the checkpoint of the job.
fn stored(job: &str, dir: &Path) -> Option<Checkpoint> {
    Job::new(job).state_dir(dir).peek_checkpoint().unwrap()
}

/// Returns the items that are complete.
fn complete(job: &str, dir: &Path) -> Vec<u64> {
    stored(job, dir).map_or_else(Vec::new, |it| it.completed().ranges().flatten().collect())
}
