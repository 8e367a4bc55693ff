//! Transactions of async drivers.

use safe_state_backends::{Dialect, Ended, Statement, Statements};

use super::committer::Committer;
use super::committing::{BoxError, Committing, report_rollback};
use crate::Error;

/// A transaction of an async driver that [`commit!`](macro@crate::commit) can save an item's progress in, and commit.
/// [`Transaction`](super::Transaction) is its counterpart for drivers that block.
///
/// It is implemented for the transactions of `tokio-postgres` and `mysql_async`, by the features `postgres` and
/// `mysql`, and of `sqlx`. The methods of an implementation are `async fn`; their futures have to be `Send`.
pub trait AsyncTransaction: Send + Sized {
    /// Returns the SQL dialect of the database.
    fn dialect(&self) -> Dialect;

    /// Runs one statement in the transaction. The statement's result and the rows that it changes do not matter.
    ///
    /// # Errors
    ///
    /// The driver's error. [`rollback`](Self::rollback) is called then.
    fn run(&mut self, statement: &Statement) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Commits the transaction, and nothing else. It must not be a part of another transaction, which may still be
    /// rolled back.
    ///
    /// # Errors
    ///
    /// The driver's error. The run then finds out whether the transaction was committed all the same.
    fn commit(self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Rolls the transaction back.
    ///
    /// # Errors
    ///
    /// The driver's error.
    fn rollback(self) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// The call that [`commit!`](macro@crate::commit) makes.
pub trait Awaited {
    /// Saves the progress of the item in flight in the transaction, and commits it.
    ///
    /// # Errors
    ///
    /// The transaction was not committed, or nobody knows whether it was.
    fn commit(
        self,
        committer: impl Committer + Send,
        carried: Result<(), Error>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<T: AsyncTransaction> Awaited for Committing<T> {
    async fn commit(
        self,
        mut committer: impl Committer + Send,
        carried: Result<(), Error>,
    ) -> Result<(), Error> {
        let Committing(transaction) = self;
        match statements(&mut committer, carried, transaction.dialect()).await {
            Ok(Some(statements)) => {
                let (ended, source) = end(transaction, &statements).await;
                let settled = committer.with_store_async(move |store| store.ended(ended)).await;
                committer.ended((ended, source), settled.unwrap_or(Ok(true)), &statements.place)
            }
            Ok(None) => {
                let ended = transaction.commit().await;
                ended.map_err(|source| committer.failed(source))
            }
            Err(error) => {
                report_rollback(transaction.rollback().await);
                Err(error)
            }
        }
    }
}

async fn statements(
    committer: &mut (impl Committer + Send),
    carried: Result<(), Error>,
    dialect: Dialect,
) -> Result<Option<Statements>, Error> {
    let Some(record) = committer.record(carried)? else { return Ok(None) };
    let given = committer.with_store_async(move |store| store.statements(record, dialect)).await;
    committer.statements(dialect, given)
}

/// Runs the statements in the transaction, and commits it; rolls it back if a statement fails.
async fn end<T: AsyncTransaction>(
    mut transaction: T,
    statements: &Statements,
) -> (Ended, Option<BoxError>) {
    for statement in &statements.list {
        if let Err(source) = transaction.run(statement).await {
            report_rollback(transaction.rollback().await);
            return (Ended::RolledBack, Some(source));
        }
    }
    match transaction.commit().await {
        Ok(()) => (Ended::Committed, None),
        Err(source) => (Ended::Unknown, Some(source)),
    }
}
