//! Tests `HAProxy` in front of the servers: it cuts idle connections, and may lead each connection to another server.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state::backend::{Backend, PostgresBackend, RedisBackend, from_url};
use safe_state::{Error, Job, Results, resumable, step};
use safe_state_tests::Ran;
use safe_state_tests::servers::{Kind, Server, address, mysql_url, postgres_url, redis_url};
use safe_state_tests::{remote, storms};

use crate::standby::replicated;
use crate::{WORKER, goes_on, held, lease};

const PATIENT: &str = "60000";

fn balancer(kind: Kind, idle: &str, servers: &[u16]) -> Server {
    let mut more: Vec<&dyn std::fmt::Display> = vec![&idle];
    more.extend(servers.iter().map(|port| port as &dyn std::fmt::Display));
    Server::start_as("haproxy", kind, &more)
}

/// Every save finds its connection cut, and no save is lost or counts twice.
#[test]
fn items_that_take_longer_than_a_connection_may_be_idle_are_saved() {
    let kinds =
        [(Kind::Postgres, postgres_url()), (Kind::MySql, mysql_url()), (Kind::Redis, redis_url())];
    thread::scope(|scope| {
        for (kind, url) in kinds {
            scope.spawn(move || {
                let between = balancer(kind, "500", &[address(&url).port()]);
                let (job, ran) = (Job::new("idle").backend(between.url()), Ran::default());
                for fails_at in [Some(2), None] {
                    let done = job.run(0..5_u64, |item| {
                        ran.note(item);
                        thread::sleep(Duration::from_millis(1200));
                        anyhow::ensure!(Some(item) != fails_at, "asked to fail");
                        Ok(())
                    });
                    assert_eq!(done.is_ok(), fails_at.is_none(), "{kind:?}: {done:?}");
                }
                assert_eq!(ran.take(), [0, 1, 2, 2, 3, 4], "{kind:?}");
                let direct = from_url(&url).unwrap();
                assert_eq!(direct.load("idle").unwrap(), None, "{kind:?}");
            });
        }
    });
}

/// The standby is behind. A lease that reaches it is refused there, and tried again.
#[test]
fn a_run_begins_with_the_primarys_state_behind_a_balancer() {
    let (primary, standby) = replicated("5s");
    let ports = [primary.address().port(), standby.address().port()];
    let between = balancer(Kind::Postgres, PATIENT, &ports);
    let backend: Arc<dyn Backend> = Arc::new(PostgresBackend::new(&between.url()).unwrap());
    for number in 0..3 {
        let name = format!("turn {number}");
        let mut run = lease(&backend, &name);
        run.save(b"a").unwrap();
        run.append(b"b").unwrap();
        drop(run);
        assert_eq!(held(&backend, &name).unwrap(), b"ab");
        goes_on(&backend, &format!("turns {number}"));
    }
    if storms::times() > 1 {
        remote::lost_lease(WORKER, &between.url());
    }
}

#[resumable(
    name = "shared", shared, slices = 4, backend = Arc::clone(backend), carry(texts), fresh(backend, ran)
)]
fn shared(backend: &Arc<dyn Backend>, ran: &Ran) -> anyhow::Result<(u64, Vec<String>)> {
    let number: u64 = step!("number", {
        ran.note(100);
        7
    });
    let mut texts = Results::new();
    for item in 0..8_u64 {
        ran.note(item);
        // More than what the head of the job takes.
        texts.push(item.to_string().repeat(200_000));
    }
    Ok((number, texts.into()))
}

#[test]
fn workers_decide_by_what_the_primary_has_though_each_connection_goes_elsewhere() {
    let (primary, standby) = replicated("5s");
    let ports = [primary.address().port(), standby.address().port()];
    let between = balancer(Kind::Postgres, PATIENT, &ports);
    let backend: Arc<dyn Backend> = Arc::new(PostgresBackend::new(&between.url()).unwrap());
    let ran = Ran::default();
    let first = shared(&backend, &ran).unwrap();
    let mut done = ran.take();
    done.sort_unstable();
    assert_eq!(done, [0, 1, 2, 3, 4, 5, 6, 7, 100]);
    for _ in 0..2 {
        assert!(shared(&backend, &ran).unwrap() == first);
        assert_eq!(ran.take(), [0; 0]);
    }
}

#[test]
fn a_run_begins_on_the_master_though_each_connection_goes_elsewhere() {
    let master = Server::start(Kind::Redis);
    let port = master.address().port();
    let replica = Server::start_as("redis_replica", Kind::Redis, &[&port]);
    let between = balancer(Kind::Redis, PATIENT, &[port, replica.address().port()]);
    let backend: Arc<dyn Backend> = Arc::new(RedisBackend::new(&between.url()).unwrap());
    for number in 0..3 {
        let name = format!("turn {number}");
        let mut run = lease(&backend, &name);
        run.save(b"a").unwrap();
        run.append(b"b").unwrap();
        drop(run);
        assert_eq!(held(&backend, &name).unwrap(), b"ab");
        let job = Job::new(name.as_str()).backend(Arc::clone(&backend));
        job.clear_checkpoint().unwrap();
        job.run(0..5_u64, |_| Ok::<_, Error>(())).unwrap();
    }
}
