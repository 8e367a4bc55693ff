//! The parts of `transaction!` for connections of async drivers.

use std::pin::Pin;

use super::error::{Attempt, BoxError, TransactionError, not_rolled_back};
use crate::__private::call_async;
use crate::observe::spans::Spans;

type Ended<'f> = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'f>>;

/// A connection of an async driver that `transaction!(async ..)` can begin, commit and roll back.
pub trait AsyncTransactional: Send {
    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// The driver's error. No transaction is open then.
    fn begin(&mut self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Commits the transaction.
    ///
    /// # Errors
    ///
    /// The driver's error. [`rollback`](Self::rollback) is called then.
    fn commit(&mut self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Rolls the transaction back. Does nothing if it has ended by itself.
    ///
    /// # Errors
    ///
    /// The driver's error.
    fn rollback(&mut self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Makes sure, without waiting, that the transaction is rolled back before anything else happens on the connection.
    /// It is called when the future of the transaction is dropped.
    fn abandon(&mut self);
}

/// Finds the connection that a variable is, or dereferences to.
#[doc(hidden)]
pub trait AsyncConnection: AsyncTransactional + Sized {
    fn __async_transactional(&mut self) -> &mut Self {
        self
    }
}

impl<C: AsyncTransactional> AsyncConnection for C {}

/// A transaction that has begun and not ended. It is abandoned if it is dropped before it ends.
#[doc(hidden)]
#[derive(Debug)]
pub struct Open<'c, C: AsyncTransactional> {
    name: &'static str,
    connection: &'c mut C,
    has_ended: bool,
}

impl<'c, C: AsyncTransactional> Open<'c, C> {
    /// Begins a transaction on `connection`.
    ///
    /// # Errors
    ///
    /// The transaction could not be begun.
    pub async fn begin(
        name: &'static str,
        connection: &'c mut C,
    ) -> Result<Self, TransactionError> {
        // `open` is made before the request, as a future that is dropped meanwhile may have begun the transaction.
        let mut open = Open { name, connection, has_ended: false };
        let begun = open.connection.begin().await;
        match begun {
            Ok(()) => Ok(open),
            Err(source) => {
                open.has_ended = true;
                Err(TransactionError::Begin { connection: name, source })
            }
        }
    }

    /// Returns the connection, for the body to use.
    pub fn connection(&mut self) -> &mut C {
        self.connection
    }
}

impl<C: AsyncTransactional> Drop for Open<'_, C> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.connection.abandon();
        }
    }
}

/// An open transaction on a connection of any type.
#[doc(hidden)]
pub trait OpenDyn: Send {
    fn name(&self) -> &'static str;
    fn commit(&mut self) -> Ended<'_>;
    fn rollback(&mut self) -> Ended<'_>;
}

impl<C: AsyncTransactional> OpenDyn for Open<'_, C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn commit(&mut self) -> Ended<'_> {
        Box::pin(async {
            self.connection.commit().await?;
            self.has_ended = true;
            Ok(())
        })
    }

    fn rollback(&mut self) -> Ended<'_> {
        Box::pin(async {
            let ended = self.connection.rollback().await;
            self.has_ended = true;
            ended
        })
    }
}

/// Runs the body, which may fail with any error.
#[doc(hidden)]
pub async fn attempt_async<T>(body: impl Future<Output = Result<T, BoxError>>) -> Attempt<T> {
    call_async(Spans::default(), body).await
}

/// Commits all transactions or rolls them back, by the outcome of the body.
#[doc(hidden)]
pub async fn end_async<T>(
    open: &mut [&mut dyn OpenDyn],
    outcome: Attempt<T>,
) -> Result<T, TransactionError> {
    match outcome {
        Ok(Ok(value)) => commit(open).await.map(|()| value),
        Ok(Err(source)) => {
            roll_back_async(open).await;
            Err(TransactionError::Body(source))
        }
        Err(panic) => {
            roll_back_async(open).await;
            std::panic::resume_unwind(panic)
        }
    }
}

async fn commit(open: &mut [&mut dyn OpenDyn]) -> Result<(), TransactionError> {
    for at in 0..open.len() {
        if let Err(source) = open[at].commit().await {
            let connection = open[at].name();
            roll_back_async(&mut open[at..]).await;
            let committed = open[..at].iter().map(|open| open.name()).collect();
            return Err(TransactionError::Commit { connection, committed, source });
        }
    }
    Ok(())
}

/// Rolls all transactions back, in reverse order.
#[doc(hidden)]
pub async fn roll_back_async(open: &mut [&mut dyn OpenDyn]) {
    for open in open.iter_mut().rev() {
        if let Err(error) = open.rollback().await {
            not_rolled_back(open.name(), &error);
        }
    }
}
