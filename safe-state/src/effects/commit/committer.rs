//! Whose progress a transaction saves.

use safe_state_backends::format::Record;
use safe_state_backends::{Dialect, Ended, Error as BackendError, Statements, Store};

use super::committing::BoxError;
use crate::Error;

/// What the store of a run makes of a record; none in a nested call, which saves nothing.
pub(crate) type Given = Option<Result<Option<Statements>, BackendError>>;

/// A run that an item is committed of.
pub trait Committer {
    /// Completes the item in flight. Returns what saves that; none in a nested call, which has nothing to save.
    ///
    /// # Errors
    ///
    /// The carried variables can't be taken, or the item was committed before.
    fn record(&mut self, carried: Result<(), Error>) -> Result<Option<Record>, Error>;

    /// Works with the store; none in a nested call.
    fn with_store<T>(&mut self, work: impl FnOnce(&mut Store) -> T) -> Option<T>;

    /// Works with the store without blocking; none in a nested call.
    fn with_store_async<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send;

    /// Takes in what is to be run in the transaction.
    ///
    /// # Errors
    ///
    /// Nothing can be, and the item is in flight again.
    fn statements(&mut self, dialect: Dialect, given: Given) -> Result<Option<Statements>, Error>;

    /// Takes in what is known of how the transaction ended, and what the store has made of it.
    ///
    /// # Errors
    ///
    /// It was not committed, or that is not known.
    fn ended(
        &mut self,
        ended: (Ended, Option<BoxError>),
        settled: Result<bool, BackendError>,
        place: &str,
    ) -> Result<(), Error>;

    /// Returns the error of a transaction that saved nothing, as the call is nested, and was not committed.
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
