//! The connections that a loop may use without naming them.

/// A connection on which a loop's items begin the transactions that they end by
/// [`commit!`](macro@crate::commit).
///
/// A body changes such a connection, but nothing that the next run would miss: what its transactions change is in the
/// database. So a loop that uses it for these transactions and for nothing else need not name it in `fresh(..)`. A variable
/// of any other type has to be named, if the loop changes it.
///
/// It is implemented for the connections of `rusqlite`, `postgres`, `tokio-postgres`, `mysql`, `mysql_async` and
/// `sqlx`, by the features of [`commit!`](macro@crate::commit), and for `&mut` and `Box` of them. Implement it for a
/// type of your own that holds a connection and has no state that a run must keep:
///
/// ```
/// use rusqlite::{Connection, Transaction};
///
/// /// The database of this program.
/// struct Ledger(Connection);
///
/// impl Ledger {
///     fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
///         self.0.transaction()
///     }
/// }
///
/// impl safe_state::commit::Connection for Ledger {}
/// ```
pub trait Connection {}

impl<C: Connection + ?Sized> Connection for &mut C {}
impl<C: Connection + ?Sized> Connection for Box<C> {}

#[cfg(feature = "mysql")]
impl Connection for mysql::Conn {}
#[cfg(feature = "mysql")]
impl Connection for mysql::PooledConn {}
#[cfg(feature = "mysql")]
impl Connection for safe_state_servers::mysql_async::Conn {}
#[cfg(feature = "postgres")]
impl Connection for postgres::Client {}
#[cfg(feature = "postgres")]
impl Connection for safe_state_servers::tokio_postgres::Client {}
#[cfg(feature = "rusqlite")]
impl Connection for rusqlite::Connection {}
#[cfg(feature = "sqlx-mysql")]
impl Connection for sqlx_mysql::MySqlConnection {}
#[cfg(feature = "sqlx-mysql")]
impl Connection for sqlx_core::pool::PoolConnection<sqlx_mysql::MySql> {}
#[cfg(feature = "sqlx-postgres")]
impl Connection for sqlx_postgres::PgConnection {}
#[cfg(feature = "sqlx-postgres")]
impl Connection for sqlx_core::pool::PoolConnection<sqlx_postgres::Postgres> {}
#[cfg(feature = "sqlx-sqlite")]
impl Connection for sqlx_sqlite::SqliteConnection {}
#[cfg(feature = "sqlx-sqlite")]
impl Connection for sqlx_core::pool::PoolConnection<sqlx_sqlite::Sqlite> {}
