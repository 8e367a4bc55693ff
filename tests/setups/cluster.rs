//! Tests Redis Cluster: three masters, and a slot that is moved.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::redis_driver::{Client, Connection, FromRedisValue, cmd};
use safe_state::backend::{Appended, Backend, RedisBackend};
use safe_state::{Error, Job};
use safe_state_tests::Ran;
use safe_state_tests::servers::{Kind, Server};

use crate::{goes_on, held, keeps_its_promises, lease};

/// The hash tag of all keys, which puts them into one slot.
const KEYS: &str = "{safe_state}";
const SLOTS: u16 = 16384;

fn connection(node: &Server) -> Connection {
    Client::open(node.url()).unwrap().get_connection().unwrap()
}

fn ask<T: FromRedisValue>(node: &Server, words: &[&str]) -> T {
    cmd(words[0]).arg(&words[1..]).query(&mut connection(node)).unwrap()
}

fn tell(node: &Server, words: &[&str]) {
    let _: safe_state::backend::redis_driver::Value = ask(node, words);
}

fn cluster() -> [Server; 3] {
    let nodes = [(); 3].map(|()| Server::start_as("redis_node", Kind::Redis, &[]));
    for (number, node) in (0_u16..).zip(&nodes) {
        let end = if number == 2 { SLOTS - 1 } else { (number + 1) * (SLOTS / 3) - 1 };
        let (first, last) = ((number * (SLOTS / 3)).to_string(), end.to_string());
        tell(node, &["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        tell(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        let port = nodes[0].address().port().to_string();
        tell(node, &["CLUSTER", "MEET", "127.0.0.1", &port]);
    }
    let is_up = |node: &Server| {
        let info: String = ask(node, &["CLUSTER", "INFO"]);
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
    };
    until("it does not come up", || nodes.iter().all(is_up));
    nodes
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Returns the nodes, with the node that has the keys as the first.
fn owner_first(mut nodes: [Server; 3]) -> [Server; 3] {
    let has_them = |node: &Server| {
        let asked = cmd("GET").arg(KEYS).query::<Option<String>>(&mut connection(node));
        asked.is_ok()
    };
    let owner = nodes.iter().position(has_them).unwrap();
    nodes.swap(0, owner);
    nodes
}

fn backend(node: &Server) -> Arc<dyn Backend> {
    Arc::new(RedisBackend::new(&node.url()).unwrap())
}

struct Move<'n> {
    from: &'n Server,
    to: &'n Server,
    slot: String,
}

impl<'n> Move<'n> {
    fn begin(from: &'n Server, to: &'n Server) -> Self {
        let id = |node| ask::<String>(node, &["CLUSTER", "MYID"]);
        let slot: u16 = ask(from, &["CLUSTER", "KEYSLOT", KEYS]);
        let slot = slot.to_string();
        tell(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(from)]);
        tell(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(to)]);
        Move { from, to, slot }
    }

    fn keys(&self) -> Vec<String> {
        ask(self.from, &["CLUSTER", "GETKEYSINSLOT", &self.slot, "1000"])
    }

    fn take(&self, key: &str) {
        let (to, password) = (self.to.address(), self.to.url());
        let password = password.split([':', '@']).nth(2).unwrap();
        let port = to.port().to_string();
        tell(self.from, &["MIGRATE", "127.0.0.1", &port, key, "0", "5000", "AUTH", password]);
    }

    fn end(self) {
        self.keys().iter().for_each(|key| self.take(key));
        let id: String = ask(self.to, &["CLUSTER", "MYID"]);
        for node in [self.to, self.from] {
            tell(node, &["CLUSTER", "SETSLOT", &self.slot, "NODE", &id]);
        }
    }
}

#[test]
fn a_cluster_is_found_by_any_of_its_nodes_and_followed() {
    let nodes = owner_first(cluster());
    for node in &nodes {
        goes_on(&backend(node), "any node");
    }
    let [owner, next, _] = &nodes;
    let mut run = lease(&backend(next), "moved");
    run.save(b"a").unwrap();
    run.append(b"b").unwrap();
    for node in &nodes {
        assert_eq!(backend(node).list().unwrap(), ["moved"]);
        assert!(backend(node).holder("moved").unwrap().is_some());
    }

    // While keys are moved, nothing that was saved is lost, and new saves go to the right node.
    let moving = Move::begin(owner, next);
    run.append(b"c").unwrap();
    run.save(b"abcd").unwrap();
    assert_eq!(backend(owner).load("moved").unwrap().unwrap(), b"abcd");
    let mut new = lease(&backend(owner), "begun in the move");
    moving.take("{safe_state}:lease:moved");
    moving.take("{safe_state}:checkpoint:moved");
    let mut record = |bytes: &[u8], whole: &[u8]| match run.append(bytes).unwrap() {
        Appended::Yes => {}
        Appended::No => run.save(whole).unwrap(),
    };
    record(b"e", b"abcde");
    for node in &nodes {
        assert_eq!(backend(node).list().unwrap(), ["moved"]);
        assert_eq!(backend(node).load("moved").unwrap().unwrap(), b"abcde");
    }
    // A run that has a lease and has saved nothing waits for the end of the move.
    thread::scope(|scope| {
        let saving = scope.spawn(|| new.save(b"new").unwrap());
        thread::sleep(Duration::from_millis(200));
        moving.end();
        saving.join().unwrap();
    });
    drop(new);
    record(b"f", b"abcdef");
    record(b"g", b"abcdefg");
    drop(run);
    for node in &nodes {
        assert_eq!(held(&backend(node), "moved").unwrap(), b"abcdefg");
        assert_eq!(backend(node).list().unwrap(), ["begun in the move", "moved"]);
    }
    let urls = [0, 1, 2].map(|number| nodes[number].url());
    let [first, second, _] = urls.clone();
    keeps_its_promises([&first, &second], move |job| {
        // Only the node that has the key accepts the command.
        let told = urls.iter().filter(|url| {
            let mut connection = Client::open(url.as_str()).unwrap().get_connection().unwrap();
            let lease = format!("{{suite}}:lease:{job}");
            cmd("HSET").arg(lease).arg("ends").arg(0).exec(&mut connection).is_ok()
        });
        assert_eq!(told.count(), 1);
    });
}

#[test]
fn a_run_goes_on_with_the_replica_that_takes_over_in_a_cluster() {
    let [mut owner, next, third] = owner_first(cluster());
    let replica = Server::start_as("redis_node", Kind::Redis, &[]);
    let port = next.address().port().to_string();
    tell(&replica, &["CLUSTER", "MEET", "127.0.0.1", &port]);
    let id: String = ask(&owner, &["CLUSTER", "MYID"]);
    until("they do not meet", || {
        let known: String = ask(&replica, &["CLUSTER", "NODES"]);
        known.contains(&id)
    });
    // The node may not have heard yet that the other is a master.
    let replicate = cmd("CLUSTER").arg("REPLICATE").arg(&id).take();
    until("it is no replica", || replicate.exec(&mut connection(&replica)).is_ok());
    until("it does not follow", || {
        let info: String = ask(&replica, &["INFO", "replication"]);
        info.contains("master_link_status:up")
    });
    // The other masters have to know that it is one's replica.
    until("it is not known", || {
        [&next, &third].iter().all(|node| {
            let nodes: String = ask(node, &["CLUSTER", "NODES"]);
            nodes.lines().any(|line| line.contains("slave") && line.contains(&id))
        })
    });
    let (job, ran) = (Job::new("taken over").backend(backend(&next)), Ran::default());
    let done = job.run(0..6_u64, |item| {
        ran.note(item);
        if item == 3 {
            owner.kill();
        }
        Ok::<_, Error>(())
    });
    done.unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(backend(&third).list().unwrap(), [""; 0]);
}
