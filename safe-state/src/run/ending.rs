//! How a run ends: what its outcome means for the checkpoint, and what its caller is given.

use std::mem;
use std::panic::resume_unwind;
use std::sync::MutexGuard;
use std::time::Instant;

use safe_state_backends::format::Change;
use safe_state_backends::{Error as BackendError, RunEnd, Store};
use tracing::Span;

use super::{Run, Write};
use crate::Error;
use crate::effects::reconnect::outputs::Outputs;
use crate::failure::outcome::{Failed, Failing, Outcome};
use crate::failure::try_trace::Noted;
use crate::progress::open_loop::OpenLoop;
use crate::save::owner::Owner;

impl Run {
    /// Ends the run by the outcome, and gives the outcome back.
    ///
    /// # Panics
    ///
    /// With the panic of the outcome, if it is one.
    pub fn finish<R>(
        mut self,
        outcome: Outcome<R>,
        failing: Failing,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        self.end_limits();
        let spans = self.spans();
        let _within = spans.within();
        let _ = self.put_back_prepared();
        let (write, failed) = self.ending(failing);
        let outputs = mem::take(&mut self.outputs);
        let last = last(write, self.spans.save(), outputs);
        let ended = self.let_go().map(|owner| owner.map(|owner| owner.end(last)));
        self.ended(outcome, failed, ended, on_error)
    }

    /// The same without blocking.
    ///
    /// # Panics
    ///
    /// As [`finish`](Self::finish).
    pub async fn finish_async<R>(
        mut self,
        outcome: Outcome<R>,
        failing: Failing,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        self.end_limits();
        #[cfg(feature = "report")]
        let failing = self.look_up_calls(failing).await;
        let _ = self.put_back_prepared();
        let (write, failed) = self.ending(failing);
        let outputs = mem::take(&mut self.outputs);
        let last = last(write, self.spans.save(), outputs);
        let ended = match self.let_go() {
            Ok(Some(owner)) => Ok(Some(owner.end_async(last).await)),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.ended(outcome, failed, ended, on_error)
    }

    /// Gives its store away, to be written to once more: from then on there is nothing that the run saves.
    ///
    /// # Errors
    ///
    /// It is in doubt what is stored, and the store has been let go.
    pub(super) fn let_go(&mut self) -> Result<Option<Owner>, Error> {
        let owner = self.owner.take();
        self.check_doubt().map(|()| owner)
    }

    /// What is to be saved of a run that goes on no more, and has not failed: no item is to blame.
    pub(super) fn change_of_stopped(&mut self) -> Change {
        let acquitted: Vec<_> =
            self.position.open.iter_mut().filter_map(OpenLoop::acquit).collect();
        if !self.position.rest.has_values() {
            self.position.keep_only_what_matches_carried_values();
        }
        let mut change = self.change(Instant::now());
        change.loops.extend(acquitted);
        change.end = Some(RunEnd::Stopped);
        change
    }

    /// Looking functions up takes long for the first time, and they are remembered: so it is done without
    /// blocking.
    #[cfg(feature = "report")]
    async fn look_up_calls(&mut self, mut failing: Failing) -> Failing {
        if let (Failing::Yes(failed) | Failing::IfInLoop(failed), Some(worker)) =
            (&mut failing, self.owner.as_ref().and_then(Owner::thread))
        {
            let look_up = failed.told.look_up_calls();
            worker.run(look_up).await;
        }
        failing
    }

    /// What the outcome means for the checkpoint.
    fn ending(&mut self, failing: Failing) -> (Write, bool) {
        if self.boundary.is_stopped {
            let change = Change { end: Some(RunEnd::Stopped), ..self.last_change() };
            return (Write::Save(change.into()), true);
        }
        let failed = match failing {
            Failing::Yes(failed) => Some(failed),
            Failing::IfInLoop(failed) if self.left_by_question_mark() => Some(failed),
            Failing::No | Failing::IfInLoop(_) => None,
        };
        // What failed and was no failure is not the next one's.
        drop(Noted::take());
        match failed {
            Some(failed) if self.has_begun_nothing() => {
                drop(self.failure(failed));
                (Write::Delete, true)
            }
            Some(failed) => (Write::Save(self.failure(failed).into()), true),
            None if self.keep_on_success || self.has_dead_letters() => {
                (Write::Finish(self.last_change()), false)
            }
            None => (Write::Delete, false),
        }
    }

    /// Whether no run of the job has come to a loop, or saved a value: there is nothing to go on from.
    fn has_begun_nothing(&self) -> bool {
        let is_empty = |store: MutexGuard<'_, Store>| {
            let checkpoint = store.checkpoint();
            checkpoint.loops().next().is_none() && checkpoint.carried_names().next().is_none()
        };
        self.position.location.is_empty()
            && self.position.carried.is_empty()
            && self.store().is_some_and(is_empty)
    }

    fn has_dead_letters(&self) -> bool {
        let has_stored =
            |store: MutexGuard<'_, Store>| !store.checkpoint().dead_letters().is_empty();
        !self.position.dead_letters.is_empty() || self.store().is_some_and(has_stored)
    }

    fn last_change(&mut self) -> Change {
        // A `return` from within a loop leaves its item unfinished, as a failure does. But the job is
        // finished: what it has given up is not done again.
        let dead_letters = self.position.dead_letters.clone();
        if self.position.in_flight().is_some() {
            self.position.keep_only_what_matches_carried_values();
        }
        self.position.dead_letters = dead_letters;
        self.change(Instant::now())
    }

    fn left_by_question_mark(&self) -> bool {
        self.position.in_flight().is_some() && !self.position.returning
    }

    fn failure(&mut self, mut failed: Failed) -> Change {
        let store = self.store();
        let details = failed.details(self.shown.all(store.as_deref().map(Store::checkpoint)));
        drop(store);
        let failure = self.position.about_item(&failed).with_details(details);
        self.events.failed(&failure);
        self.position.keep_only_what_matches_carried_values();
        let median = self.pace.median();
        Change { item_nanos: median, failure: Some(failure), ..self.change(Instant::now()) }
    }

    fn ended<R>(
        mut self,
        outcome: Outcome<R>,
        failed: bool,
        ended: Result<Option<Ended>, Error>,
        on_error: impl FnOnce(Error) -> R,
    ) -> R {
        let (written, completed) = match ended {
            Ok(Some((written, completed))) => (written.map_err(Error::from), Some(completed)),
            Ok(None) => (Ok(()), None),
            Err(error) => (Err(error), None),
        };
        let returned = outcome.unwrap_or_else(|panic| {
            if let Err(error) = &written {
                self.events.not_saved(error);
            }
            resume_unwind(panic)
        });
        match written {
            // The user's error comes first.
            Err(error) if failed => self.events.not_saved(&error),
            Err(error) => return on_error(error),
            Ok(()) if failed => completed.into_iter().for_each(|it| self.events.saved_so_far(it)),
            Ok(()) => completed.into_iter().for_each(|completed| self.events.finished(completed)),
        }
        returned
    }
}

/// What became of the last write, and how many items are complete.
type Ended = (Result<(), BackendError>, u64);

/// The last write, with which the files of a job that is finished are given back.
fn last(
    write: Write,
    span: Span,
    outputs: Outputs,
) -> impl FnOnce(&mut Store) -> Ended + Send + 'static {
    move |store| {
        let is_finished = matches!(write, Write::Finish(_) | Write::Delete);
        let written = write.within(&span, store);
        if is_finished && written.is_ok() {
            outputs.release();
        }
        (written, store.checkpoint().completed().len())
    }
}
