//! Tests replicas that accept writes, which would be another store.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::redis_driver::{Client, cmd};
use safe_state::backend::{Backend, LeaseOptions, MySqlBackend, RedisBackend};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server};

use crate::{goes_on, held, keeps_its_promises, lease};

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Starts a primary with tables, and its replica, which is `read_only`. The tests' user may write there all the same.
fn replicated() -> (Server, Server) {
    let primary = Server::start_as("mysql_primary", Kind::MySql, &[]);
    MySqlBackend::new(&primary.url()).unwrap().save("first", b"a").unwrap();
    let port = primary.address().port();
    let replica = Server::start_as("mysql_replica", Kind::MySql, &[&port]);
    let backend = MySqlBackend::new(&replica.url()).unwrap().retry_time(Duration::ZERO);
    let has_it = || backend.load("first").is_ok_and(|found| found.is_some());
    until("it does not follow", has_it);
    (primary, replica)
}

#[test]
fn mariadb_keeps_its_promises_behind_a_balancer_with_a_replica() {
    let (primary, replica) = replicated();
    let by_replica = MySqlBackend::new(&replica.url()).unwrap().retry_time(Duration::ZERO);
    let refused = told(&by_replica.save("first", b"b").unwrap_err());
    assert!(refused.contains("the server is `read_only`"), "{refused}");

    let ports = [primary.address().port(), replica.address().port()];
    let between = Server::start_as("haproxy", Kind::MySql, &[&"60000", &ports[0], &ports[1]]);
    let backend: Arc<dyn Backend> = Arc::new(MySqlBackend::new(&between.url()).unwrap());
    for number in 0..3 {
        let name = format!("turn {number}");
        let mut run = lease(&backend, &name);
        run.save(b"a").unwrap();
        run.append(b"b").unwrap();
        drop(run);
        assert_eq!(held(&backend, &name).unwrap(), b"ab");
        let direct: Arc<dyn Backend> = Arc::new(MySqlBackend::new(&primary.url()).unwrap());
        assert_eq!(held(&direct, &name).unwrap(), b"ab");
    }
    drop(between);
    let direct = primary.url();
    keeps_its_promises([&primary.url(); 2], move |job| {
        let lapse = format!("UPDATE suite_jobs SET ends = UTC_TIMESTAMP(6) WHERE job = '{job}'");
        crate::variables::execute(&direct, &[(lapse, Vec::new())]).unwrap();
    });
}

#[test]
fn a_replica_of_redis_that_accepts_writes_is_refused() {
    let master = Server::start(Kind::Redis);
    let port = master.address().port();
    let replica = Server::start_as("redis_replica", Kind::Redis, &[&port]);
    let mut connection = Client::open(replica.url()).unwrap().get_connection().unwrap();
    let set = cmd("CONFIG").arg("SET").arg("replica-read-only").arg("no").take();
    set.exec(&mut connection).unwrap();
    let mut follows = || {
        let info: String = cmd("INFO").arg("replication").query(&mut connection).unwrap();
        info.contains("master_link_status:up")
    };
    let began = Instant::now();
    while !follows() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not follow");
        thread::sleep(Duration::from_millis(50));
    }
    let backend = Arc::new(RedisBackend::new(&replica.url()).unwrap().retry_time(Duration::ZERO));
    let refused = Arc::clone(&backend).lease("job", LeaseOptions::default()).err().unwrap();
    assert!(told(&refused).contains("the server is a replica"), "{}", told(&refused));
    cmd("REPLICAOF").arg("NO").arg("ONE").exec(&mut connection).unwrap();
    goes_on(&(backend as _), "job");
}
