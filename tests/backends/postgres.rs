//! Tests jobs whose checkpoints are in PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use safe_state::backend::tokio_postgres::{self, Client, NoTls};
use safe_state::backend::{Backend, Error as BackendError, PostgresBackend};
use safe_state::{Durability, Error, Job};
use safe_state_tests::remote::{self, told};
use safe_state_tests::servers::{self, Kind, postgres_url};

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs statements on the server that the backend itself never runs.
fn execute(statements: &str) {
    let done = runtime().block_on(async {
        connect(&postgres_url()).await.unwrap().batch_execute(statements).await
    });
    done.unwrap();
}

/// Returns the number that the server answers to `query`.
fn ask(query: &str) -> i64 {
    let row = runtime()
        .block_on(async { connect(&postgres_url()).await.unwrap().query_one(query, &[]).await });
    row.unwrap().get(0)
}

fn of_prefix(prefix: &str) -> PostgresBackend {
    PostgresBackend::new(&postgres_url()).unwrap().table_prefix(prefix).unwrap()
}

/// Returns a backend with this prefix, after dropping all its tables.
fn without_tables(prefix: &str) -> PostgresBackend {
    for table in ["meta", "jobs", "records"] {
        execute(&format!("DROP TABLE IF EXISTS {prefix}_{table}"));
    }
    of_prefix(prefix)
}

#[test]
fn postgres_keeps_its_promises() {
    if std::env::var("SAFE_STATE_CONFORMANCE").is_err() {
        without_tables("conformance");
    }
    remote::conformance(
        (module_path!(), "postgres_keeps_its_promises"),
        || remote::limited(of_prefix("conformance"), Duration::from_secs(30)),
        |job| execute(&format!("UPDATE conformance_jobs SET ends = now() WHERE job = '{job}'")),
    );
}

#[test]
fn items_side_by_side_are_done_once() {
    remote::side_by_side(&postgres_url());
}

#[test]
fn a_job_goes_on_from_any_runtime() {
    remote::any_runtime(&postgres_url());
}

#[test]
fn a_killed_process_is_followed_at_once() {
    remote::killed_process(WORKER, &postgres_url());
}

#[test]
fn a_run_that_lost_its_lease_saves_nothing() {
    remote::lost_lease(WORKER, &postgres_url());
}

#[test]
fn a_server_that_restarts_costs_time_alone() {
    remote::troubled_server(Kind::Postgres);
}

#[test]
fn a_network_that_fails_costs_time_alone() {
    remote::troubled_network(&postgres_url());
}

#[test]
fn a_hung_server_is_given_up_in_time() {
    remote::hung_server(&postgres_url());
}

#[test]
fn a_kill_at_any_instant_loses_nothing() {
    remote::kill_storm(WORKER, &postgres_url());
}

#[test]
#[cfg(target_os = "linux")]
fn with_a_page_no_kill_repeats_more_than_the_item_under_way() {
    remote::paged_kill_storm(WORKER, &postgres_url());
}

#[test]
fn two_that_fight_for_a_job_never_hold_it_at_once() {
    remote::fight(WORKER, &postgres_url());
}

#[test]
fn a_partition_storm_loses_and_repeats_nothing() {
    remote::partition_storm(&postgres_url());
}

#[test]
fn what_refuses_is_told_without_the_password() {
    remote::refusals(&postgres_url(), "password authentication failed");
}

#[test]
fn urls_say_what_is_wrong_with_them() {
    for (url, reason) in [
        ("postgres://me:secret@host:port/db", "it is no URL of a PostgreSQL database"),
        ("postgres://me:secret@host/db?sslmode=allow", "its `sslmode` is none of"),
        ("postgres://me:secret@host/db?color=secret", "there is no option `color`"),
        ("postgres://me:secret@host/db?target_session_attrs=standby", "and a run writes"),
    ] {
        let refused = told(&PostgresBackend::new(url).unwrap_err());
        assert!(refused.contains(reason) && !refused.contains("sec"), "{refused}");
    }
}

#[test]
fn tls_is_as_the_url_asks() {
    let ca = servers::authority();
    let local = postgres_url().replace("127.0.0.1", "localhost");
    let trusted = format!("sslmode=verify-full&sslrootcert={}", ca.display());
    for url in [
        format!("{}?sslmode=disable", postgres_url()),
        format!("{}?sslmode=require", postgres_url()),
        format!("{}?{trusted}", postgres_url()),
        format!("{local}?{trusted}"),
    ] {
        PostgresBackend::new(&url).unwrap().load("tls").unwrap();
    }
    for mode in ["verify-ca", "verify-full"] {
        let url = format!("{}?sslmode={mode}", postgres_url());
        let refused = PostgresBackend::new(&url).unwrap().load("tls").unwrap_err();
        assert!(told(&refused).contains("UnknownIssuer"), "{}", told(&refused));
    }
}

#[test]
fn another_name_is_refused_by_verify_full_alone() {
    let ca = servers::authority();
    let url = postgres_url().replace("127.0.0.1", "elsewhere.example");
    let load = |mode| {
        let ca = ca.display();
        let url = format!("{url}?hostaddr=127.0.0.1&sslmode={mode}&sslrootcert={ca}");
        PostgresBackend::new(&url).unwrap().load("tls")
    };
    load("verify-ca").unwrap();
    let refused = told(&load("verify-full").unwrap_err());
    assert!(refused.contains("not valid for name"), "{refused}");
}

#[test]
fn connections_are_encrypted_unless_the_url_says_not_to() {
    let encrypted = |query: &str| {
        let name = format!("encrypted{query}").replace(['?', '='], "-");
        let mark = if query.is_empty() { "?" } else { "&" };
        let url = format!("{}{query}{mark}application_name={name}", postgres_url());
        let job = Job::new(&name).backend(url.as_str());
        let mut encrypted = 0;
        let count = |_| {
            encrypted += ask(&format!(
                "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE ssl AND application_name = '{name}'"
            ));
            Ok::<_, Error>(())
        };
        job.run(0..1, count).unwrap();
        encrypted
    };
    // Beside that of the lease, one for questions may be kept for a moment.
    assert!(encrypted("") >= 1);
    assert!(encrypted("?sslmode=require") >= 1);
    assert_eq!(encrypted("?sslmode=disable"), 0);
}

#[test]
fn tables_that_may_not_be_made_are_asked_for() {
    let backend = without_tables("refused");
    execute(
        "DO $$ BEGIN CREATE ROLE poor LOGIN PASSWORD 'poor'; EXCEPTION WHEN duplicate_object THEN END $$;
         REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    );
    let url = format!("postgres://poor:poor@{}", postgres_url().split_once('@').unwrap().1);
    let poor = PostgresBackend::new(&url).unwrap().table_prefix("refused").unwrap();
    let error = poor.save("job", b"a").unwrap_err();
    let text = told(&error);
    assert!(text.contains("the tables `refused_meta`, `refused_jobs` and"), "{text}");
    assert!(text.contains("permission denied"), "{text}");
    execute(&backend.schema());
    execute("GRANT SELECT, INSERT, UPDATE, DELETE ON refused_jobs, refused_records TO poor");
    execute("GRANT SELECT ON refused_meta TO poor");
    poor.save("job", b"a").unwrap();
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"a"[..]));
}

#[test]
fn processes_that_make_the_tables_at_a_time_are_not_in_each_others_way() {
    for _ in 0..5 {
        let backend = without_tables("at_a_time");
        std::thread::scope(|scope| {
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
    assert_eq!(ask("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'looking%'"), 0);
}

#[test]
fn tables_of_a_newer_release_are_left_alone() {
    let backend = without_tables("newer");
    backend.save("job", b"a").unwrap();
    execute("INSERT INTO newer_meta VALUES (2)");
    let text = told(&backend.save("job", b"b").unwrap_err());
    assert!(text.contains("version 2") && text.contains("update safe-state"), "{text}");
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"a"[..]));
}

#[test]
fn the_statements_in_the_documentation_make_the_tables() {
    let documented = include_str!("../../docs/guide/backends.md");
    let schema = PostgresBackend::new(&postgres_url()).unwrap().schema();
    assert!(documented.contains(schema.trim_end()), "{schema}");
}

#[test]
fn a_connection_of_ones_own_will_do() {
    let url = format!("{}?application_name=of-ones-own", postgres_url());
    let backend = PostgresBackend::connect_with(move || {
        let url = url.clone();
        async move { connect(&url).await }
    });
    let job = Job::new("own").backend(backend);
    let mut connections = 0;
    let count = |_| {
        connections +=
            ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'of-ones-own'");
        Ok::<_, Error>(())
    };
    job.run(0..1, count).unwrap();
    // That of the lease; and one for questions at the beginning, which is kept for a moment.
    assert!((1..=2).contains(&connections), "{connections}");
    let refusing = PostgresBackend::connect_with(|| connect("host=127.0.0.1 port=1 user=me"));
    let text = told(&refusing.load("own").unwrap_err());
    assert!(text.contains("`PostgreSQL` was tried") && text.contains("refused"), "{text}");
}

#[test]
fn a_lease_is_on_a_commit_that_lasts_and_saves_on_one_as_asked() {
    let committed = |durability| {
        let name = format!("commits-{durability:?}");
        let url = format!("{}?application_name={name}", postgres_url());
        // A test can't see the settings of another connection, so a trigger writes them into a table.
        execute(
            "CREATE TABLE IF NOT EXISTS commits (name TEXT, operation TEXT, level TEXT);
             CREATE OR REPLACE FUNCTION note_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO commits VALUES (current_setting('application_name'), TG_ARGV[0],
                     current_setting('synchronous_commit'));
                 RETURN NULL;
             END $$",
        );
        let backend = without_tables("commits");
        execute(&backend.schema());
        execute(
            "CREATE TRIGGER epoch AFTER INSERT OR UPDATE OF epoch ON commits_jobs
                 FOR EACH ROW EXECUTE FUNCTION note_commit('take');
             CREATE TRIGGER record AFTER INSERT ON commits_records
                 FOR EACH ROW EXECUTE FUNCTION note_commit('save');",
        );
        let backend = PostgresBackend::new(&url).unwrap().table_prefix("commits").unwrap();
        let job = Job::new(&name).backend(backend).durability(durability);
        job.run(0..3, |_| Ok::<_, Error>(())).unwrap();
        let noted = |operation: &str, level: &str| {
            let query = format!(
                "SELECT count(*) FROM commits
                 WHERE name = '{name}' AND operation = '{operation}' AND level = '{level}'"
            );
            ask(&query)
        };
        (noted("take", "on"), noted("take", "off"), noted("save", "on"), noted("save", "off"))
    };
    execute("DROP TABLE IF EXISTS commits");
    let (take_on, take_off, save_on, save_off) = committed(Durability::Power);
    assert!(take_on == 1 && take_off == 0 && save_on >= 3 && save_off == 0);
    let (take_on, take_off, save_on, save_off) = committed(Durability::Process);
    assert!(take_on == 1 && take_off == 0 && save_on == 0 && save_off >= 3);
}

#[test]
fn a_run_whose_row_was_changed_by_hand_is_told() {
    let backend: Arc<dyn Backend> = Arc::new(of_prefix("by_hand"));
    let job = Job::new("by-hand").backend(Arc::clone(&backend));
    let done = job.run(0..3, |item| {
        if item == 1 {
            execute(
                "UPDATE by_hand_jobs SET epoch = epoch + 1, holder = 'me' WHERE job = 'by-hand'",
            );
        }
        Ok::<_, Error>(())
    });
    let lost = done.unwrap_err();
    assert!(matches!(lost, Error::Backend(BackendError::LeaseLost { .. })), "{lost}");
    execute("UPDATE by_hand_jobs SET holder = NULL");
    job.clear_checkpoint().unwrap();
}
