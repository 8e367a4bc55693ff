//! The connections that a loop may use without naming them.

/// A connection on which a loop's items begin the transactions that they end by
/// [`commit!`](macro@crate::commit).
///
/// A body changes such a connection, but nothing that the next run would miss: what its transactions change is in the
/// database. So a loop that uses it for these transactions and for nothing else need not name it in `fresh(..)`.
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
#[diagnostic::on_unimplemented(
    message = "the loop begins a transaction on this variable, which it changes, and `{Self}` is no connection that `commit!` knows",
    label = "the loop changes this variable from before it",
    note = "if its value must survive a crash, add `carry(name)` to the attribute, with the variable's name",
    note = "if every run may start with a new one, add `fresh(name)`",
    note = "a type of your own that only holds a connection may implement `safe_state::commit::Connection`"
)]
pub trait Connection {}

#[diagnostic::do_not_recommend]
impl<C: Connection + ?Sized> Connection for &mut C {}
#[diagnostic::do_not_recommend]
impl<C: Connection + ?Sized> Connection for Box<C> {}

#[cfg(feature = "mysql")]
impl Connection for mysql::Conn {}
#[cfg(feature = "mysql")]
impl Connection for mysql::PooledConn {}
#[cfg(feature = "mysql")]
impl Connection for safe_state_backends::mysql_async::Conn {}
#[cfg(feature = "postgres")]
impl Connection for postgres::Client {}
#[cfg(feature = "postgres")]
impl Connection for safe_state_backends::tokio_postgres::Client {}
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

/// Takes a variable that only a connection may be.
pub const fn connection<C: Connection + ?Sized>(_: &C) {}
