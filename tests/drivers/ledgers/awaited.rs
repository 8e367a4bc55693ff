//! Writes ledgers by async drivers.

use mysql_async::prelude::Queryable;
use safe_state::backend::{from_url, mysql_async, tokio_postgres};
use safe_state::{commit, resumable};
use sqlx_core::connection::Connection;
use sqlx_core::query::query;
use sqlx_core::sql_str::AssertSqlSafe;
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use super::Ledger;

/// Runs a job to its end.
pub(super) fn run(job: impl Future<Output = anyhow::Result<i64>>) -> anyhow::Result<i64> {
    Builder::new_current_thread().enable_all().build()?.block_on(job)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) async fn by_tokio_postgres(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let (mut client, connection) = tokio_postgres::connect(&ledger.url, NoTls).await?;
    tokio::spawn(connection);
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let tx = client.transaction().await?;
        balance += item;
        tx.execute(&ledger.insertion("$1, $2"), &[&item, &balance]).await?;
        before(item)?;
        commit!(tx).await?;
    }
    Ok(balance)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) async fn by_mysql_async(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut conn = mysql_async::Conn::from_url(&ledger.url).await?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let mut tx = conn.start_transaction(mysql_async::TxOpts::default()).await?;
        balance += item;
        tx.exec_drop(ledger.insertion("?, ?"), (item, balance)).await?;
        before(item)?;
        commit!(tx).await?;
    }
    Ok(balance)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) async fn by_sqlx_postgres(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut connection = sqlx_postgres::PgConnection::connect(&ledger.url).await?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let mut tx = connection.begin().await?;
        balance += item;
        let insertion = ledger.insertion("$1, $2");
        query(AssertSqlSafe(insertion)).bind(item).bind(balance).execute(&mut *tx).await?;
        before(item)?;
        commit!(tx).await?;
    }
    Ok(balance)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) async fn by_sqlx_mysql(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut connection = sqlx_mysql::MySqlConnection::connect(&ledger.url).await?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let mut tx = connection.begin().await?;
        balance += item;
        let insertion = ledger.insertion("?, ?");
        query(AssertSqlSafe(insertion)).bind(item).bind(balance).execute(&mut *tx).await?;
        before(item)?;
        commit!(tx).await?;
    }
    Ok(balance)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) async fn by_sqlx_sqlite(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut connection = sqlx_sqlite::SqliteConnection::connect(&ledger.url).await?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let mut tx = connection.begin().await?;
        balance += item;
        let insertion = ledger.insertion("?1, ?2");
        query(AssertSqlSafe(insertion)).bind(item).bind(balance).execute(&mut *tx).await?;
        before(item)?;
        commit!(tx).await?;
    }
    Ok(balance)
}
