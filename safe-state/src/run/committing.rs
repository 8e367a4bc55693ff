//! Completes an item with a transaction of the program's own, or puts the item back if the transaction fails.

use std::time::Instant;

use safe_state_backends::format::Record;
use safe_state_backends::{Dialect, Ended, Error as BackendError, Statements, Store};

use super::looping;
use super::tally::Tally;
use crate::Error;
use crate::effects::commit::{CommitError, Committer, Given, not_committed, reason_of, unsettled};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Committer for Tally<'_> {
    fn record(&mut self, carried: Result<(), Error>) -> Result<Option<Record>, Error> {
        carried?;
        self.take_back_dropped();
        let (stages, depth) = self.stages();
        // A run nested in another of the same job keeps no progress.
        if !stages.saving.is_stored() {
            return Ok(None);
        }
        stages.check_doubt()?;
        let before = stages.progress.before();
        stages.saving.commit_begins();
        if !looping::complete_item(stages, depth) {
            return Err(not_committed(stages.observer.job(), CommitError::Again, None));
        }
        stages.commit.prepare(before);
        let record = stages.record(Instant::now());
        self.committed(true);
        Ok(Some(record))
    }

    fn with_store<T>(&mut self, work: impl FnOnce(&mut Store) -> T) -> Option<T> {
        let (stages, _) = self.stages();
        stages.saving.store().map(|mut store| work(&mut store))
    }

    async fn with_store_async<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        let (stages, _) = self.stages();
        stages.saving.with_store(work).await
    }

    fn statements(&mut self, dialect: Dialect, given: Given) -> Result<Option<Statements>, Error> {
        let (stages, _) = self.stages();
        let refused = match given.transpose() {
            Ok(None) => return Ok(None),
            Ok(Some(Some(statements))) => {
                stages.commit.give();
                return Ok(Some(statements));
            }
            Ok(Some(None)) => {
                let place = stages.saving.store().map(|store| store.place()).unwrap_or_default();
                #[cfg(feature = "testing")]
                let place = crate::testing::place().unwrap_or(place);
                let elsewhere = CommitError::Elsewhere { dialect, place };
                not_committed(stages.observer.job(), elsewhere, None)
            }
            Err(error) => error.into(),
        };
        self.put_back();
        Err(refused)
    }

    fn ended(
        &mut self,
        (ended, source): (Ended, Option<BoxError>),
        settled: Result<bool, BackendError>,
        place: &str,
    ) -> Result<(), Error> {
        let (stages, _) = self.stages();
        let failure = match (settled, source) {
            (Ok(true), _) | (Ok(false), None) => {
                stages.commit.made();
                stages.saved_in_transaction();
                return Ok(());
            }
            (Err(trouble), Some(source)) if ended == Ended::Unknown => {
                return Err(unsettled(stages.observer.job(), trouble, source));
            }
            (Err(BackendError::LeaseLost { job, holder }), Some(_)) => {
                BackendError::LeaseLost { job, holder }.into()
            }
            (Ok(false) | Err(_), Some(source)) => {
                not_committed(stages.observer.job(), reason_of(ended, place), Some(source))
            }
            // The transaction was committed, so the item is not put back.
            (Err(trouble), None) => return Err(trouble.into()),
        };
        self.put_back();
        Err(failure)
    }

    fn failed(&mut self, source: BoxError) -> Error {
        let (stages, _) = self.stages();
        not_committed(stages.observer.job(), reason_of(Ended::Unknown, ""), Some(source))
    }
}
