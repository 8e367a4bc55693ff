//! The run whose progress a transaction saves.

use safe_state_backends::format::Record;
use safe_state_backends::{Dialect, Ended, Error as BackendError, Statements, Store};

use super::committing::BoxError;
use crate::Error;

/// The store's statements for a record; none in a nested call, which saves nothing.
pub(crate) type Given = Option<Result<Option<Statements>, BackendError>>;

/// A run, as a commit of one of its items uses it.
pub trait Committer {
    /// Completes the item in flight. Returns the record that saves this; none in a nested call, which has nothing to
    /// save.
    ///
    /// # Errors
    ///
    /// The carried variables can't be taken, or the item has been committed before.
    fn record(&mut self, carried: Result<(), Error>) -> Result<Option<Record>, Error>;

    /// Calls `work` with the store; returns none in a nested call, which has no store.
    fn with_store<T>(&mut self, work: impl FnOnce(&mut Store) -> T) -> Option<T>;

    /// Calls `work` with the store without blocking the executor; returns none in a nested call, which has no store.
    fn with_store_async<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send;

    /// Takes in the statements that are to be run in the transaction.
    ///
    /// # Errors
    ///
    /// The store has given no statements. The item is in flight again.
    fn statements(&mut self, dialect: Dialect, given: Given) -> Result<Option<Statements>, Error>;

    /// Takes in how the transaction ended, and whether the store has found the progress saved.
    ///
    /// # Errors
    ///
    /// The transaction was not committed, or nobody knows whether it was.
    fn ended(
        &mut self,
        ended: (Ended, Option<BoxError>),
        settled: Result<bool, BackendError>,
        place: &str,
    ) -> Result<(), Error>;

    /// Returns the error of a transaction that was not committed in a nested call, which saves nothing.
    fn failed(&mut self, source: BoxError) -> Error;
}

impl<C: Committer + Send> Committer for &mut C {
    fn record(&mut self, carried: Result<(), Error>) -> Result<Option<Record>, Error> {
        C::record(self, carried)
    }

    fn with_store<T>(&mut self, work: impl FnOnce(&mut Store) -> T) -> Option<T> {
        C::with_store(self, work)
    }

    fn with_store_async<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        C::with_store_async(self, work)
    }

    fn statements(&mut self, dialect: Dialect, given: Given) -> Result<Option<Statements>, Error> {
        C::statements(self, dialect, given)
    }

    fn ended(
        &mut self,
        ended: (Ended, Option<BoxError>),
        settled: Result<bool, BackendError>,
        place: &str,
    ) -> Result<(), Error> {
        C::ended(self, ended, settled, place)
    }

    fn failed(&mut self, source: BoxError) -> Error {
        C::failed(self, source)
    }
}
