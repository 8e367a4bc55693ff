//! Tests backends as they are run: behind poolers, in clusters, with standbys and replicas.
//!
//! On each setup the conformance suite runs, two workers fight for a job while its holder is stopped, and a job is killed
//! at any instant: 24 times, and `SAFE_STATE_STORM` times as often.

mod balancer;
mod cache;
mod cluster;
mod defaults;
mod evicting;
mod galera;
mod named;
mod opening;
mod overview;
mod pooler;
mod replica;
mod rights;
mod sentinel;
mod size;
mod standby;
mod variables;

use std::sync::Arc;

use safe_state::Job;
use safe_state::backend::conformance::Subject;
use safe_state::backend::{
    Backend, Lease, LeaseOptions, MySqlBackend, PostgresBackend, RedisBackend,
};
use safe_state_tests::{Ran, remote, storms};

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

fn lease(backend: &Arc<dyn Backend>, job: &str) -> Box<dyn Lease> {
    Arc::clone(backend).lease(job, LeaseOptions::default()).unwrap()
}

/// The prefix of the tables and keys that the conformance suite uses.
const SUITE: &str = "suite";

/// Returns the backend at a URL with the prefix [`SUITE`]. It has its usual patience, which suffices for large checkpoints
/// on a busy machine.
fn suite(url: &str) -> Arc<dyn Backend> {
    match url.split([':', '+']).next() {
        Some("postgres") => {
            Arc::new(PostgresBackend::new(url).unwrap().table_prefix(SUITE).unwrap())
        }
        Some("mysql") => Arc::new(MySqlBackend::new(url).unwrap().table_prefix(SUITE).unwrap()),
        _ => Arc::new(RedisBackend::new(url).unwrap().key_prefix(SUITE).unwrap()),
    }
}

/// Checks what has to hold in every setup: the conformance suite, in which `lapse` ends the lease of a job; kills at any
/// instant; and two workers that fight for a job while its holder is stopped, each of which reaches the servers by one
/// of the URLs.
fn keeps_its_promises(urls: [&str; 2], lapse: impl Fn(&str) + Send + Sync + 'static) {
    let url = urls[0].to_owned();
    Subject::new(move || suite(&url)).lapse(lapse).check();
    holds(urls);
}

/// Checks what [`keeps_its_promises`] does, without the conformance suite.
fn holds(urls: [&str; 2]) {
    remote::kill_storm(WORKER, urls[0]);
    remote::fight_between(WORKER, urls);
    if storms::times() > 1 {
        remote::any_runtime(urls[0]);
        remote::killed_process(WORKER, urls[0]);
        remote::lost_lease(WORKER, urls[0]);
    }
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
