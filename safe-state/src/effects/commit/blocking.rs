//! Transactions of drivers that block.

use std::borrow::BorrowMut;

use safe_state_backends::{Dialect, Ended, Statement, Statements};

use super::{BoxError, Committing};
use crate::Error;
use crate::run::tally::Tally;

/// A transaction that [`commit!`](macro@crate::commit) can save an item's progress in, and commit.
///
/// It is implemented for those of `rusqlite`, `postgres` and `mysql`, by the features of these names. For
/// one of another driver, implement it for a type of your own that has it:
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
    /// The SQL of its database.
    fn dialect(&self) -> Dialect;

    /// Runs one statement in it. What the statement gives or changes does not matter.
    ///
    /// # Errors
    ///
    /// The driver's own. [`rollback`](Self::rollback) is called then.
    fn run(&mut self, statement: &Statement) -> Result<(), BoxError>;

    /// Commits it, and nothing else: not a part of another transaction, which may still be rolled back.
    ///
    /// # Errors
    ///
    /// The driver's own. Whether it was committed all the same is then found out.
    fn commit(self) -> Result<(), BoxError>;

    /// Rolls it back.
    ///
    /// # Errors
    ///
    /// The driver's own.
    fn rollback(self) -> Result<(), BoxError>;
}

/// What [`commit!`](macro@crate::commit) calls.
pub trait Blocking {
    /// Saves the progress of the item in flight in the transaction, and commits it.
    ///
    /// # Errors
    ///
    /// It was not committed, or that is not known.
    fn commit<'r>(
        self,
        tally: impl BorrowMut<Tally<'r>>,
        carried: Result<(), Error>,
    ) -> Result<(), Error>;
}

impl<T: Transaction> Blocking for Committing<T> {
    fn commit<'r>(
        self,
        mut tally: impl BorrowMut<Tally<'r>>,
        carried: Result<(), Error>,
    ) -> Result<(), Error> {
        let (Committing(transaction), tally) = (self, tally.borrow_mut());
        match statements(tally, carried, transaction.dialect()) {
            Ok(Some(statements)) => {
                let (ended, source) = end(transaction, &statements);
                let (run, _) = tally.committing();
                let settled = run.store().map_or(Ok(true), |mut store| store.ended(ended));
                tally.ended((ended, source), settled, &statements.place)
            }
            Ok(None) => {
                let (run, _) = tally.committing();
                transaction.commit().map_err(|source| run.failed_commit(Ended::Unknown, "", source))
            }
            Err(error) => {
                super::told(transaction.rollback());
                Err(error)
            }
        }
    }
}

fn statements(
    tally: &mut Tally<'_>,
    carried: Result<(), Error>,
    dialect: Dialect,
) -> Result<Option<Statements>, Error> {
    let Some(record) = tally.record(carried)? else { return Ok(None) };
    let (run, _) = tally.committing();
    let given = run.store().map(|mut store| store.statements(record, dialect));
    tally.statements(dialect, given)
}

/// Runs the statements in the transaction, and ends it.
fn end<T: Transaction>(mut transaction: T, statements: &Statements) -> (Ended, Option<BoxError>) {
    for statement in &statements.list {
        if let Err(source) = transaction.run(statement) {
            super::told(transaction.rollback());
            return (Ended::RolledBack, Some(source));
        }
    }
    match transaction.commit() {
        Ok(()) => (Ended::Committed, None),
        Err(source) => (Ended::Unknown, Some(source)),
    }
}
