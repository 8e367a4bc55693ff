//! One transaction over one or several connections: [`transaction!`](macro@crate::transaction).

mod awaited;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "rusqlite")]
mod rusqlite;
#[cfg(feature = "postgres")]
mod tokio_postgres;

use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub use awaited::{
    AsyncConnection, AsyncTransactional, Open, OpenDyn, attempt_async, end_async, roll_back_async,
};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Does something on one or several connections, all of it or nothing.
///
/// `transaction!(a, b => { body })` begins a transaction on each connection, in order, and runs the
/// body, which uses the connections by their names. It is an expression of type
/// `Result<_, TransactionError>`:
///
/// - If the body ends in `Ok(value)`, all are committed in order, and the value is returned.
/// - If it fails, by `?` or an `Err` of any error, or panics, all are rolled back in reverse order.
/// - If a commit fails, that one and those after it are rolled back in reverse order; the error names the
///   connections that had been committed by then.
///
/// A `return` in the body ends the body alone. The connections are variables: what is
/// [`Transactional`](crate::transaction::Transactional), a `&mut` to it, or what leads to it by
/// `DerefMut`. They are `rusqlite::Connection`, `postgres::Client` and `mysql::Conn`, by the features
/// `rusqlite`, `postgres` and `mysql`, and types of one's own.
///
/// `transaction!(async a, b => { body })` is the same as a future, whose body may wait. Its connections
/// are `tokio_postgres::Client`, by the feature `postgres`, and what is
/// [`AsyncTransactional`](crate::transaction::AsyncTransactional). If the future is dropped, all that it has
/// begun and not ended is rolled back, before anything else happens on these connections:
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
/// It is not a two-phase commit. If the process dies, or a connection breaks, between two commits, the
/// first is committed and the second is not. So keep what must not come apart on one connection. Nor is it
/// one with the progress of a job: an item whose process dies after the commit, and before it is complete,
/// runs again. So make the body one that may be repeated; or, on one connection to the database where the
/// checkpoint is, commit the progress with it, by [`commit!`](macro@crate::commit).
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

/// A connection that [`transaction!`](macro@crate::transaction) can begin, commit and roll back.
pub trait Transactional {
    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// The connection's own; there is no transaction then.
    fn begin(&mut self) -> Result<(), BoxError>;

    /// Commits it.
    ///
    /// # Errors
    ///
    /// The connection's own. [`rollback`](Self::rollback) is called then.
    fn commit(&mut self) -> Result<(), BoxError>;

    /// Rolls it back; doing nothing if it has ended by itself.
    ///
    /// # Errors
    ///
    /// The connection's own.
    fn rollback(&mut self) -> Result<(), BoxError>;
}

/// Why a transaction did not come to be.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The body failed, and all was rolled back.
    #[error("the transaction failed, and was rolled back")]
    Body(#[source] BoxError),
    /// A transaction could not be begun. Nothing was done.
    #[error("cannot begin a transaction on `{connection}`; nothing was done")]
    Begin {
        /// The connection's name in the code.
        connection: &'static str,
        /// The connection's own error.
        source: BoxError,
    },
    /// A commit failed. That connection and those after it were rolled back, if the failure was not in
    /// telling that it was committed.
    #[error("cannot commit on `{connection}`; {}", already(committed))]
    Commit {
        /// The connection's name in the code.
        connection: &'static str,
        /// Those that were committed before it, in order.
        committed: Vec<&'static str>,
        /// The connection's own error.
        source: BoxError,
    },
}

safe_state_backends::debug_is_one_line!(TransactionError);

fn already(committed: &[&str]) -> String {
    if committed.is_empty() {
        return "nothing was committed before it".to_owned();
    }
    let names: Vec<String> = committed.iter().map(|name| format!("`{name}`")).collect();
    format!("already committed: {}", names.join(", "))
}

/// Finds the connection that a variable is or leads to.
#[doc(hidden)]
pub trait Connection: Transactional + Sized {
    fn __transactional(&mut self) -> &mut dyn Transactional {
        self
    }
}

impl<C: Transactional> Connection for C {}

/// A connection, with its name in the code.
#[doc(hidden)]
pub type Named<'c> = (&'static str, &'c mut dyn Transactional);

/// What became of the body.
#[doc(hidden)]
pub type Attempt<T> = std::thread::Result<Result<T, BoxError>>;

/// Begins all, or none.
#[doc(hidden)]
pub fn begin(connections: &mut [Named<'_>]) -> Result<(), TransactionError> {
    for at in 0..connections.len() {
        let (connection, it) = &mut connections[at];
        let connection = *connection;
        if let Err(source) = it.begin() {
            roll_back(&mut connections[..at]);
            return Err(TransactionError::Begin { connection, source });
        }
    }
    Ok(())
}

/// Runs the body, which may fail by any error.
#[doc(hidden)]
pub fn attempt<T>(body: impl FnOnce() -> Result<T, BoxError>) -> Attempt<T> {
    catch_unwind(AssertUnwindSafe(body))
}

/// Ends all by what became of the body.
#[doc(hidden)]
pub fn end<T>(connections: &mut [Named<'_>], outcome: Attempt<T>) -> Result<T, TransactionError> {
    match outcome {
        Ok(Ok(value)) => commit(connections).map(|()| value),
        Ok(Err(source)) => {
            roll_back(connections);
            Err(TransactionError::Body(source))
        }
        Err(panic) => {
            roll_back(connections);
            resume_unwind(panic)
        }
    }
}

fn commit(connections: &mut [Named<'_>]) -> Result<(), TransactionError> {
    for at in 0..connections.len() {
        let (connection, it) = &mut connections[at];
        let connection = *connection;
        if let Err(source) = it.commit() {
            roll_back(&mut connections[at..]);
            let committed = connections[..at].iter().map(|(name, _)| *name).collect();
            return Err(TransactionError::Commit { connection, committed, source });
        }
    }
    Ok(())
}

fn roll_back(connections: &mut [Named<'_>]) {
    for (connection, it) in connections.iter_mut().rev() {
        // The error to report is why it is rolled back; the server does it when the connection ends.
        if let Err(error) = it.rollback() {
            not_rolled_back(connection, &error);
        }
    }
}

fn not_rolled_back(connection: &str, error: &BoxError) {
    tracing::warn!(target: "safe_state", connection, error, "cannot roll back");
}
