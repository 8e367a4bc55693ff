//! Tests how many round trips it takes to begin a run.

use std::sync::Arc;

use safe_state::backend::mysql_async::Conn;
use safe_state::backend::redis_driver::Client;
use safe_state::backend::tokio_postgres::{self, NoTls};
use safe_state::backend::{LeaseOptions, from_url};
use safe_state_tests::Proxy;
use safe_state_tests::servers::{address, at, mysql_url, objects_url, postgres_url, redis_url};
use tokio::runtime::Runtime;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Returns the number of round trips that taking a lease and loading take, on a server that knows us, without those
/// that the driver takes to `connect`.
fn round_trips(url: &str, connect: impl Fn(&str)) -> usize {
    let proxy = Proxy::to(address(url));
    let there = at(url, proxy.address());
    connect(&there);
    let connecting = proxy.round_trips();
    let begin = |job: &str| {
        let before = proxy.round_trips();
        let backend = from_url(&there).unwrap();
        let mut lease = Arc::clone(&backend).lease(job, LeaseOptions::default()).unwrap();
        assert_eq!(lease.load(&*backend, job).unwrap(), None);
        proxy.round_trips() - before
    };
    begin("opening once");
    begin("opening twice") - connecting
}

/// Before the backends knew of poolers, replicas and stores that ignore conditions, it took 4, 13, 2 and 4. Of the
/// requests to the store, two and two are made at once.
#[test]
fn a_run_begins_with_few_round_trips() {
    let postgres = round_trips(&format!("{}?sslmode=disable", postgres_url()), |url| {
        runtime().block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            let driven = tokio::spawn(connection);
            drop(client);
            driven.await.unwrap().unwrap();
        });
    });
    let mysql = round_trips(&format!("{}?ssl-mode=disable", mysql_url()), |url| {
        let url = url.replace("ssl-mode=disable", "prefer_socket=false");
        runtime()
            .block_on(async { Conn::from_url(url).await.unwrap().disconnect().await.unwrap() });
    });
    let redis = round_trips(&redis_url(), |url| {
        Client::open(url).unwrap().get_connection().unwrap();
    });
    let objects = round_trips(&objects_url("opening"), |_| {});
    assert_eq!([postgres, mysql, redis, objects], [3, 13, 3, 7]);
}
