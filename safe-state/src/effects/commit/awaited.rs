//! Transactions of async drivers.

use safe_state_backends::{Dialect, Ended, Statement, Statements};

use super::committer::Committer;
use super::committing::{BoxError, Committing, report_rollback};
use crate::Error;

/// A transaction of an async driver that [`commit!`](macro@crate::commit) can save an item's progress in,
/// and commit; as [`Transaction`](super::Transaction) for one that blocks.
///
/// It is implemented for those of `tokio-postgres` and `mysql_async`, by the features `postgres` and
/// `mysql`, and of `sqlx`. The methods of an implementation are `async fn`; their futures can be sent.
pub trait AsyncTransaction: Send + Sized {
    /// The SQL of its database.
    fn dialect(&self) -> Dialect;

    /// Runs one statement in it. What the statement gives or changes does not matter.
    ///
    /// # Errors
    ///
    /// The driver's own. [`rollback`](Self::rollback) is called then.
    fn run(&mut self, statement: &Statement) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Commits it, and nothing else: not a part of another transaction, which may still be rolled back.
    ///
    /// # Errors
    ///
    /// The driver's own. Whether it was committed all the same is then found out.
    fn commit(self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Rolls it back.
    ///
    /// # Errors
    ///
    /// The driver's own.
    fn rollback(self) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// What [`commit!`](macro@crate::commit) calls.
pub trait Awaited {
    /// Saves the progress of the item in flight in the transaction, and commits it.
    ///
    /// # Errors
    ///
    /// It was not committed, or that is not known.
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

/// Runs the statements in the transaction, and ends it.
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
