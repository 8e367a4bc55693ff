//! Tests workers of one job on each server.

use std::collections::BTreeMap;
use std::fs;

use safe_state::resumable;
use safe_state_tests::Proxy;
use safe_state_tests::servers::{address, at, mysql_url, objects_url, postgres_url, redis_url};
use tempfile::TempDir;

use crate::work::Work;
use crate::workers::{alone, kill_some, ledger, returned, spawn};

fn on(url: String) {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let work = Work { url, dir: dir.path().to_owned(), name, items: 60, slices: 6 };
    kill_some("sum", &work, 2);
    let children: Vec<_> = (0..3).map(|_| spawn("sum", &work)).collect();
    for child in children {
        assert_eq!(returned(child, &work), (1000 + 59 * 60 / 2).to_string());
    }
    let found: BTreeMap<String, usize> = ledger(&work);
    assert!((0..60).all(|item: u64| found.contains_key(&item.to_string())), "{found:?}");
    late(&work, &dir);
}

fn late(work: &Work, dir: &TempDir) {
    let before = fs::read_to_string(dir.path().join("ledger")).unwrap();
    assert_eq!(returned(spawn("sum", work), work), (1000 + 59 * 60 / 2).to_string());
    assert_eq!(fs::read_to_string(dir.path().join("ledger")).unwrap(), before);
    assert_eq!(alone("sum"), (1000 + 299 * 300 / 2).to_string());
}

#[test]
fn workers_share_a_job_in_postgres() {
    on(postgres_url());
}

#[test]
fn workers_share_a_job_in_mysql() {
    on(mysql_url());
}

#[test]
fn workers_share_a_job_in_redis() {
    on(redis_url());
}

#[test]
fn workers_share_a_job_in_an_object_store() {
    on(objects_url("shared"));
}

#[resumable(name = "connected", backend = url, shared, slices = 40, carry(sum, merge = |a, b| a + b))]
fn connected(url: &str) -> Result<u64, safe_state::Error> {
    let mut sum = 0;
    for item in 0..40_u64 {
        sum += item;
    }
    Ok(sum)
}

/// Each slice has a lease, and so has each change of the job's head. The server is not to log somebody in for each of them.
#[test]
fn leases_that_follow_one_another_share_connections() {
    for url in [postgres_url(), mysql_url(), redis_url()] {
        let proxy = Proxy::to(address(&url));
        assert_eq!(connected(&at(&url, proxy.address())).unwrap(), 39 * 40 / 2);
        let connections = proxy.connections();
        // A connection that nobody uses for two seconds is closed, as on a busy machine.
        assert!(connections <= 20, "{connections} connections");
    }
}
