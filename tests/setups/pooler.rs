//! Tests `PgBouncer` between a run and PostgreSQL.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state::backend::tokio_postgres::{self, NoTls};
use safe_state::backend::{Backend, PostgresBackend};
use safe_state::{Durability, Error, Job};
use safe_state_tests::remote::{self, told};
use safe_state_tests::servers::{Kind, Server, address, postgres_url};
use safe_state_tests::storms;

use crate::{goes_on, keeps_its_promises};

fn pooler(mode: &str) -> Server {
    let server = address(&postgres_url()).port();
    // In the mode `session`, each session keeps a connection for itself, and a run has others beside that of its lease.
    let size = if mode == "session" { 30 } else { 3 };
    Server::start_as("pgbouncer", Kind::Postgres, &[&server, &mode, &size])
}

/// Returns the server's answer as text.
fn ask(url: &str, statements: &[&str]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut answer = String::new();
        for statement in statements {
            let rows = client.simple_query(statement).await.unwrap();
            answer = rows
                .iter()
                .find_map(|row| match row {
                    tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                    _ => None,
                })
                .unwrap_or_default();
        }
        answer
    })
}

fn of_prefix(url: &str, prefix: &str) -> PostgresBackend {
    PostgresBackend::new(url).unwrap().table_prefix(prefix).unwrap()
}

#[test]
fn jobs_share_the_connections_of_a_pool_of_transactions() {
    for mode in ["transaction", "session"] {
        let pooler = pooler(mode);
        let prefix = format!("pooled_{mode}");
        thread::scope(|scope| {
            for number in 0..3 {
                let backend: Arc<dyn Backend> = Arc::new(of_prefix(&pooler.url(), &prefix));
                scope.spawn(move || goes_on(&backend, &format!("job {number}")));
            }
        });
    }
}

/// Each write sets what it needs for itself, whatever others of the pool need, or have left.
#[test]
fn no_setting_leaks_from_one_job_to_another() {
    let pooler = pooler("transaction");
    let prefix = "leaks";
    of_prefix(&postgres_url(), prefix).save("first", b"a").unwrap();
    let trigger = "CREATE TABLE IF NOT EXISTS leaks_seen (job TEXT, level TEXT);
         TRUNCATE leaks_seen;
         CREATE OR REPLACE FUNCTION leaks_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO leaks_seen VALUES (NEW.job, current_setting('synchronous_commit'));
             RETURN NEW;
         END $$;
         CREATE OR REPLACE TRIGGER note BEFORE INSERT ON leaks_records
             FOR EACH ROW EXECUTE FUNCTION leaks_note()";
    ask(&postgres_url(), &[trigger]);
    // Another program of the pool leaves a setting behind.
    ask(&pooler.url(), &["SET synchronous_commit = off"]);
    thread::scope(|scope| {
        for (name, durability) in [("strong", Durability::Power), ("weak", Durability::Process)] {
            let backend = of_prefix(&pooler.url(), prefix);
            scope.spawn(move || {
                let job = Job::new(name).backend(backend).durability(durability);
                job.run(0..40, |_| Ok::<_, Error>(())).unwrap();
            });
        }
    });
    let count = |job: &str, level: &str| {
        let query =
            format!("SELECT count(*) FROM leaks_seen WHERE job = '{job}' AND level = '{level}'");
        ask(&postgres_url(), &[&query]).parse::<u64>().unwrap()
    };
    assert!(count("strong", "on") >= 40 && count("weak", "off") >= 40);
    assert_eq!((count("strong", "off"), count("weak", "on")), (0, 0));
    for _ in 0..6 {
        assert_eq!(ask(&pooler.url(), &["SHOW statement_timeout"]), "0");
    }
}

#[test]
fn a_pooler_without_transactions_is_refused_by_name() {
    let pooler = pooler("statement");
    let backend = of_prefix(&pooler.url(), "pooled_statement");
    of_prefix(&postgres_url(), "pooled_statement").save("job", b"a").unwrap();
    let error = told(&backend.save("job", b"b").unwrap_err());
    assert!(error.contains("PgBouncer") && error.contains("pool_mode = statement"), "{error}");
    assert_eq!(of_prefix(&postgres_url(), "pooled_statement").load("job").unwrap().unwrap(), b"a");
}

/// A run whose connection leads to the tables of another schema would begin from the start.
#[test]
fn a_search_path_that_others_leave_is_told() {
    let server = address(&postgres_url()).port();
    let pooler = Server::start_as("pgbouncer", Kind::Postgres, &[&server, &"transaction", &1]);
    let (direct, behind) = (of_prefix(&postgres_url(), "paths"), of_prefix(&pooler.url(), "paths"));
    let behind = Arc::new(behind.retry_time(Duration::ZERO));
    behind.save("job", b"saved").unwrap();
    ask(&postgres_url(), &["CREATE SCHEMA IF NOT EXISTS tenant"]);
    let mut run = crate::lease(&(Arc::clone(&behind) as _), "job");
    run.save(b"saved").unwrap();

    ask(&pooler.url(), &["SET search_path = tenant"]);
    let refused = told(&run.save(b"new").unwrap_err());
    assert!(refused.contains("`search_path`"), "{refused}");
    drop(run);
    ask(&postgres_url(), &["UPDATE paths_jobs SET holder = NULL"]);
    let refused = told(&behind.save("job", b"new").unwrap_err());
    assert!(refused.contains("`search_path`"), "{refused}");
    let made = "SELECT count(*) FROM pg_tables WHERE schemaname = 'tenant'";
    assert_eq!(ask(&postgres_url(), &[made]), "0");
    assert_eq!(direct.load("job").unwrap().unwrap(), b"saved");
}

/// A pooler closes a server's connection whose client leaves before the server has answered to the end, and opens another.
#[test]
fn a_client_that_leaves_costs_the_pool_no_connection() {
    let server = address(&postgres_url()).port();
    let pooler = Server::start_as("pgbouncer", Kind::Postgres, &[&server, &"transaction", &1]);
    let behind = of_prefix(&pooler.url(), "leaving").retry_time(Duration::ZERO);
    behind.save("job", b"saved").unwrap();
    let of_server = || ask(&pooler.url(), &["SELECT pg_backend_pid()"]);
    let (first, behind) = (of_server(), Arc::new(behind));
    ask(&postgres_url(), &["ALTER TABLE leaving_records RENAME COLUMN record TO hidden"]);
    for _ in 0..50 {
        let mut run = crate::lease(&(Arc::clone(&behind) as _), "job");
        told(&run.save(b"new").unwrap_err());
    }
    assert_eq!(of_server(), first);
}

#[test]
fn a_search_path_that_a_pooler_ignores_is_told() {
    let server = address(&postgres_url()).port();
    let ignoring =
        Server::start_as("pgbouncer", Kind::Postgres, &[&server, &"transaction", &3, &"options"]);
    ask(&postgres_url(), &["CREATE SCHEMA IF NOT EXISTS billing"]);
    let options = "?options=-c%20search_path%3Dbilling";
    let here = of_prefix(&(postgres_url() + options), "ignored");
    here.save("job", b"a").unwrap();
    assert_eq!(here.load("job").unwrap().unwrap(), b"a");
    let ignored = of_prefix(&(ignoring.url() + options), "ignored").retry_time(Duration::ZERO);
    for refused in [ignored.load("job").unwrap_err(), ignored.save("job", b"b").unwrap_err()] {
        let refused = told(&refused);
        assert!(refused.contains("`search_path` is `billing`"), "{refused}");
    }
}

#[test]
fn postgres_keeps_its_promises_behind_a_pooler() {
    let server = Server::start(Kind::Postgres);
    let pooler = Server::start_as(
        "pgbouncer",
        Kind::Postgres,
        &[&server.address().port(), &"transaction", &3],
    );
    let (direct, url) = (server.url(), pooler.url());
    keeps_its_promises([&url; 2], move |job| {
        let lapse = "UPDATE suite_jobs SET ends = now() WHERE job = ";
        ask(&direct, &[&format!("{lapse} '{job}'")]);
    });
    if storms::times() > 1 {
        remote::partition_storm(&url);
    }
}
