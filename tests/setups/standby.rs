//! Tests PostgreSQL with a standby that is behind, and poolers between the two and a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use safe_state::backend::tokio_postgres::{self, NoTls};
use safe_state::backend::{Backend, PostgresBackend};
use safe_state::{Error, Job};
use safe_state_tests::Ran;
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server};

use crate::{goes_on, held, keeps_its_promises, lease};

pub(crate) fn execute(url: &str, statements: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await.unwrap();
        }
    });
}

/// Starts a primary with tables, and a standby that is `delay` behind.
pub(crate) fn replicated(delay: &str) -> (Server, Server) {
    let primary = Server::start(Kind::Postgres);
    PostgresBackend::new(&primary.url()).unwrap().save("first", b"a").unwrap();
    let standby = Server::start_as("standby", Kind::Postgres, &[&primary.address().port(), &delay]);
    (primary, standby)
}

fn backend(url: &str) -> Arc<dyn Backend> {
    Arc::new(PostgresBackend::new(url).unwrap())
}

#[test]
fn a_run_begins_with_what_the_primary_has() {
    let (primary, standby) = replicated("5s");
    let pooler = Server::start_as(
        "pgpool",
        Kind::Postgres,
        &[&primary.address().port(), &standby.address().port()],
    );
    let behind_it = backend(&pooler.url());
    goes_on(&behind_it, "pooled");
    let mut run = lease(&behind_it, "behind");
    run.save(b"a").unwrap();
    run.append(b"b").unwrap();
    drop(run);
    assert_eq!(held(&behind_it, "behind").unwrap(), b"ab");
    assert_eq!(behind_it.load("behind").unwrap().unwrap(), b"ab");
    assert!(behind_it.exists("behind").unwrap());
    assert!(behind_it.list().unwrap().contains(&"behind".to_owned()));
    assert_eq!(backend(&standby.url()).load("behind").unwrap(), None, "it is behind");

    // What is read comes neither from the standby nor from a cache, whatever the pooler thinks of comments.
    let cached = Server::start_as(
        "pgpool",
        Kind::Postgres,
        &[&primary.address().port(), &standby.address().port(), &"on"],
    );
    let behind_it = backend(&cached.url());
    goes_on(&behind_it, "cached");
    for bytes in [b"a", b"b"] {
        assert!(behind_it.holder("cached").unwrap().is_none());
        let mut run = lease(&behind_it, "cached");
        run.save(bytes).unwrap();
        assert!(behind_it.holder("cached").unwrap().is_some());
        assert_eq!(behind_it.load("cached").unwrap().unwrap(), bytes);
        assert!(behind_it.exists("cached").unwrap());
        assert!(behind_it.list().unwrap().contains(&"cached".to_owned()));
        let listed = behind_it.overview().unwrap().unwrap();
        assert_eq!(listed.load("cached").unwrap().unwrap(), bytes);
    }

    // Of several hosts, the backend takes the one that writes, wherever it stands in the URL.
    let (first, second) = (standby.address(), primary.address());
    for target in ["", "?target_session_attrs=primary", "?target_session_attrs=read-write"] {
        let hosts = format!("{first},{second}");
        let url = primary.url().replace(&second.to_string(), &hosts) + target;
        goes_on(&backend(&url), "hosts");
        assert_eq!(held(&backend(&url), "behind").unwrap(), b"ab");
    }
    let refused = PostgresBackend::new(&standby.url()).unwrap().retry_time(Duration::ZERO);
    let error = told(&refused.save("behind", b"c").unwrap_err());
    assert!(error.contains("read-only"), "{error}");
}

#[test]
fn postgres_keeps_its_promises_with_a_standby() {
    let (primary, standby) = replicated("5s");
    let pooler = Server::start_as(
        "pgpool",
        Kind::Postgres,
        &[&primary.address().port(), &standby.address().port()],
    );
    let (first, second) = (standby.address(), primary.address());
    let hosts = primary.url().replace(&second.to_string(), &format!("{first},{second}"));
    let lapse = || {
        let direct = primary.url();
        move |job: &str| {
            let lapse = format!("UPDATE suite_jobs SET ends = now() WHERE job = '{job}'");
            execute(&direct, &[&lapse]);
        }
    };
    keeps_its_promises([&pooler.url(), &hosts], lapse());
    keeps_its_promises([&hosts, &pooler.url()], lapse());
}

#[test]
fn a_run_goes_on_with_the_standby_that_is_promoted() {
    let (mut primary, standby) = replicated("0");
    let (first, second) = (primary.address(), standby.address());
    let hosts = primary.url().replace(&first.to_string(), &format!("{first},{second}"));
    let (job, ran) = (Job::new("promoted").backend(backend(&hosts)), Ran::default());
    for fails_at in [Some(4), None] {
        let done = job.run(0..8_u64, |item| {
            ran.note(item);
            anyhow::ensure!(Some(item) != fails_at, "asked to fail");
            if item == 6 {
                primary.kill();
                execute(&standby.url(), &["SELECT pg_promote()"]);
            }
            Ok(())
        });
        assert_eq!(done.is_ok(), fails_at.is_none(), "{done:?}");
    }
    assert_eq!(ran.take(), [0, 1, 2, 3, 4, 4, 5, 6, 7]);
    assert_eq!(held(&backend(&standby.url()), "promoted"), None);
}

/// The tables of a subscriber are filled by another server, which hears nothing of what is written there.
#[test]
fn tables_that_a_subscription_fills_are_refused() {
    let (mut publisher, subscriber) =
        (Server::start(Kind::Postgres), Server::start(Kind::Postgres));
    execute(&publisher.url(), &["ALTER SYSTEM SET wal_level = 'logical'"]);
    publisher.restart();
    for server in [&publisher, &subscriber] {
        backend(&server.url()).save("job", b"a").unwrap();
    }
    execute(&subscriber.url(), &["TRUNCATE safe_state_jobs, safe_state_records, safe_state_meta"]);
    execute(&publisher.url(), &["CREATE PUBLICATION everything FOR ALL TABLES"]);
    let subscribe = format!(
        "CREATE SUBSCRIPTION everything CONNECTION '{}' PUBLICATION everything",
        publisher.url()
    );
    execute(&subscriber.url(), &[&subscribe]);
    let copied = || backend(&subscriber.url()).load("job").unwrap() == Some(b"a".to_vec());
    let began = std::time::Instant::now();
    while !copied() {
        assert!(began.elapsed() < Duration::from_secs(60), "it is not copied");
        thread::sleep(Duration::from_millis(50));
    }
    let refused = told(&backend(&subscriber.url()).save("job", b"b").unwrap_err());
    assert!(refused.contains("a subscription fills its tables"), "{refused}");
    backend(&publisher.url()).save("job", b"c").unwrap();
}

#[test]
fn a_save_that_the_standbys_may_not_have_is_told() {
    let server = Server::start(Kind::Postgres);
    let url = server.url();
    let new = || PostgresBackend::new(&url).unwrap();
    new().save("first", b"a").unwrap();
    execute(
        &url,
        &["ALTER SYSTEM SET synchronous_standby_names = 'none'", "SELECT pg_reload_conf()"],
    );
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        // This thread acts as an administrator who ends each wait for a standby that does not exist.
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                     WHERE wait_event = 'SyncRep'";
                execute(&url, &[cancel]);
                thread::sleep(Duration::from_millis(20));
            }
        });
        let run = |backend: PostgresBackend| {
            let job = Job::new("standbys").backend(backend);
            job.run(0..3, |_| Ok::<_, Error>(()))
        };
        let done = run(new());
        let refused = run(new().require_replication().retry_time(Duration::from_millis(300)));
        ended.store(true, Ordering::Relaxed);
        done.unwrap();
        let error = told(&refused.unwrap_err());
        assert!(error.contains("has not waited until its standbys"), "{error}");
    });
}
