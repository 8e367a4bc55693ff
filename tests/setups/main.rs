//! Tests backends as they are run: behind poolers, in clusters, with standbys and replicas.
//!
//! The tests that take long, which are the conformance suite, fights and kills on each setup, run with
//! `SAFE_STATE_STORM=2` or more.

mod balancer;
mod cache;
mod cluster;
mod evicting;
mod galera;
mod overview;
mod pooler;
mod rights;
mod sentinel;
mod size;
mod standby;
mod variables;

use std::sync::Arc;

use safe_state::Job;
use safe_state::backend::conformance::Subject;
use safe_state::backend::{Backend, Lease, LeaseOptions};
use safe_state_tests::Ran;

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

fn lease(backend: &Arc<dyn Backend>, job: &str) -> Box<dyn Lease> {
    Arc::clone(backend).lease(job, LeaseOptions::default()).unwrap()
}

/// Runs the conformance suite; `lapse` ends the lease of a job.
fn conforms(
    open: impl Fn() -> Arc<dyn Backend> + Send + Sync + 'static,
    lapse: impl Fn(&str) + Send + Sync + 'static,
) {
    Subject::new(open).lapse(lapse).check();
}

/// Returns the checkpoint that the next run begins with.
fn held(backend: &Arc<dyn Backend>, job: &str) -> Option<Vec<u8>> {
    lease(backend, job).load(&**backend, job).unwrap()
}

/// Runs a job of ten items that fails at some of them, and checks that complete items are not done again.
fn goes_on(backend: &Arc<dyn Backend>, name: &str) {
    let (job, ran) = (Job::new(name).backend(Arc::clone(backend)), Ran::default());
    for fails_at in [Some(4), Some(7), None] {
        let done = job.run(0..10_u64, |item| {
            ran.note(item);
            anyhow::ensure!(Some(item) != fails_at, "asked to fail");
            Ok(())
        });
        assert_eq!(done.is_ok(), fails_at.is_none(), "{done:?}");
    }
    assert_eq!(ran.take(), [0, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9]);
    assert_eq!(held(backend, name), None);
}
