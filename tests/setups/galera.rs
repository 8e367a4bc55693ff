//! Tests two nodes of MariaDB with Galera, of which one is late.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state::backend::mysql_async::prelude::Queryable;
use safe_state::backend::mysql_async::{Conn, Error as DriverError, Value};
use safe_state::backend::{Backend, Error, MySqlBackend};
use safe_state::commit::{Dialect, Parameter, Statement};
use safe_state_backends::Save;
use safe_state_tests::Proxy;
use safe_state_tests::servers::{Kind, Server, free_ports};
use safe_state_tests::storms;
use tokio::runtime::Runtime;

use crate::{goes_on, held, holds, keeps_its_promises, lease};

/// The error of a transaction that has written what another node has written before it.
const CONFLICTS: u16 = 1213;
/// The error of a NULL in a column that does not accept it.
const IS_NULL: u16 = 1048;

/// Starts the nodes of a cluster, one after the other.
fn cluster() -> [Server; 2] {
    let first = free_ports(8);
    let start = |own: u16| Server::start_as("galera", Kind::MySql, &[&own, &first]);
    [start(first), start(first + 4)]
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn execute(url: &str, statements: &[&str]) {
    runtime().block_on(async {
        let mut conn = Conn::from_url(url).await.unwrap();
        for statement in statements {
            conn.query_drop(*statement).await.unwrap();
        }
        conn.disconnect().await.unwrap();
    });
}

fn backend(node: &Server) -> Arc<dyn Backend> {
    Arc::new(MySqlBackend::new(&node.url()).unwrap().lease_time(Duration::from_secs(600)))
}

/// Makes `node` apply nothing of what is written on `other` for `time`, as a backup's lock does, and calls `work`
/// meanwhile.
fn late<T>(node: &Server, other: &Server, time: Duration, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let locked = scope.spawn(|| {
            let sleep = format!("SELECT SLEEP({})", time.as_secs_f64());
            execute(&node.url(), &["FLUSH TABLES other WITH READ LOCK", &sleep, "UNLOCK TABLES"]);
        });
        thread::sleep(Duration::from_millis(200));
        execute(&other.url(), &["UPDATE other SET v = v + 1"]);
        let done = work();
        locked.join().unwrap();
        done
    })
}

/// A node that applies nothing of what is written on another, until it is released.
struct HeldUp {
    runtime: Runtime,
    lock: Conn,
}

impl HeldUp {
    fn by_lock(node: &Server, other: &Server) -> Self {
        let runtime = runtime();
        let mut lock = runtime.block_on(Conn::from_url(node.url())).unwrap();
        runtime.block_on(lock.query_drop("FLUSH TABLES other WITH READ LOCK")).unwrap();
        execute(&other.url(), &["UPDATE other SET v = v + 1"]);
        HeldUp { runtime, lock }
    }

    fn release(mut self) {
        self.runtime.block_on(self.lock.query_drop("UNLOCK TABLES")).unwrap();
        self.runtime.block_on(self.lock.disconnect()).unwrap();
    }
}

/// Waits until a transaction is being committed on a node.
fn await_commit(node: &Server) {
    let under_way = "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'COMMIT'";
    runtime().block_on(async {
        let mut conn = Conn::from_url(node.url()).await.unwrap();
        while conn.query_first(under_way).await.unwrap() != Some(1) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        conn.disconnect().await.unwrap();
    });
}

/// Waits until a node has applied what was written on the others.
fn catch_up(node: &Server) {
    execute(&node.url(), &["SET SESSION wsrep_sync_wait = 1", "SELECT v FROM other"]);
}

/// Runs statements in a transaction of the program's own, and commits it.
fn commit(url: &str, list: &[Statement]) -> Result<(), DriverError> {
    runtime().block_on(async {
        let mut conn = Conn::from_url(url).await?;
        conn.query_drop("START TRANSACTION").await?;
        for statement in list {
            let values = statement.parameters.iter().map(|value| match value {
                Parameter::Integer(value) => Value::from(*value),
                Parameter::Text(value) => Value::from(value),
                Parameter::Bytes(value) => Value::from(value),
            });
            conn.exec_drop(&statement.text, values.collect::<Vec<_>>()).await?;
        }
        conn.query_drop("COMMIT").await?;
        conn.disconnect().await
    })
}

/// The cluster takes seconds to start, so one test checks all of its promises.
#[test]
fn a_cluster_keeps_what_one_server_does() {
    let [first, second] = cluster();
    execute(&first.url(), &["CREATE TABLE other (v INT)", "INSERT INTO other VALUES (0)"]);
    thread::sleep(Duration::from_millis(300));
    for node in [&first, &second] {
        goes_on(&backend(node), "either");
    }
    // Each connection leads to another node.
    let ports = [first.address().port(), second.address().port()];
    let balancer = Server::start_as("haproxy", Kind::MySql, &[&"60000", &ports[0], &ports[1]]);
    goes_on(&backend(&balancer), "balanced");
    a_late_node_gives_what_was_saved(&first, &second);
    a_late_node_takes_a_lease_up_again(&first, &second);
    a_zombie_on_a_late_node_saves_nothing(&first, &second);
    a_zombie_on_a_late_node_commits_nothing(&first, &second);
    let there = second.url();
    // The lease ends on the other node, and this node hears of it.
    keeps_its_promises([&first.url(), &second.url()], move |job| {
        let lapse = "UPDATE suite_jobs SET ends = UTC_TIMESTAMP(6) WHERE job =";
        execute(&there, &[&format!("{lapse} '{job}'")]);
        thread::sleep(Duration::from_millis(300));
    });
    if storms::times() > 1 {
        holds([&balancer.url(); 2]);
        a_frozen_majority_is_waited_for(&first, &second);
    }
}

fn a_late_node_gives_what_was_saved(first: &Server, second: &Server) {
    let (here, there) = (backend(first), backend(second));
    let mut run = lease(&here, "late");
    run.save(b"a").unwrap();
    late(second, first, Duration::from_secs(1), || {
        for _ in 0..20 {
            run.append(b"b").unwrap();
        }
        drop(run);
        let expected = [&b"a"[..], &[b'b'; 20]].concat();
        assert_eq!(there.load("late").unwrap().unwrap(), expected, "it was looked at");
        assert_eq!(held(&there, "late").unwrap(), expected, "a run began");
    });
}

/// What is between may lead a new connection to another node, which has not heard of the lease yet.
fn a_late_node_takes_a_lease_up_again(first: &Server, second: &Server) {
    let between = Proxy::to(first.address());
    let [own, there] = [first.address(), between.address()].map(|address| address.to_string());
    let url = first.url().replace(&own, &there);
    let backend: Arc<dyn Backend> = Arc::new(MySqlBackend::new(&url).unwrap());
    late(second, first, Duration::from_secs(1), || {
        let mut run = lease(&backend, "taken up");
        between.lead_to(second.address());
        run.save(b"a").unwrap();
    });
    assert_eq!(held(&backend, "taken up").unwrap(), b"a");
}

/// Ends a lease on a node, as if its time had ended it.
fn lapse(url: &str, job: &str) {
    let lapse = format!("UPDATE safe_state_jobs SET ends = UTC_TIMESTAMP(6) WHERE job = '{job}'");
    execute(url, &[&lapse]);
}

fn a_zombie_on_a_late_node_saves_nothing(first: &Server, second: &Server) {
    let (here, there) = (backend(first), backend(second));
    let mut zombie = lease(&here, "zombie");
    zombie.save(b"a").unwrap();
    thread::sleep(Duration::from_millis(200));
    let heir = late(first, second, Duration::from_secs(1), || {
        lapse(&second.url(), "zombie");
        let mut heir = lease(&there, "zombie");
        heir.save(b"heir").unwrap();
        let lost = zombie.append(b"b").and_then(|_| zombie.save(b"ab"));
        assert!(matches!(lost, Err(Error::LeaseLost { .. })), "{lost:?}");
        heir
    });
    drop((zombie, heir));
    assert_eq!(held(&here, "zombie").unwrap(), b"heir");
}

/// A node that has not heard of the heir lets the statements pass, and refuses the commit. A node that has heard of it refuses the
/// statement.
fn a_zombie_on_a_late_node_commits_nothing(first: &Server, second: &Server) {
    let (here, there) = (backend(first), backend(second));
    let refused = |statements: &[Statement]| match commit(&first.url(), statements) {
        Err(DriverError::Server(refused)) => refused.code,
        other => panic!("{other:?}"),
    };
    for save in [Save::Record(b"b"), Save::Whole(b"ab")] {
        let mut zombie = lease(&here, "committed");
        zombie.save(b"a").unwrap();
        let given = zombie.statements(save, Dialect::MySql).unwrap().unwrap();
        catch_up(second);
        let first_is_late = HeldUp::by_lock(first, second);
        lapse(&second.url(), "committed");
        let mut heir = lease(&there, "committed");
        heir.save(b"heir").unwrap();
        let code = thread::scope(|scope| {
            let code = scope.spawn(|| refused(&given.list));
            await_commit(first);
            first_is_late.release();
            code.join().unwrap()
        });
        assert_eq!(code, CONFLICTS);
        catch_up(first);
        assert_eq!(refused(&given.list), IS_NULL);
        drop((zombie, heir));
        assert_eq!(held(&here, "committed").unwrap(), b"heir");
    }
}

/// Checks that a run waits while its node is alone and takes no writes, and goes on when the other node is back.
fn a_frozen_majority_is_waited_for(first: &Server, second: &Server) {
    let signal = |name: &str| {
        let kill = format!("kill -{name} {}", second.pid());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    };
    let alone = backend(first);
    let mut run = lease(&alone, "alone");
    run.save(b"a").unwrap();
    signal("STOP");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_secs(10));
            signal("CONT");
        });
        for number in 0..20 {
            if run.append(b"b").unwrap() == safe_state::backend::Appended::No {
                run.save(format!("{number}").as_bytes()).unwrap();
            }
            thread::sleep(Duration::from_millis(500));
        }
    });
}
