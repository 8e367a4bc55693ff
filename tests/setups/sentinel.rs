//! Tests Redis with a replica, and Sentinel, which makes the replica the master.

use std::cell::RefCell;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::redis_driver::{Client, cmd};
use safe_state::backend::{Appended, Backend, LeaseOptions, RedisBackend, from_url};
use safe_state::{Error, Job};
use safe_state_tests::Ran;
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server, redis_url};

use crate::{holds, keeps_its_promises, lease};

fn tell(url: &str, words: &[&str]) {
    let mut connection = Client::open(url).unwrap().get_connection().unwrap();
    cmd(words[0]).arg(&words[1..]).exec(&mut connection).unwrap();
}

fn info(server: &Server) -> String {
    let mut connection = Client::open(server.url()).unwrap().get_connection().unwrap();
    cmd("INFO").arg("replication").query(&mut connection).unwrap()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Starts a master, its replica, and one Sentinel that watches both. Returns them with the URL of the Sentinel, without
/// the name of the master.
fn watched() -> ([Server; 2], Server, String) {
    let master = Server::start(Kind::Redis);
    let port = master.address().port();
    let replica = Server::start_as("redis_replica", Kind::Redis, &[&port]);
    wait_until("it does not follow", || info(&replica).contains("master_link_status:up"));
    let sentinel = Server::start_as("sentinel", Kind::Redis, &[&port]);
    let asking = format!("redis://{}", sentinel.address());
    let knows_it = || {
        let mut connection = Client::open(asking.as_str()).unwrap().get_connection().unwrap();
        let replicas =
            cmd("SENTINEL").arg("REPLICAS").arg("main").query::<Vec<Vec<String>>>(&mut connection);
        replicas.is_ok_and(|replicas| !replicas.is_empty())
    };
    wait_until("it does not know the replica", knows_it);
    let password = redis_url().split([':', '@']).nth(2).unwrap().to_owned();
    let url = format!("redis+sentinel://default:{password}@127.0.0.1:1,{}", sentinel.address());
    ([master, replica], sentinel, url)
}

#[test]
fn a_run_goes_on_with_the_replica_that_is_promoted() {
    let ([master, replica], _sentinel, asked) = watched();

    // A replica may be read, and no run may begin on it.
    let by_replica = RedisBackend::new(&replica.url()).unwrap().retry_time(Duration::ZERO);
    assert_eq!(by_replica.load("job").unwrap(), None);
    let refused = told(&by_replica.save("job", b"a").unwrap_err());
    assert!(refused.contains("the server is a replica"), "{refused}");

    let url = format!("{asked}/main/0");
    let (job, ran) = (Job::new("promoted").backend(url.as_str()), Ran::default());
    let master = RefCell::new(master);
    let done = job.run(0..6, |item| {
        ran.note(item);
        if item == 3 {
            master.borrow_mut().kill();
        }
        Ok::<_, Error>(())
    });
    done.unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3, 4, 5]);
    assert!(info(&replica).contains("role:master"));
    assert!(job.peek_checkpoint().unwrap().is_none());
    let none = format!("{asked}/other");
    let error = told(&from_url(&none).unwrap().save("job", b"a").unwrap_err());
    assert!(error.contains("knows no master of that name"), "{error}");
}

fn signal(server: &Server, name: &str) {
    let kill = format!("kill -{name} {}", server.pid());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// A failover loses what the replica does not have, though it was acknowledged. A run in progress saves it again.
#[test]
fn a_run_in_progress_makes_up_what_a_failover_has_lost() {
    let ([mut master, replica], _sentinel, asked) = watched();
    let backend = from_url(&format!("{asked}/main/0")).unwrap();
    let mut run = lease(&backend, "job");
    run.save(b"a").unwrap();
    let by_replica = || from_url(&replica.url()).unwrap().load("job").unwrap();
    wait_until("it is behind", || by_replica().is_some());
    signal(&replica, "STOP");
    // More than the network holds.
    let record = vec![b'b'; 16 << 20];
    assert_eq!(run.append(&record).unwrap(), Appended::Yes);
    master.kill();
    signal(&replica, "CONT");
    wait_until("it is not promoted", || info(&replica).contains("role:master"));
    assert_eq!(by_replica().unwrap(), b"a");
    let whole = [b"a", &record[..]].concat();
    run.save(&whole).unwrap();
    assert!(backend.load("job").unwrap().unwrap() == whole);
}

/// Servers may have other settings than the one that took the first lease.
#[test]
fn a_replica_that_removes_keys_is_refused_when_it_is_promoted() {
    let ([mut master, replica], _sentinel, asked) = watched();
    for set in [["maxmemory", "1gb"], ["maxmemory-policy", "allkeys-lru"]] {
        tell(&replica.url(), &["CONFIG", "SET", set[0], set[1]]);
    }
    let backend = from_url(&format!("{asked}/main/0")).unwrap();
    let mut run = lease(&backend, "job");
    run.save(b"a").unwrap();
    master.kill();
    let refused = [run.save(b"b").unwrap_err(), backend.save("other", b"c").unwrap_err()];
    for refused in refused {
        let refused = told(&refused);
        assert!(refused.contains("`maxmemory-policy` is `allkeys-lru`"), "{refused}");
    }
}

#[test]
fn redis_keeps_its_promises_behind_sentinel() {
    // After a failover, the first master stays behind, because it knows no password for the new one.
    let ([master, replica], sentinel, asked) = watched();
    let url = format!("{asked}/main/0");
    // On a busy machine, Sentinel would take a master that is slow for one that is down, and saves would be lost.
    let asking = format!("redis://{}", sentinel.address());
    tell(&asking, &["SENTINEL", "SET", "main", "down-after-milliseconds", "600000"]);
    let direct = master.url();
    keeps_its_promises([&url; 2], move |job| {
        tell(&direct, &["HSET", &format!("{{suite}}:lease:{job}"), "ends", "0"]);
    });
    // Redis loses what is saved on the first master before Sentinel names the other one, so the test waits for that.
    tell(&asking, &["SENTINEL", "FAILOVER", "main"]);
    let is_named = || {
        let mut connection = Client::open(asking.as_str()).unwrap().get_connection().unwrap();
        let named: (String, u16) = cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg("main")
            .query(&mut connection)
            .unwrap();
        named.1 == replica.address().port()
    };
    wait_until("it is not promoted", || info(&replica).contains("role:master") && is_named());
    holds([&url; 2]);
}

#[test]
fn too_few_replicas_may_pass() {
    let server = Server::start(Kind::Redis);
    let backend: Arc<dyn Backend> = Arc::new(RedisBackend::new(&server.url()).unwrap());
    let mut run = lease(&backend, "job");
    run.save(b"a").unwrap();
    tell(&server.url(), &["CONFIG", "SET", "min-replicas-to-write", "1"]);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(500));
            tell(&server.url(), &["CONFIG", "SET", "min-replicas-to-write", "0"]);
        });
        assert_eq!(run.append(b"b").unwrap(), Appended::No);
        run.save(b"ab").unwrap();
        let second = Arc::clone(&backend).lease("job", LeaseOptions::default());
        assert!(second.is_err(), "it is held");
    });
    assert_eq!(backend.load("job").unwrap().unwrap(), b"ab");
}
