//! Transactions of drivers that block.

use safe_state_backends::{Dialect, Ended, Statement, Statements};

use super::committer::Committer;
use super::committing::{BoxError, Committing, report_rollback};
use crate::Error;

/// A transaction that [`commit!`](macro@crate::commit) can save an item's progress in, and commit.
///
/// It is implemented for the transactions of `rusqlite`, `postgres` and `mysql`, by the features of these names. For a
/// transaction of another driver, implement it for a type of your own that wraps it:
///
/// ```
/// use safe_state::commit::{Dialect, Parameter, Statement, Transaction};
/// # type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// # struct Driver;
/// # impl Driver {
/// #     fn run(&mut self, _: &str, _: &[Value]) -> Result<u64, BoxError> { Ok(1) }
/// #     fn end(self, _: &str) -> Result<(), BoxError> { Ok(()) }
/// # }
/// # enum Value { Integer(i64), Text(String), Blob(Vec<u8>) }
///
/// /// A transaction of my driver, which has been begun.
/// struct Mine(Driver);
///
/// impl Transaction for Mine {
///     fn dialect(&self) -> Dialect {
///         Dialect::Sqlite
///     }
///
///     fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
///         let values: Vec<Value> = statement.parameters.iter().cloned().map(|value| match value {
///             Parameter::Integer(value) => Value::Integer(value),
///             Parameter::Text(value) => Value::Text(value),
///             Parameter::Bytes(value) => Value::Blob(value),
///         }).collect();
///         self.0.run(&statement.text, &values)?;
///         Ok(())
///     }
///
///     fn commit(self) -> Result<(), BoxError> {
///         self.0.end("COMMIT")
///     }
///
///     fn rollback(self) -> Result<(), BoxError> {
///         self.0.end("ROLLBACK")
///     }
/// }
/// ```
pub trait Transaction: Sized {
    /// Returns the SQL dialect of the database.
    fn dialect(&self) -> Dialect;

    /// Runs one statement in the transaction. The statement's result and the rows that it changes do not matter.
    ///
    /// # Errors
    ///
    /// The driver's error. [`rollback`](Self::rollback) is called then.
    fn run(&mut self, statement: &Statement) -> Result<(), BoxError>;

    /// Commits the transaction, and nothing else. It must not be a part of another transaction, which may still be
    /// rolled back.
    ///
    /// # Errors
    ///
    /// The driver's error. The run then finds out whether the transaction was committed all the same.
    fn commit(self) -> Result<(), BoxError>;

    /// Rolls the transaction back.
    ///
    /// # Errors
    ///
    /// The driver's error.
    fn rollback(self) -> Result<(), BoxError>;
}

/// The call that [`commit!`](macro@crate::commit) makes.
pub trait Blocking {
    /// Saves the progress of the item in flight in the transaction, and commits it.
    ///
    /// # Errors
    ///
    /// The transaction was not committed, or nobody knows whether it was.
    fn commit(self, committer: impl Committer, carried: Result<(), Error>) -> Result<(), Error>;
}

impl<T: Transaction> Blocking for Committing<T> {
    fn commit(
        self,
        mut committer: impl Committer,
        carried: Result<(), Error>,
    ) -> Result<(), Error> {
        let Committing(transaction) = self;
        match statements(&mut committer, carried, transaction.dialect()) {
            Ok(Some(statements)) => {
                let (ended, source) = end(transaction, &statements);
                let settled = committer.with_store(|store| store.ended(ended)).unwrap_or(Ok(true));
                committer.ended((ended, source), settled, &statements.place)
            }
            Ok(None) => transaction.commit().map_err(|source| committer.failed(source)),
            Err(error) => {
                report_rollback(transaction.rollback());
                Err(error)
            }
        }
    }
}

fn statements(
    committer: &mut impl Committer,
    carried: Result<(), Error>,
    dialect: Dialect,
) -> Result<Option<Statements>, Error> {
    let Some(record) = committer.record(carried)? else { return Ok(None) };
    let given = committer.with_store(|store| store.statements(record, dialect));
    committer.statements(dialect, given)
}

/// Runs the statements in the transaction, and commits it; rolls it back if a statement fails.
fn end<T: Transaction>(mut transaction: T, statements: &Statements) -> (Ended, Option<BoxError>) {
    for statement in &statements.list {
        if let Err(source) = transaction.run(statement) {
            report_rollback(transaction.rollback());
            return (Ended::RolledBack, Some(source));
        }
    }
    match transaction.commit() {
        Ok(()) => (Ended::Committed, None),
        Err(source) => (Ended::Unknown, Some(source)),
    }
}
