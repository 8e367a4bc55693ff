//! A transaction that is about to be committed.

use std::error::Error as StdError;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// A transaction that an item is about to be committed with.
#[derive(Debug)]
#[doc(hidden)]
pub struct Committing<T>(pub T);

/// The error if SQLite has rolled the transaction back by itself. Later statements would be committed one by one.
#[cfg(any(feature = "rusqlite", feature = "sqlx-sqlite"))]
#[derive(Debug, thiserror::Error)]
#[error("SQLite has rolled it back by itself, when an earlier statement failed")]
pub(super) struct Over;

/// Reports a rollback that failed. The database rolls back anyway when the connection ends.
pub(super) fn report_rollback(rolled_back: Result<(), BoxError>) {
    if let Err(error) = rolled_back {
        tracing::warn!(target: "safe_state", error, "cannot roll back");
    }
}
