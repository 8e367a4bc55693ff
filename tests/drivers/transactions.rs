//! Tests `transaction!` over real connections.

use mysql::prelude::Queryable;
use postgres::NoTls;
use rusqlite::Connection;
use safe_state::backend::tokio_postgres;
use safe_state::transaction;
use safe_state::transaction::TransactionError;
use safe_state_tests::servers::{mysql_url, postgres_url};

/// Opens a database in memory whose rows have to reference existing rows by the time of the commit.
fn sqlite() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let tables = "PRAGMA foreign_keys = ON; CREATE TABLE rows (
        id INTEGER PRIMARY KEY, next INTEGER REFERENCES rows DEFERRABLE INITIALLY DEFERRED)";
    connection.execute_batch(tables).unwrap();
    connection
}

fn rows(connection: &Connection) -> u32 {
    connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_second_commit_that_fails_names_the_first() {
    let (mut a, mut b, mut c) = (sqlite(), sqlite(), sqlite());
    let done = transaction!(a, b, c => {
        a.execute("INSERT INTO rows VALUES (1, 1)", [])?;
        b.execute("INSERT INTO rows VALUES (1, 2)", [])?;
        c.execute("INSERT INTO rows VALUES (1, 1)", [])?;
        Ok(())
    });
    let error = done.unwrap_err();
    assert_eq!(error.to_string(), "cannot commit on `b`; already committed: `a`");
    assert_eq!((rows(&a), rows(&b), rows(&c)), (1, 0, 0));
    assert!(a.is_autocommit() && b.is_autocommit() && c.is_autocommit());
}

#[test]
fn all_databases_have_a_row_or_none_has_it() {
    let mut sqlite = sqlite();
    let mut postgres = postgres::Client::connect(&postgres_url(), NoTls).unwrap();
    let mut mysql = mysql::Conn::new(mysql_url().as_str()).unwrap();
    postgres.batch_execute("CREATE TEMPORARY TABLE rows (id int PRIMARY KEY)").unwrap();
    mysql
        .query_drop("CREATE TEMPORARY TABLE own_rows (id int PRIMARY KEY) ENGINE = InnoDB")
        .unwrap();
    for (id, text) in [(1, "1"), (2, "two"), (3, "3")] {
        let done = transaction!(sqlite, postgres, mysql => {
            sqlite.execute("INSERT INTO rows VALUES (?1, NULL)", [id])?;
            postgres.execute("INSERT INTO rows VALUES ($1)", &[&id])?;
            mysql.exec_drop("INSERT INTO own_rows VALUES (?)", (id,))?;
            Ok(text.parse::<i32>()?)
        });
        assert_eq!(done.ok(), text.parse().ok());
    }
    assert_eq!(rows(&sqlite), 2);
    let of_postgres: i64 = postgres.query_one("SELECT count(*) FROM rows", &[]).unwrap().get(0);
    let of_mysql: Option<i64> = mysql.query_first("SELECT count(*) FROM own_rows").unwrap();
    assert_eq!((of_postgres, of_mysql), (2, Some(2)));
}

#[test]
fn a_failed_statement_that_is_passed_over_is_no_commit() {
    let mut client = postgres::Client::connect(&postgres_url(), NoTls).unwrap();
    client.batch_execute("CREATE TEMPORARY TABLE rows (id int PRIMARY KEY)").unwrap();
    let done = transaction!(client => {
        client.batch_execute("INSERT INTO rows VALUES (1)")?;
        let _ = client.batch_execute("no statement at all");
        Ok(())
    });
    assert!(matches!(done, Err(TransactionError::Commit { .. })), "{done:?}");
    let found: i64 = client.query_one("SELECT count(*) FROM rows", &[]).unwrap().get(0);
    assert_eq!(found, 0);
}

#[tokio::test]
async fn an_async_transaction_is_whole_or_nothing_also_if_it_is_dropped() {
    let (mut client, connection) = tokio_postgres::connect(&postgres_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE TEMPORARY TABLE rows (id int PRIMARY KEY)").await.unwrap();
    let done = transaction!(async client => {
        Ok(client.execute("INSERT INTO rows VALUES (1)", &[]).await?)
    });
    assert_eq!(done.await.unwrap(), 1);
    let done = transaction!(async client => {
        client.execute("INSERT INTO rows VALUES (2)", &[]).await?;
        let _ = client.batch_execute("no statement at all").await;
        Ok(())
    });
    let done: Result<(), _> = done.await;
    assert!(matches!(done, Err(TransactionError::Commit { .. })), "{done:?}");
    let inserted = tokio::sync::Notify::new();
    let dropped = transaction!(async client => {
        client.execute("INSERT INTO rows VALUES (3)", &[]).await?;
        inserted.notify_one();
        std::future::pending::<()>().await;
        Ok(())
    });
    tokio::select! {
        done = dropped => panic!("{done:?}"),
        () = inserted.notified() => {}
    }
    let asked = "SELECT count(*), txid_current_if_assigned() IS NULL FROM rows";
    let row = client.query_one(asked, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, bool>(1)), (1, true));
}
