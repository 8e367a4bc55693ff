//! Saves an item's progress in the program's own transaction: [`commit!`](macro@crate::commit).

mod awaited;
mod blocking;
mod committer;
mod committing;
mod connection;
mod error;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "rusqlite")]
mod rusqlite;
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres", feature = "sqlx-sqlite"))]
mod sqlx;
mod state;

pub use awaited::AsyncTransaction;
#[doc(hidden)]
pub use awaited::Awaited;
#[doc(hidden)]
pub use blocking::Blocking;
pub use blocking::Transaction;
#[doc(hidden)]
pub use committer::Committer;
pub(crate) use committer::Given;
#[doc(hidden)]
pub use committing::Committing;
pub use connection::Connection;
pub use error::CommitError;
pub(crate) use error::{not_committed, reason_of, unsettled};
pub use safe_state_backends::{Dialect, Parameter, Statement};
pub(crate) use state::Commit;

/// Commits a transaction together with the progress of the item, in a loop under
/// [`#[resumable]`](macro@crate::resumable). Either both are committed or neither is.
///
/// `commit!(tx)` is an expression of type `Result<(), Error>`. For an async driver it is a future of that:
/// `commit!(tx).await`. It saves in the transaction that the item is complete, with the carried variables as they are
/// now, and commits. Whether a crash comes before or after, the rows of each item are written once, and the job goes on
/// after them. For that, the job's checkpoint has to be in the same database:
///
/// ```
/// use rusqlite::Connection;
/// use safe_state::backend::SqliteBackend;
/// use safe_state::{commit, resumable};
///
/// # #[derive(Hash)]
/// # struct Order { id: i64, amount: i64 }
/// #[resumable(name = "post", backend = SqliteBackend::new("ledger.db"), carry(total))]
/// fn post(ledger: &mut Connection, orders: &[Order]) -> anyhow::Result<i64> {
///     let mut total = 0;
///     for order in orders {
///         let tx = ledger.transaction()?;
///         tx.execute("INSERT INTO entries VALUES (?1, ?2)", (order.id, order.amount))?;
///         total += order.amount;
///         commit!(tx)?;
///     }
///     Ok(total)
/// }
/// # let dir = tempfile::tempdir()?;
/// # std::env::set_current_dir(&dir)?;
/// let mut ledger = Connection::open("ledger.db")?;
/// ledger.execute("CREATE TABLE entries (id INTEGER, amount INTEGER)", [])?;
/// let orders = [Order { id: 1, amount: 7 }, Order { id: 2, amount: 5 }];
/// assert_eq!(post(&mut ledger, &orders)?, 12);
/// # Ok::<(), anyhow::Error>(())
/// ```
///
/// - `commit!` completes the item. Code after it in the body is not run again after a crash, so make it the last thing
///   that the body does. A body that ends without it completes its item too, which is saved as usual.
/// - One item is committed once. If a loop in the body commits in each of its rounds, make that loop resumable itself,
///   by a `#[resume]`.
/// - Items that `save_every` had not saved yet are saved with it.
/// - The commit is fenced like every save: a run that has lost its lease commits nothing. In PostgreSQL and MySQL the
///   row of the lease is locked until the transaction ends, which follows at once.
/// - If the transaction fails, it leaves nothing behind, the item is not complete, and it may be tried again, also by
///   `max_attempts`. If its commit gives no answer, the run asks the database. If the database gives none either, the
///   run ends, and the next run finds out.
/// - An error after `commit!` ends the run: the item is not tried again.
///
/// It takes transactions of `rusqlite`, `postgres`, `tokio-postgres`, `mysql`, `mysql_async` and `sqlx`, and any type
/// that implements [`Transaction`] or [`AsyncTransaction`]. In a job that is `manual`, it also saves, as
/// [`checkpoint!`](macro@crate::checkpoint) does.
///
/// # Errors
///
/// [`Error::Commit`](crate::Error::Commit), [`Error::Carried`](crate::Error::Carried), or
/// [`Error::Backend`](crate::Error::Backend) if the lease is lost.
#[macro_export]
macro_rules! commit {
    (@filled_in $($filled_in:tt)*) => { $($filled_in)* };
    // The attribute has reported an error already, and this adds none.
    (@as_is $transaction:expr $(,)?) => { $crate::__private::Ok::<(), $crate::Error>(drop($transaction)) };
    ($($misplaced:tt)*) => {
        compile_error!(
            "`commit!` belongs in the body of a loop that `#[resumable]` makes resumable; from inside a closure, \
             an `async` block or another macro's arguments, move it out"
        )
    };
}
