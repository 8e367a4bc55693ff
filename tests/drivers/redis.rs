//! Tests `redis::Client` and `redis::Connection`.

use safe_state::reconnect::{Reconnect, ReconnectRegistry};
use safe_state_drivers::{Stop, by_redis, by_redis_connection, run};
use safe_state_tests::servers::{Kind, Server, redis_url};

use crate::{finishes, holds_no_password, interrupted_is_as_uninterrupted, refused};

#[test]
fn items_are_there_once() {
    interrupted_is_as_uninterrupted("redis", &redis_url());
    interrupted_is_as_uninterrupted("redis-connection", &redis_url());
}

#[test]
fn a_server_may_start_again_between_two_runs() {
    let mut server = Server::start(Kind::Redis);
    for driver in ["redis", "redis-connection"] {
        let dir = tempfile::tempdir().unwrap();
        run(driver, dir.path(), &server.url(), Stop::Fail(5)).unwrap_err();
        holds_no_password(dir.path(), &server.url());
        server.kill();
        let down = run(driver, dir.path(), &server.url(), Stop::Never);
        refused(down, "onnection refused");
        server.restart();
        finishes(driver, dir.path(), &server.url());
    }
}

#[test]
fn a_client_without_a_password_needs_no_opener() {
    let server = Server::start(Kind::Redis);
    let mut client = redis::Client::open(server.url()).unwrap();
    redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").exec(&mut client).unwrap();
    let open = format!("redis://{}/3?protocol=resp3", server.address());
    let dir = tempfile::tempdir().unwrap();
    let nothing = ReconnectRegistry::default();
    by_redis(dir.path(), &open, &nothing, Stop::Fail(4)).unwrap_err();
    by_redis(dir.path(), &open, &nothing, Stop::Never).unwrap();

    let mut client = redis::Client::open(open).unwrap();
    let meta = client.extract().unwrap();
    assert_eq!(meta.database(), 3);
    assert_eq!(redis::Client::reconnect(meta.clone()).unwrap().extract().unwrap(), meta);
}

#[test]
fn without_an_opener_no_item_runs() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = ReconnectRegistry::default();
    let client = by_redis(dir.path(), &redis_url(), &nothing, Stop::Fail(0));
    refused(client, "register_opener::<redis::client::Client>(|_| ..)` before the job");
    let connection = by_redis_connection(dir.path(), &redis_url(), &nothing, Stop::Fail(0));
    refused(connection, "register_opener::<redis::connection::Connection>(|_| ..)` before the job");
}

#[test]
fn another_database_is_refused() {
    let other = redis_url().replace("/0", "/1");
    for driver in ["redis", "redis-connection"] {
        let dir = tempfile::tempdir().unwrap();
        run(driver, dir.path(), &redis_url(), Stop::Fail(1)).unwrap_err();
        let resumed = run(driver, dir.path(), &other, Stop::Never);
        refused(resumed, "this is database 1 of Redis, but it was 0");
        finishes(driver, dir.path(), &redis_url());
    }
}
