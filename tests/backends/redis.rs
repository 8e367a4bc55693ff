//! Tests checkpoints in Redis.

mod access;
mod forgets;
mod syncs;

use std::sync::Arc;
use std::time::Duration;

use safe_state::Backend;
use safe_state::backend::redis_driver::{Client, Connection, cmd};
use safe_state::backend::{Appended, Error, Lease, LeaseOptions, RedisBackend};
use safe_state_tests::remote;
use safe_state_tests::servers::{Kind, Server, redis_url};

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// Returns a backend on the server that all tests share, with keys that belong to one test.
fn shared(prefix: &str) -> RedisBackend {
    by(&redis_url(), prefix)
}

fn by(url: &str, prefix: &str) -> RedisBackend {
    RedisBackend::new(url).unwrap().key_prefix(prefix).unwrap()
}

fn any(backend: RedisBackend) -> Arc<dyn Backend> {
    Arc::new(backend)
}

fn lease(backend: &RedisBackend) -> Box<dyn Lease> {
    Arc::new(backend.clone()).lease("job", LeaseOptions::default()).unwrap()
}

fn connection(url: &str) -> Connection {
    Client::open(url).unwrap().get_connection().unwrap()
}

/// Runs a command on a server without the backend's knowledge.
fn tell(url: &str, command: &[&str]) {
    cmd(command[0]).arg(&command[1..]).exec(&mut connection(url)).unwrap();
}

#[test]
fn redis_keeps_its_promises() {
    let conforming = || remote::limited(shared("conformance"), Duration::from_secs(30));
    remote::conformance((module_path!(), "redis_keeps_its_promises"), conforming, |job| {
        let lease = format!("{{conformance}}:lease:{job}");
        tell(&redis_url(), &["HSET", &lease, "ends", "0"]);
    });
}

#[test]
fn items_side_by_side_are_done_once() {
    remote::side_by_side(&redis_url());
}

#[test]
fn a_job_goes_on_from_any_runtime() {
    remote::any_runtime(&redis_url());
}

#[test]
fn a_killed_process_is_followed_at_once() {
    remote::killed_process(WORKER, &redis_url());
}

#[test]
fn a_run_that_lost_its_lease_saves_nothing() {
    remote::lost_lease(WORKER, &redis_url());
}

#[test]
fn a_server_that_restarts_costs_time_alone() {
    remote::troubled_server(Kind::Redis);
}

#[test]
fn a_network_that_fails_costs_time_alone() {
    remote::troubled_network(&redis_url());
}

#[test]
fn a_hung_server_is_given_up_in_time() {
    remote::hung_server(&redis_url());
}

#[test]
fn a_kill_at_any_instant_loses_nothing() {
    remote::kill_storm(WORKER, &redis_url());
}

#[test]
#[cfg(target_os = "linux")]
fn with_a_page_no_kill_repeats_more_than_the_item_under_way() {
    remote::paged_kill_storm(WORKER, &redis_url());
}

#[test]
fn two_that_fight_for_a_job_never_hold_it_at_once() {
    remote::fight(WORKER, &redis_url());
}

#[test]
fn a_partition_storm_loses_and_repeats_nothing() {
    remote::partition_storm(&redis_url());
}

/// Returns the number of bytes that a server has received.
fn heard(connection: &mut Connection) -> usize {
    let info: String = cmd("INFO").arg("stats").query(connection).unwrap();
    let bytes = info.lines().find_map(|line| line.strip_prefix("total_net_input_bytes:"));
    bytes.unwrap().parse().unwrap()
}

#[test]
fn an_append_costs_what_the_record_does() {
    let server = Server::start(Kind::Redis);
    let mut connection = connection(&server.url());
    let mut lease = lease(&RedisBackend::new(&server.url()).unwrap());
    lease.save(&vec![7; 8 << 20]).unwrap();
    assert_eq!(lease.append(&[7; 100]).unwrap(), Appended::Yes);
    let before = heard(&mut connection);
    for _ in 0..10 {
        assert_eq!(lease.append(&[7; 100]).unwrap(), Appended::Yes);
    }
    let each = (heard(&mut connection) - before) / 10;
    assert!(each < 600, "{each} bytes");
}

#[test]
fn who_lost_a_lease_unawares_does_not_give_it_back() {
    let backend = shared("unawares");
    let zombie = lease(&backend);
    tell(&redis_url(), &["HSET", "{unawares}:lease:job", "ends", "0"]);
    let _heir = lease(&backend);
    drop(zombie);
    let third = Arc::new(backend).lease("job", LeaseOptions::default());
    assert!(matches!(third, Err(Error::Held { .. })));
}

#[test]
fn what_a_finished_job_leaves_goes_by_itself() {
    let backend = shared("leaves");
    let mut held = lease(&backend);
    held.save(b"state").unwrap();
    drop(held);
    let mut connection = connection(&redis_url());
    let mut lasts = || cmd("PTTL").arg("{leaves}:lease:job").query::<i64>(&mut connection).unwrap();
    assert_eq!(lasts(), -1, "it has not finished");
    backend.delete("job").unwrap();
    assert!((1..=24 * 60 * 60 * 1000).contains(&lasts()));
    let _held = lease(&backend);
    assert_eq!(lasts(), -1);
}
