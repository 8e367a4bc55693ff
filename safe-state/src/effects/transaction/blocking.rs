//! The parts of `transaction!` for connections of blocking drivers.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::error::{Attempt, BoxError, TransactionError, not_rolled_back};

/// A connection that [`transaction!`](macro@crate::transaction) can begin, commit and roll back.
pub trait Transactional {
    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// The driver's error. No transaction is open then.
    fn begin(&mut self) -> Result<(), BoxError>;

    /// Commits the transaction.
    ///
    /// # Errors
    ///
    /// The driver's error. [`rollback`](Self::rollback) is called then.
    fn commit(&mut self) -> Result<(), BoxError>;

    /// Rolls the transaction back. Does nothing if it has ended by itself.
    ///
    /// # Errors
    ///
    /// The driver's error.
    fn rollback(&mut self) -> Result<(), BoxError>;
}

/// Finds the connection that a variable is, or dereferences to.
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

/// Begins a transaction on all connections; on none if one of them fails.
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

/// Runs the body, which may fail with any error.
#[doc(hidden)]
pub fn attempt<T>(body: impl FnOnce() -> Result<T, BoxError>) -> Attempt<T> {
    catch_unwind(AssertUnwindSafe(body))
}

/// Commits all transactions or rolls them back, by the outcome of the body.
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
        // The error that led to the rollback is the one to report. The server rolls back anyway when the connection
        // ends.
        if let Err(error) = it.rollback() {
            not_rolled_back(connection, &error);
        }
    }
}
