//! Tests `postgres::Client`.

use std::path::Path;

use postgres::{Client, NoTls};
use safe_state::reconnect::ReconnectRegistry;
use safe_state::resumable;
use safe_state_drivers::{Stop, by_postgres, openers, run};
use safe_state_tests::servers::{Kind, Server, postgres_url};

use crate::{finishes, holds_no_password, interrupted_is_as_uninterrupted, refused};

#[test]
fn rows_are_there_once() {
    interrupted_is_as_uninterrupted("postgres", &postgres_url());
}

#[test]
fn a_server_may_start_again_between_two_runs() {
    let mut server = Server::start(Kind::Postgres);
    let dir = tempfile::tempdir().unwrap();
    run("postgres", dir.path(), &server.url(), Stop::Fail(5)).unwrap_err();
    holds_no_password(dir.path(), &server.url());
    server.kill();
    let down = run("postgres", dir.path(), &server.url(), Stop::Never);
    refused(down, "the opener registered for `postgres::client::Client` failed");
    server.restart();
    finishes("postgres", dir.path(), &server.url());
}

#[test]
fn without_an_opener_no_item_runs() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = ReconnectRegistry::default();
    let result = by_postgres(dir.path(), &postgres_url(), &nothing, Stop::Fail(0));
    refused(result, "register_opener::<postgres::client::Client>(|_| ..)` before the job");
}

#[test]
fn another_database_is_refused() {
    // Every cluster has this database.
    let other = postgres_url().replace("/safe_state", "/postgres");
    let dir = tempfile::tempdir().unwrap();
    run("postgres", dir.path(), &postgres_url(), Stop::Fail(1)).unwrap_err();
    let resumed = run("postgres", dir.path(), &other, Stop::Never);
    refused(resumed, "this is the PostgreSQL database `postgres` of the cluster");

    let elsewhere = Server::start(Kind::Postgres);
    let resumed = run("postgres", dir.path(), &elsewhere.url(), Stop::Never);
    refused(resumed, "this is the PostgreSQL database `safe_state` of the cluster");
    finishes("postgres", dir.path(), &postgres_url());
}

#[resumable(name = "any", state_dir = dir, reconnect(client), registry = registry)]
fn touch(
    dir: &Path,
    client: &mut Client,
    registry: &ReconnectRegistry,
    each: &str,
) -> anyhow::Result<()> {
    for _ in 0..2 {
        client.batch_execute(each)?;
    }
    Ok(())
}

#[test]
fn an_open_transaction_is_no_complete_item() {
    let dir = tempfile::tempdir().unwrap();
    let registry = openers(&postgres_url());
    let connect = || Client::connect(&postgres_url(), NoTls).unwrap();
    let open = touch(dir.path(), &mut connect(), &registry, "BEGIN");
    refused(open, "a PostgreSQL transaction is open");
    touch(dir.path(), &mut connect(), &registry, "BEGIN; COMMIT").unwrap();
}
