//! Tests transactions that the database ends by itself before `commit!`, which the item does not notice.

use std::thread;

use mysql::prelude::Queryable;
use mysql::{Conn, TxOpts};
use safe_state::backend::from_url;
use safe_state::{commit, resumable};
use safe_state_tests::servers::mysql_url;
use sqlx_core::connection::Connection;
use sqlx_core::query::query;
use sqlx_core::sql_str::AssertSqlSafe;

use super::Base;

/// The event that ends the transaction of item 1.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Nothing,
    Deadlock,
    Table,
}

const ROWS: &str = "over_rows";
const ACCOUNTS: &str = "over_accounts";

/// Makes a deadlock with another transaction, which has changed more, so that this one is undone.
fn meet(tx: &mut mysql::Transaction<'_>) -> mysql::Result<()> {
    let mut rival = Conn::new(mysql_url().as_str())?;
    let mut other = rival.start_transaction(TxOpts::default())?;
    tx.query_drop(format!("UPDATE {ACCOUNTS} SET sum = 1 WHERE id = 1"))?;
    other.query_drop(format!("UPDATE {ACCOUNTS} SET sum = 2 WHERE id > 1"))?;
    thread::scope(|scope| {
        let waits = scope.spawn(move || {
            other.query_drop(format!("UPDATE {ACCOUNTS} SET sum = 2 WHERE id = 1"))?;
            other.rollback()
        });
        let undone = tx.query_drop(format!("UPDATE {ACCOUNTS} SET sum = 1 WHERE id = 2"));
        assert!(undone.unwrap_err().to_string().contains("1213"), "a deadlock");
        waits.join().unwrap()
    })
}

#[resumable(name = name, backend = from_url(&mysql_url()), fresh(ends))]
fn in_mysql(name: &str, conn: &mut Conn, ends: Ends) -> anyhow::Result<()> {
    for item in 0..3_i64 {
        let mut tx = conn.start_transaction(TxOpts::default())?;
        tx.exec_drop(format!("INSERT INTO {ROWS} VALUES (?, ?)"), (name, item))?;
        match ends {
            Ends::Deadlock if item == 1 => meet(&mut tx)?,
            Ends::Table if item == 1 => {
                tx.query_drop("CREATE TABLE IF NOT EXISTS over_other (item BIGINT)")?;
            }
            _ => {}
        }
        commit!(tx)?;
    }
    Ok(())
}

#[test]
fn what_mariadb_has_ended_saves_no_progress() {
    let mut conn = Conn::new(mysql_url().as_str()).unwrap();
    conn.query_drop(format!("CREATE TABLE {ROWS} (job VARCHAR(20), item BIGINT)")).unwrap();
    conn.query_drop(format!("CREATE TABLE {ACCOUNTS} (id BIGINT PRIMARY KEY, sum BIGINT)"))
        .unwrap();
    conn.query_drop(format!("INSERT INTO {ACCOUNTS} SELECT seq, 0 FROM seq_1_to_100")).unwrap();
    // A statement that makes a table commits what was done before it: that item's row is there twice.
    for (ends, rows) in [(Ends::Deadlock, vec![0, 1, 2]), (Ends::Table, vec![0, 1, 1, 2])] {
        let name = format!("over by {ends:?}");
        let refused = format!("{:#}", in_mysql(&name, &mut conn, ends).unwrap_err());
        assert!(refused.contains("open until `commit!`"), "{refused}");
        in_mysql(&name, &mut conn, Ends::Nothing).unwrap();
        let query = format!("SELECT item FROM {ROWS} WHERE job = ? ORDER BY item");
        assert_eq!(conn.exec::<i64, _, _>(query, (name,)).unwrap(), rows, "{ends:?}");
    }
}

#[resumable(name = "over", backend = base.backend(), fresh(is_undone))]
async fn by_sqlx(base: &Base, is_undone: bool) -> anyhow::Result<()> {
    let url = format!("sqlite:{}", base.dir().join("rows.db").display());
    let mut connection = sqlx_sqlite::SqliteConnection::connect(&url).await?;
    #[resume]
    for item in 0..3_i64 {
        let mut tx = connection.begin().await?;
        query("INSERT INTO rows VALUES (?)").bind(item).execute(&mut *tx).await?;
        if is_undone && item == 1 {
            let undone = "INSERT OR ROLLBACK INTO names VALUES ('a'), ('a')";
            assert!(query(AssertSqlSafe(undone)).execute(&mut *tx).await.is_err());
        }
        commit!(tx).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_sqlite_has_rolled_back_saves_no_progress() {
    let base = Base::new();
    base.connection().execute_batch("CREATE TABLE names (name TEXT PRIMARY KEY)").unwrap();
    let refused = format!("{:#}", by_sqlx(&base, true).await.unwrap_err());
    assert!(refused.contains("rolled it back by itself"), "{refused}");
    assert_eq!((base.completed("over"), base.rows()), (1, vec![0]));
    by_sqlx(&base, false).await.unwrap();
    assert_eq!(base.rows(), [0, 1, 2]);
}
