//! Transactions of `sqlx`, with SQLite, PostgreSQL and MySQL.

use safe_state_backends::{Dialect, Parameter, Statement};
use sqlx_core::query::query;
use sqlx_core::sql_str::AssertSqlSafe;
use sqlx_core::transaction::Transaction;

use super::AsyncTransaction;
use super::committing::BoxError;

macro_rules! transaction {
    ($database:ty, $dialect:expr $(, $check:path)?) => {
        /// Takes any transaction that is the connection's outermost, and none within another.
        impl AsyncTransaction for Transaction<'_, $database> {
            fn dialect(&self) -> Dialect {
                $dialect
            }

            async fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
                $($check(self).await?;)?
                let mut query = query::<$database>(AssertSqlSafe(statement.text.as_str()));
                for parameter in &statement.parameters {
                    query = match parameter {
                        Parameter::Integer(value) => query.bind(*value),
                        Parameter::Text(value) => query.bind(value.as_str()),
                        Parameter::Bytes(value) => query.bind(value.as_slice()),
                    };
                }
                query.execute(&mut **self).await?;
                Ok(())
            }

            async fn commit(self) -> Result<(), BoxError> {
                Ok(self.commit().await?)
            }

            async fn rollback(self) -> Result<(), BoxError> {
                Ok(self.rollback().await?)
            }
        }
    };
}

#[cfg(feature = "sqlx-mysql")]
transaction!(sqlx_mysql::MySql, Dialect::MySql);
#[cfg(feature = "sqlx-postgres")]
transaction!(sqlx_postgres::Postgres, Dialect::Postgres);
#[cfg(feature = "sqlx-sqlite")]
transaction!(sqlx_sqlite::Sqlite, Dialect::Sqlite, check_is_open);

/// Fails if SQLite has ended the transaction: it refuses to begin one within another.
#[cfg(feature = "sqlx-sqlite")]
async fn check_is_open(tx: &mut Transaction<'_, sqlx_sqlite::Sqlite>) -> Result<(), BoxError> {
    if query::<sqlx_sqlite::Sqlite>("BEGIN").execute(&mut **tx).await.is_err() {
        return Ok(());
    }
    query::<sqlx_sqlite::Sqlite>("ROLLBACK").execute(&mut **tx).await?;
    Err(super::committing::Over.into())
}
