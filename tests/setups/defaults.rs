//! Tests servers whose defaults, or those of a user, are other ones.

use std::sync::Arc;
use std::time::Duration;

use safe_state::backend::redis_driver::{Client, cmd};
use safe_state::backend::{Backend, MySqlBackend, PostgresBackend, RedisBackend};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server};

use crate::standby::execute;
use crate::{goes_on, held, lease};

/// Lets a run save a snapshot and some records, and looks at them in each way that there is.
fn works(backend: &Arc<dyn Backend>, setting: &str) {
    goes_on(backend, "job");
    let mut run = lease(backend, "kept");
    run.save(b"a").unwrap();
    for record in [b"b", b"c"] {
        run.append(record).unwrap();
    }
    assert!(backend.holder("kept").unwrap().is_some(), "{setting}");
    drop(run);
    assert_eq!(held(backend, "kept").unwrap(), b"abc", "{setting}");
    assert_eq!(backend.load("kept").unwrap().unwrap(), b"abc", "{setting}");
    assert_eq!(backend.list().unwrap(), ["kept"], "{setting}");
    if let Some(all) = backend.overview().unwrap() {
        assert_eq!(all.load("kept").unwrap().unwrap(), b"abc", "{setting}");
    }
    backend.delete("kept").unwrap();
}

#[test]
fn mariadb_works_with_other_defaults() {
    let server = Server::start(Kind::MySql);
    let user = [
        "CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'hush'",
        "GRANT ALL ON safe_state.* TO plain@'127.0.0.1'",
    ];
    let run = |statements: &[&str]| {
        let statements: Vec<_> = statements.iter().map(|text| (*text, Vec::new())).collect();
        crate::variables::execute(&server.url(), &statements).unwrap();
    };
    run(&user);
    let url = safe_state_tests::servers::at("mysql://plain:hush@host/safe_state", server.address());
    for (setting, usual) in [
        ("sql_select_limit = 1", "sql_select_limit = DEFAULT"),
        ("autocommit = 0", "autocommit = 1"),
        ("tx_isolation = 'SERIALIZABLE'", "tx_isolation = DEFAULT"),
        ("tx_isolation = 'READ-UNCOMMITTED'", "tx_isolation = DEFAULT"),
        ("sql_mode = 'ORACLE,STRICT_ALL_TABLES,EMPTY_STRING_IS_NULL'", "sql_mode = DEFAULT"),
        ("sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'", "sql_mode = DEFAULT"),
        ("sql_mode = 'MSSQL'", "sql_mode = DEFAULT"),
        ("sql_mode = ''", "sql_mode = DEFAULT"),
        ("max_join_size = 1", "max_join_size = DEFAULT"),
        ("sql_safe_updates = 1", "sql_safe_updates = 0"),
        (
            "unique_checks = 0, GLOBAL foreign_key_checks = 0",
            "unique_checks = 1, GLOBAL foreign_key_checks = 1",
        ),
        ("time_zone = '+13:00'", "time_zone = 'SYSTEM'"),
        ("innodb_flush_log_at_trx_commit = 0", "innodb_flush_log_at_trx_commit = 2"),
        ("max_statement_time = 5", "max_statement_time = 0"),
    ] {
        run(&[&format!("SET GLOBAL {setting}")]);
        works(&(Arc::new(MySqlBackend::new(&url).unwrap()) as _), setting);
        run(&[&format!("SET GLOBAL {usual}")]);
    }
    for (setting, why) in
        [("read_only = 1", "the server is `read_only`"), ("tx_read_only = 1", "READ ONLY")]
    {
        MySqlBackend::new(&url).unwrap().save("kept", b"a").unwrap();
        run(&[&format!("SET GLOBAL {setting}")]);
        let refused = MySqlBackend::new(&url).unwrap().retry_time(Duration::ZERO);
        let refused = told(&refused.save("kept", b"b").unwrap_err());
        assert!(refused.contains(why), "{setting}: {refused}");
        run(&[&format!("SET GLOBAL {}", setting.replace('1', "0"))]);
        assert_eq!(MySqlBackend::new(&url).unwrap().load("kept").unwrap().unwrap(), b"a");
    }
}

#[test]
fn postgres_works_with_other_defaults() {
    let server = Server::start(Kind::Postgres);
    let new = || PostgresBackend::new(&server.url()).unwrap();
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_isolation = 'repeatable read'",
        "default_transaction_deferrable = on",
        "idle_in_transaction_session_timeout = '1ms'",
        "statement_timeout = '20s'",
        "lock_timeout = '20s'",
        "synchronous_commit = off",
        "bytea_output = 'escape'",
        "timezone = 'Pacific/Auckland'",
        "default_tablespace = 'pg_default'",
        "standard_conforming_strings = off",
        "row_security = off",
        "jit_above_cost = 0",
        "plan_cache_mode = 'force_generic_plan'",
    ] {
        let (name, _) = setting.split_once(" = ").unwrap();
        execute(&server.url(), &[&format!("ALTER ROLE tester SET {setting}")]);
        works(&(Arc::new(new()) as _), setting);
        execute(&server.url(), &[&format!("ALTER ROLE tester RESET {name}")]);
    }
    new().save("kept", b"a").unwrap();
    for (setting, why) in [
        ("default_transaction_read_only = on", "read-only transaction"),
        ("search_path = ''", "no schema has been selected"),
    ] {
        let (name, _) = setting.split_once(" = ").unwrap();
        execute(&server.url(), &[&format!("ALTER ROLE tester SET {setting}")]);
        let refused = told(&new().retry_time(Duration::ZERO).save("kept", b"b").unwrap_err());
        assert!(refused.contains(why), "{setting}: {refused}");
        // The role's setting would forbid to take it back.
        let writes = "SET default_transaction_read_only = off";
        execute(&server.url(), &[writes, &format!("ALTER ROLE tester RESET {name}")]);
        assert_eq!(new().load("kept").unwrap().unwrap(), b"a");
    }
}

#[test]
fn tables_that_a_crash_empties_are_refused() {
    let server = Server::start(Kind::Postgres);
    let new = || PostgresBackend::new(&server.url()).unwrap();
    execute(&server.url(), &[&new().schema().replace("CREATE TABLE", "CREATE UNLOGGED TABLE")]);
    let refused = told(&new().save("job", b"a").unwrap_err());
    assert!(refused.contains("`UNLOGGED`"), "{refused}");
    for table in ["jobs", "records"] {
        execute(&server.url(), &[&format!("ALTER TABLE safe_state_{table} SET LOGGED")]);
    }
    goes_on(&(Arc::new(new()) as _), "job");
}

/// A server whose memory is full refuses what adds to it, and keeps what it has.
#[test]
fn a_full_redis_keeps_what_was_saved() {
    let server = Server::start(Kind::Redis);
    let backend: Arc<dyn Backend> = Arc::new(RedisBackend::new(&server.url()).unwrap());
    let mut run = lease(&backend, "kept");
    run.save(b"a").unwrap();
    let mut connection = Client::open(server.url()).unwrap().get_connection().unwrap();
    let mut limit = |bytes: &str| {
        cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).exec(&mut connection).unwrap();
    };
    limit("1");
    let refused = told(&run.save(b"b").unwrap_err());
    assert!(refused.contains("maxmemory"), "{refused}");
    assert_eq!(backend.load("kept").unwrap().unwrap(), b"a");
    limit("0");
    run.save(b"c").unwrap();
    drop(run);
    assert_eq!(held(&backend, "kept").unwrap(), b"c");
}
