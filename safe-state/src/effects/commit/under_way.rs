//! A commit under way: the item is complete with it, or as it was.

use safe_state_backends::format::Record;
use safe_state_backends::{Dialect, Ended, Error as BackendError, Statements, Store};

use super::{BoxError, CommitError};
use crate::Error;
use crate::progress::Before;
use crate::run::Run;
use crate::run::tally::Tally;

/// The last commit of an item.
#[derive(Debug, Default)]
pub(crate) enum Commit {
    /// There was none of the item in flight.
    #[default]
    None,
    /// The program has not been given what is to be run in the transaction; and what the run was before, to be
    /// put back if nothing comes of it.
    Prepared(Box<Before>),
    /// It has, and nobody has said how that ended.
    UnderWay(Box<Before>),
    /// The item is complete, and its body has not ended.
    Made,
}

/// What the run's store makes of it; none in a nested call, which saves nothing.
type Given = Option<Result<Option<Statements>, BackendError>>;

impl Run {
    /// Whether a transaction was about to be committed, and nobody has said how it ended.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self.commit, Commit::Prepared(_) | Commit::UnderWay(_))
    }

    /// Whether the item whose body has ended was complete before.
    pub(crate) fn was_committed(&mut self) -> bool {
        let is_made = matches!(self.commit, Commit::Made);
        if is_made {
            self.commit = Commit::None;
        }
        is_made
    }

    /// Whether the item that was handed out inside `depth` loops is not complete.
    pub fn is_in_flight(&self, depth: usize) -> bool {
        self.position.open.get(depth).is_none_or(|open| open.in_flight)
    }

    /// In manual mode: counts the items that checkpoints are, of which one is to be committed.
    pub fn tally_of_checkpoint(&mut self, location: &'static str) -> Tally<'_> {
        self.enter_manually(location);
        let mut tally = Tally::new(self, 0);
        tally.committed(false);
        tally
    }

    /// What is saved now might have the item, or not.
    pub(crate) fn check_doubt(&self) -> Result<(), Error> {
        if self.is_in_doubt() {
            return Err(self.not_committed(CommitError::InDoubt, None));
        }
        Ok(())
    }

    /// Completes the item in flight inside `depth` loops, and gives what is to be saved with it.
    fn complete_in_transaction(&mut self, depth: usize) -> Result<Record, Error> {
        self.check_doubt()?;
        let before = self.position.before();
        if !self.position.complete(depth) {
            return Err(self.not_committed(CommitError::Again, None));
        }
        self.commit = Commit::Prepared(Box::new(before));
        Ok(self.record(std::time::Instant::now()))
    }

    fn put_back(&mut self) {
        if let Commit::Prepared(before) | Commit::UnderWay(before) =
            std::mem::take(&mut self.commit)
        {
            self.position.put_back(*before);
        }
    }

    /// Nothing comes any more of a transaction that has not been given what saves: there is no doubt of it. Says whether
    /// there was one. Whoever asks has the run, so no commit is under way: its future was dropped.
    pub(crate) fn put_back_prepared(&mut self) -> bool {
        let is_prepared = matches!(self.commit, Commit::Prepared(_));
        if is_prepared {
            self.put_back();
            if let Some(owner) = &self.owner {
                // They may be made still.
                owner.work_blocking(Store::forget_statements);
            }
        }
        is_prepared
    }

    /// Within its own run, a job keeps no progress.
    fn is_nested(&self) -> bool {
        self.owner.is_none()
    }

    fn place(&self) -> String {
        self.store().map(|store| store.place()).unwrap_or_default()
    }
}

/// What both ways to commit do before and after.
impl Tally<'_> {
    /// Completes the item in flight; `None` in a nested call, which has nothing to save.
    pub(super) fn record(&mut self, carried: Result<(), Error>) -> Result<Option<Record>, Error> {
        carried?;
        self.take_back_dropped();
        let (run, depth) = self.committing();
        if run.is_nested() {
            return Ok(None);
        }
        let record = run.complete_in_transaction(depth)?;
        self.committed(true);
        Ok(Some(record))
    }

    /// What is to be run in the transaction.
    pub(super) fn statements(
        &mut self,
        dialect: Dialect,
        given: Given,
    ) -> Result<Option<Statements>, Error> {
        let (run, _) = self.committing();
        let refused = match given.transpose() {
            Ok(None) => return Ok(None),
            Ok(Some(Some(statements))) => {
                run.commit = match std::mem::take(&mut run.commit) {
                    Commit::Prepared(before) => Commit::UnderWay(before),
                    other => other,
                };
                return Ok(Some(statements));
            }
            Ok(Some(None)) => {
                run.not_committed(CommitError::Elsewhere { dialect, place: run.place() }, None)
            }
            Err(error) => error.into(),
        };
        run.put_back();
        self.committed(false);
        Err(refused)
    }

    /// Takes in what is known of how the transaction ended, and what the store has made of it.
    pub(super) fn ended(
        &mut self,
        (ended, source): (Ended, Option<BoxError>),
        settled: Result<bool, BackendError>,
        place: &str,
    ) -> Result<(), Error> {
        let (run, _) = self.committing();
        let failure = match (settled, source) {
            (Ok(true), _) | (Ok(false), None) => {
                run.commit = Commit::Made;
                run.saved_in_transaction();
                return Ok(());
            }
            (Err(trouble), Some(source)) if ended == Ended::Unknown => {
                return Err(run.unsettled(trouble, source));
            }
            (Err(BackendError::LeaseLost { job, holder }), Some(_)) => {
                BackendError::LeaseLost { job, holder }.into()
            }
            (Ok(false) | Err(_), Some(source)) => run.failed_commit(ended, place, source),
            // It was committed, and is not to be put back.
            (Err(trouble), None) => return Err(trouble.into()),
        };
        run.put_back();
        self.committed(false);
        Err(failure)
    }
}
