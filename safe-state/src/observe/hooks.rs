//! The hooks of a job: functions of the program that its runs call.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use safe_state_backends::{Checkpoint, DeadLetter, RunEnd};

use super::summary::RunSummary;
use crate::error::panic_message;

/// A function that is called for one kind of event, if the program has set one.
pub(crate) type Hook<T> = Option<Called<T>>;

type Called<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// The hooks that a program has set.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) start: Hook<Checkpoint>,
    pub(crate) stop: Hook<RunSummary>,
    pub(crate) finish: Hook<RunSummary>,
    pub(crate) failure: Hook<RunSummary>,
    pub(crate) dead_letter: Hook<DeadLetter>,
}

impl Hooks {
    pub(crate) fn started(&self, job: &str, checkpoint: &Checkpoint) {
        call(job, self.start.as_ref(), checkpoint);
    }

    pub(crate) fn gave_up(&self, job: &str, letter: &DeadLetter) {
        call(job, self.dead_letter.as_ref(), letter);
    }

    pub(crate) fn ended(&self, summary: &RunSummary) {
        let hook = match summary.end {
            RunEnd::Finished => self.finish.as_ref(),
            RunEnd::Stopped => self.stop.as_ref(),
            _ => self.failure.as_ref(),
        };
        call(&summary.job, hook, summary);
    }
}

/// Calls a hook. A panic of the hook becomes an event and does not reach the run.
fn call<T>(job: &str, hook: Option<&Called<T>>, what: &T) {
    let Some(hook) = hook else { return };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| hook(what))) {
        let error = panic_message(&*panic);
        tracing::error!(target: "safe_state", %job, error, "a hook panicked");
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}
