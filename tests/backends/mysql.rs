//! Tests jobs whose checkpoints are in MySQL or MariaDB.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::mysql_async::prelude::Queryable;
use safe_state::backend::mysql_async::{Conn, Opts, OptsBuilder};
use safe_state::backend::{Backend, Error as BackendError, LeaseOptions, MySqlBackend};
use safe_state::commit::Dialect;
use safe_state::{Error, Job};
use safe_state_backends::{Ended, Save};
use safe_state_tests::remote::{self, told};
use safe_state_tests::servers::{self, Kind, Server, mysql_url};

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// Runs statements on the server that the backend itself never runs, and returns the first number of the last answer.
fn ask(statements: &[&str]) -> Option<i64> {
    ask_at(&mysql_url(), statements)
}

fn ask_at(url: &str, statements: &[&str]) -> Option<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = Conn::from_url(url).await.unwrap();
        let mut answer = None;
        for statement in statements {
            answer = conn.query_first(*statement).await.unwrap();
        }
        conn.disconnect().await.unwrap();
        answer
    })
}

fn of_prefix(prefix: &str) -> MySqlBackend {
    MySqlBackend::new(&mysql_url()).unwrap().table_prefix(prefix).unwrap()
}

/// Returns a backend with this prefix, after dropping all its tables.
fn without_tables(prefix: &str) -> MySqlBackend {
    ask(&[&format!("DROP TABLE IF EXISTS {prefix}_meta, {prefix}_jobs, {prefix}_records")]);
    of_prefix(prefix)
}

fn make_tables(backend: &MySqlBackend) {
    let schema = backend.schema();
    ask(&schema.split_terminator(";\n").collect::<Vec<_>>());
}

#[test]
fn mysql_keeps_its_promises() {
    if std::env::var("SAFE_STATE_CONFORMANCE").is_err() {
        without_tables("conformance");
    }
    remote::conformance(
        (module_path!(), "mysql_keeps_its_promises"),
        || remote::limited(of_prefix("conformance"), Duration::from_secs(30)),
        |job| {
            let lapse =
                format!("UPDATE conformance_jobs SET ends = UTC_TIMESTAMP(6) WHERE job = '{job}'");
            ask(&[&lapse]);
        },
    );
}

/// A server counts connections that end without a word, and writes a warning to its log for each.
#[test]
fn a_run_that_is_refused_says_goodbye_to_the_server() {
    let server = Server::start(Kind::MySql);
    let backend = MySqlBackend::new(&server.url()).unwrap().retry_time(Duration::ZERO);
    backend.save("job", b"saved").unwrap();
    let rename = "ALTER TABLE safe_state_records RENAME COLUMN record TO hidden";
    ask_at(&server.url(), &[rename]);
    let backend: Arc<dyn Backend> = Arc::new(backend);
    for _ in 0..20 {
        let mut run = Arc::clone(&backend).lease("job", LeaseOptions::default()).unwrap();
        let refused = told(&run.save(b"new").unwrap_err());
        assert!(refused.contains("Unknown column"), "{refused}");
    }
    let status = |name: &str| {
        let status = "SELECT variable_value FROM information_schema.global_status";
        ask_at(&server.url(), &[&format!("{status} WHERE variable_name = '{name}'")]).unwrap()
    };
    let began = Instant::now();
    while status("Threads_connected") > 1 {
        assert!(began.elapsed() < Duration::from_secs(20), "a connection stays");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status("Aborted_clients"), 0);
}

/// What splits reads and writes sends a statement that locks nothing to a copy, which may be behind.
#[test]
fn what_became_of_a_transaction_is_read_by_a_statement_that_locks() {
    let backend: Arc<dyn Backend> = Arc::new(without_tables("doubted"));
    let mut run = Arc::clone(&backend).lease("job", LeaseOptions::default()).unwrap();
    run.save(b"a").unwrap();
    run.statements(Save::Whole(b"b"), Dialect::MySql).unwrap().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut other = runtime.block_on(Conn::from_url(mysql_url())).unwrap();
    runtime.block_on(async {
        other.query_drop("START TRANSACTION").await.unwrap();
        let lock = "SELECT * FROM doubted_records WHERE job = 'job' FOR UPDATE";
        other.query_drop(lock).await.unwrap();
    });
    thread::scope(|scope| {
        let looking = scope.spawn(|| run.ended(Ended::Unknown));
        let waits = "SELECT COUNT(*) FROM information_schema.processlist \
                     WHERE info LIKE 'SELECT 1 FROM doubted_records%'";
        while ask(&[waits]) != Some(1) {
            assert!(!looking.is_finished(), "it has read without a lock");
            thread::yield_now();
        }
        runtime.block_on(other.query_drop("COMMIT")).unwrap();
        assert!(!looking.join().unwrap().unwrap(), "nothing was committed");
    });
}

#[test]
fn items_side_by_side_are_done_once() {
    remote::side_by_side(&mysql_url());
}

#[test]
fn a_job_goes_on_from_any_runtime() {
    remote::any_runtime(&mysql_url());
}

#[test]
fn a_killed_process_is_followed_at_once() {
    remote::killed_process(WORKER, &mysql_url());
}

#[test]
fn a_run_that_lost_its_lease_saves_nothing() {
    remote::lost_lease(WORKER, &mysql_url());
}

#[test]
fn a_server_that_restarts_costs_time_alone() {
    remote::troubled_server(Kind::MySql);
}

#[test]
fn a_network_that_fails_costs_time_alone() {
    remote::troubled_network(&mysql_url());
}

#[test]
fn a_hung_server_is_given_up_in_time() {
    remote::hung_server(&mysql_url());
}

#[test]
fn a_kill_at_any_instant_loses_nothing() {
    remote::kill_storm(WORKER, &mysql_url());
}

#[test]
#[cfg(target_os = "linux")]
fn with_a_page_no_kill_repeats_more_than_the_item_under_way() {
    remote::paged_kill_storm(WORKER, &mysql_url());
}

#[test]
fn two_that_fight_for_a_job_never_hold_it_at_once() {
    remote::fight(WORKER, &mysql_url());
}

#[test]
fn a_partition_storm_loses_and_repeats_nothing() {
    remote::partition_storm(&mysql_url());
}

#[test]
fn what_refuses_is_told_without_the_password() {
    remote::refusals(&mysql_url(), "Access denied for user 'tester'");
}

#[test]
fn urls_say_what_is_wrong_with_them() {
    for (url, reason) in [
        ("mysql://me:secret@host:port/db", "it is no URL of a MySQL database"),
        ("mysql://me:secret@host/db?ssl-mode=allow", "its `ssl-mode` is none of"),
        ("mysql://me:sec?ret@host/db", "it is no URL of a MySQL database"),
        ("mysql://me:secret@host", "it names no database"),
    ] {
        let refused = told(&MySqlBackend::new(url).unwrap_err());
        assert!(refused.contains(reason) && !refused.contains("sec"), "{refused}");
    }
}

#[test]
fn tls_is_as_the_url_asks() {
    let ca = servers::authority();
    let local = mysql_url().replace("127.0.0.1", "localhost");
    let trusted = format!("ssl-mode=verify-identity&ssl-ca={}", ca.display());
    for url in [
        format!("{}?ssl-mode=disable", mysql_url()),
        format!("{}?ssl-mode=require", mysql_url()),
        format!("{}?{trusted}", mysql_url()),
        format!("{local}?{trusted}"),
    ] {
        MySqlBackend::new(&url).unwrap().load("tls").unwrap();
    }
    for mode in ["verify-ca", "verify-identity"] {
        let url = format!("{}?ssl-mode={mode}", mysql_url());
        let refused = MySqlBackend::new(&url).unwrap().load("tls").unwrap_err();
        assert!(told(&refused).contains("UnknownIssuer"), "{}", told(&refused));
    }
}

#[test]
fn connections_are_encrypted_unless_the_url_says_not_to() {
    const ENCRYPTED: &str = "SELECT CAST(VARIABLE_VALUE AS SIGNED)
        FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Ssl_finished_accepts'";
    let encrypted = |query: &str| {
        let before = ask(&[ENCRYPTED]).unwrap();
        MySqlBackend::new(&format!("{}{query}", mysql_url())).unwrap().load("tls").unwrap();
        ask(&[ENCRYPTED]).unwrap() > before
    };
    assert!(encrypted(""));
    assert!(encrypted("?ssl-mode=require"));
}

#[test]
fn tables_that_may_not_be_made_are_asked_for() {
    let backend = without_tables("refused");
    ask(&[
        "CREATE USER IF NOT EXISTS poor@'127.0.0.1' IDENTIFIED BY 'poor'",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON safe_state.* TO poor@'127.0.0.1'",
    ]);
    let url = format!("mysql://poor:poor@{}", mysql_url().split_once('@').unwrap().1);
    let poor = MySqlBackend::new(&url).unwrap().table_prefix("refused").unwrap();
    let text = told(&poor.save("job", b"a").unwrap_err());
    assert!(text.contains("the tables `refused_meta`, `refused_jobs` and"), "{text}");
    assert!(text.contains("CREATE command denied"), "{text}");
    make_tables(&backend);
    poor.save("job", b"a").unwrap();
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"a"[..]));
}

#[test]
fn processes_that_make_the_tables_at_a_time_are_not_in_each_others_way() {
    for _ in 0..5 {
        let backend = without_tables("at_a_time");
        thread::scope(|scope| {
            for job in 0..8 {
                let backend = backend.clone();
                scope.spawn(move || backend.save(&job.to_string(), b"a").unwrap());
            }
        });
        assert_eq!(backend.list().unwrap().len(), 8);
    }
}

#[test]
fn looking_makes_no_tables() {
    let backend = without_tables("looking");
    assert_eq!(backend.load("job").unwrap(), None);
    assert!(!backend.exists("job").unwrap());
    assert_eq!(backend.list().unwrap(), [""; 0]);
    backend.delete("job").unwrap();
    let query = "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_NAME LIKE 'looking%'";
    assert_eq!(ask(&[query]), Some(0));
}

#[test]
fn tables_of_a_newer_release_are_left_alone() {
    let backend = without_tables("newer");
    backend.save("job", b"a").unwrap();
    ask(&["INSERT INTO newer_meta VALUES (2)"]);
    let text = told(&backend.save("job", b"b").unwrap_err());
    assert!(text.contains("version 2") && text.contains("update safe-state"), "{text}");
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"a"[..]));
}

#[test]
fn the_statements_in_the_documentation_make_the_tables() {
    let documented = include_str!("../../docs/guide/backends.md");
    let schema = MySqlBackend::new(&mysql_url()).unwrap().schema();
    assert!(documented.contains(schema.trim_end()), "{schema}");
}

#[test]
fn a_connection_of_ones_own_will_do() {
    let opts = Opts::from_url(&mysql_url()).unwrap();
    // The backend must not depend on these settings.
    let init = ["SET autocommit = 0, sql_mode = 'ANSI_QUOTES'", "SET time_zone = '+05:00'"];
    let opts = OptsBuilder::from_opts(opts).init(init.to_vec());
    let backend = MySqlBackend::connect_with(move || Conn::new(opts.clone()));
    let job = Job::new("own").backend(backend);
    let stopped = job.run(0..3, |item| {
        anyhow::ensure!(item < 2, "asked to fail");
        Ok(())
    });
    stopped.unwrap_err();
    let seen = Job::new("own").backend(mysql_url()).peek_checkpoint().unwrap().unwrap();
    assert_eq!(seen.progress().completed, 2);
    job.clear_checkpoint().unwrap();
    let refusing =
        MySqlBackend::connect_with(|| async { Conn::from_url("mysql://me@127.0.0.1:1/db").await });
    let text = told(&refusing.load("own").unwrap_err());
    assert!(text.contains("`MySQL` was tried") && text.contains("refused"), "{text}");
}

#[test]
fn a_file_of_authorities_that_is_not_there_is_told() {
    let url = format!("{}?ssl-mode=require&ssl-ca=/nowhere/ca.pem", mysql_url());
    let text = told(&MySqlBackend::new(&url).unwrap().load("tls").unwrap_err());
    assert!(text.contains("cannot read certificates from `/nowhere/ca.pem`"), "{text}");
}

#[test]
fn a_run_whose_row_was_changed_by_hand_is_told() {
    let backend: Arc<dyn Backend> = Arc::new(of_prefix("by_hand"));
    let job = Job::new("by-hand").backend(Arc::clone(&backend));
    let done = job.run(0..3, |item| {
        if item == 1 {
            ask(&["UPDATE by_hand_jobs SET epoch = epoch + 1, holder = 'me'"]);
        }
        Ok::<_, Error>(())
    });
    let lost = done.unwrap_err();
    assert!(matches!(lost, Error::Backend(BackendError::LeaseLost { .. })), "{lost}");
    ask(&["UPDATE by_hand_jobs SET holder = NULL"]);
    job.clear_checkpoint().unwrap();
}
