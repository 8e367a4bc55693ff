//! One transaction over one or several connections: [`transaction!`](macro@crate::transaction).

mod awaited;
mod blocking;
mod error;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "rusqlite")]
mod rusqlite;
#[cfg(feature = "postgres")]
mod tokio_postgres;

pub use awaited::{
    AsyncConnection, AsyncTransactional, Open, OpenDyn, attempt_async, end_async, roll_back_async,
};
pub use blocking::{Connection, Named, Transactional, attempt, begin, end};
pub use error::{Attempt, TransactionError};

/// Does something on one or several connections: all of it or nothing.
///
/// `transaction!(a, b => { body })` begins a transaction on each connection, in order, and runs the
/// body, which uses the connections by their names. It is an expression of type
/// `Result<_, TransactionError>`:
///
/// - If the body ends in `Ok(value)`, all are committed in order, and the value is returned.
/// - If it fails, by `?` or an `Err` of any error, or panics, all are rolled back in reverse order.
/// - If a commit fails, that connection and those after it are rolled back in reverse order. The error names the
///   connections that had been committed by then.
///
/// A `return` in the body only leaves the body. The connections are variables that are
/// [`Transactional`](crate::transaction::Transactional), a `&mut` to such a value, or lead to one by `DerefMut`.
/// `rusqlite::Connection`, `postgres::Client` and `mysql::Conn` are, by the features `rusqlite`, `postgres` and
/// `mysql`, and types of your own can be.
///
/// `transaction!(async a, b => { body })` is the same as a future, whose body may await. Its connections are
/// `tokio_postgres::Client`, by the feature `postgres`, and types that are
/// [`AsyncTransactional`](crate::transaction::AsyncTransactional). If the future is dropped, each transaction that has
/// begun and not ended is rolled back, before anything else happens on its connection:
///
/// ```
/// # #[cfg(feature = "postgres")]
/// # async fn post(
/// #     mut ledger: safe_state::backend::tokio_postgres::Client,
/// #     mut audit: safe_state::backend::tokio_postgres::Client,
/// # ) -> Result<(), safe_state::transaction::TransactionError> {
/// # use safe_state::transaction;
/// transaction!(async ledger, audit => {
///     let posted = ledger.execute("INSERT INTO payments VALUES (7)", &[]).await?;
///     audit.execute("INSERT INTO seen VALUES (7)", &[]).await?;
///     Ok(posted)
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// This is not a two-phase commit. If the process dies or a connection breaks between two commits, the first is
/// committed and the second is not. So keep changes that belong together on one connection. It is not one transaction
/// with the progress of a job either: an item whose process dies after the commit, and before the item is complete,
/// runs again. So make the body repeatable; or, on one connection to the database where the checkpoint is, commit the
/// progress with it, by [`commit!`](macro@crate::commit).
///
/// ```
/// use safe_state::transaction;
/// use safe_state::transaction::{Transactional, TransactionError};
///
/// # type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// #[derive(Default)]
/// struct Ledger { rows: Vec<i64>, committed: usize }
///
/// impl Transactional for Ledger {
///     fn begin(&mut self) -> Result<(), BoxError> { Ok(()) }
///     fn commit(&mut self) -> Result<(), BoxError> { self.committed = self.rows.len(); Ok(()) }
///     fn rollback(&mut self) -> Result<(), BoxError> { self.rows.truncate(self.committed); Ok(()) }
/// }
///
/// let (mut from, mut to) = (Ledger::default(), Ledger::default());
/// let amount = transaction!(from, to => {
///     let amount: i64 = "7".parse()?;
///     from.rows.push(-amount);
///     to.rows.push(amount);
///     Ok(amount)
/// })?;
/// assert_eq!((amount, to.rows.len()), (7, 1));
///
/// let failed: Result<(), _> = transaction!(from => {
///     from.rows.push("seven".parse()?);
///     Ok(())
/// });
/// assert!(matches!(failed, Err(TransactionError::Body(_))));
/// assert_eq!(from.rows.len(), 1);
/// # Ok::<(), TransactionError>(())
/// ```
#[macro_export]
macro_rules! transaction {
    (async $($connection:ident),+ $(,)? => $body:block) => {
        async {
            #[allow(unused_imports)]
            use $crate::transaction::AsyncConnection as _;
            $crate::transaction!(@open [] [$($connection)+] $body)
        }
    };
    (@open [$($open:ident)*] [$first:ident $($rest:ident)*] $body:block) => {{
        let begun = $crate::transaction::Open::begin(
            stringify!($first), $first.__async_transactional(),
        ).await;
        let mut open = match begun {
            $crate::__private::Ok(open) => open,
            $crate::__private::Err(error) => {
                $crate::transaction::roll_back_async(&mut [$(&mut $open),*]).await;
                return $crate::__private::Err(error);
            }
        };
        #[allow(unused_variables)]
        let $first = open.connection();
        $crate::transaction!(@open [$($open)* open] [$($rest)*] $body)
    }};
    (@open [$($open:ident)+] [] $body:block) => {{
        let outcome = $crate::transaction::attempt_async(async $body).await;
        $crate::transaction::end_async(&mut [$(&mut $open),+], outcome).await
    }};
    ($($connection:ident),+ $(,)? => $body:block) => {{
        #[allow(unused_imports)]
        use $crate::transaction::Connection as _;
        match $crate::transaction::begin(
            &mut [$((stringify!($connection), $connection.__transactional())),+],
        ) {
            $crate::__private::Ok(()) => {
                let outcome = $crate::transaction::attempt(|| $body);
                $crate::transaction::end(
                    &mut [$((stringify!($connection), $connection.__transactional())),+],
                    outcome,
                )
            }
            $crate::__private::Err(error) => $crate::__private::Err(error),
        }
    }};
}
