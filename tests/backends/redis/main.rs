//! Checkpoints in Redis.

mod access;
mod forgets;
#[path = "../job.rs"]
mod job;
mod network;
mod syncs;

use std::env;
use std::process::Command;
use std::sync::Arc;

use safe_state::Backend;
use safe_state::backend::conformance::{Subject, answer_as_child};
use safe_state::backend::redis_driver::{Client, Connection, cmd};
use safe_state::backend::{Appended, Error, Lease, LeaseOptions, RedisBackend, from_url};
use safe_state_tests::servers::{self, Kind, Server};

/// On the server that all share, with keys that are one test's.
fn shared(prefix: &str) -> RedisBackend {
    by(&servers::redis_url(), prefix)
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

/// Tells a server something behind the backend's back.
fn tell(url: &str, command: &[&str]) {
    cmd(command[0]).arg(&command[1..]).exec(&mut connection(url)).unwrap();
}

/// One test again, in a process of its own.
fn again(test: &str) -> Command {
    let mut this = Command::new(env::current_exe().unwrap());
    this.args([test, "--exact", "--nocapture"]);
    this
}

#[test]
fn it_keeps_its_promises() {
    let prefix = format!("promises-{}", std::process::id());
    let of_test = prefix.clone();
    let lapse = move |job: &str| {
        let lease = format!("{{{prefix}}}:lease:{job}");
        tell(&servers::redis_url(), &["HSET", &lease, "ends", "0"]);
    };
    Subject::new(move || any(shared(&of_test))).lapse(lapse).check();
}

#[test]
fn it_keeps_its_promises_between_processes() {
    const PREFIX: &str = "SAFE_STATE_TEST_PREFIX";
    let prefix = env::var(PREFIX).unwrap_or_else(|_| format!("between-{}", std::process::id()));
    let of_test = prefix.clone();
    let open = move || any(shared(&of_test));
    if answer_as_child(&open) {
        return;
    }
    Subject::new(open).check_processes(|| {
        let mut this = again("it_keeps_its_promises_between_processes");
        this.env(PREFIX, &prefix);
        this
    });
}

#[test]
fn a_job_goes_on_within_every_runtime() {
    job::goes_on_everywhere(&any(shared("everywhere")));
    let server = Server::start(Kind::Redis);
    job::goes_on_everywhere(&from_url(&server.url()).unwrap());
}

/// How many bytes a server has been told.
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
    tell(&servers::redis_url(), &["HSET", "{unawares}:lease:job", "ends", "0"]);
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
    let mut connection = connection(&servers::redis_url());
    let mut lasts = || cmd("PTTL").arg("{leaves}:lease:job").query::<i64>(&mut connection).unwrap();
    assert_eq!(lasts(), -1, "it has not finished");
    backend.delete("job").unwrap();
    assert!((1..=24 * 60 * 60 * 1000).contains(&lasts()));
    let _held = lease(&backend);
    assert_eq!(lasts(), -1);
}
