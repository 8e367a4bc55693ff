//! What can be done with a job: what the command line can.

use std::sync::Arc;

use safe_state_backends::{Backend, Error as BackendError, LeaseOptions, Request};
use safe_state_base::error::one_line;
use safe_state_base::status::{State, Status};
use safe_state_base::{Error, stored};
use serde::Serialize;

/// One of them. A new one is a line in [`VERBS`].
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Verb {
    /// As the command is called.
    pub(crate) name: &'static str,
    /// What the button says.
    label: &'static str,
    /// What it will do.
    means: &'static str,
    /// Whether to ask first: what can't be taken back.
    asks: bool,
    /// Whether there is any use in it.
    #[serde(skip)]
    fits: fn(&Status) -> bool,
    /// Does it, and says what has been done.
    #[serde(skip)]
    does: fn(&Arc<dyn Backend>, &str) -> Result<String, Error>,
}

const VERBS: [Verb; 6] = [
    Verb {
        name: "pause",
        label: "Pause",
        means: "The run saves, and waits before its next item.",
        asks: false,
        fits: |it| it.asked.asked.is_none() && it.state != State::Finished,
        does: |backend, job| {
            Request::Pause.save(&**backend, job)?;
            Ok("it is to wait before its next item".to_owned())
        },
    },
    Verb {
        name: "resume",
        label: "Resume",
        means: "Takes back what was asked, so that the job goes on.",
        asks: false,
        fits: |it| it.asked.asked.is_some(),
        does: |backend, job| {
            Request::delete(&**backend, job)?;
            Ok("it is to go on".to_owned())
        },
    },
    Verb {
        name: "cancel",
        label: "Cancel",
        means: "The run ends before its next item. A later run goes on from there.",
        asks: true,
        fits: |it| {
            matches!(it.state, State::Running | State::Paused | State::Open)
                && it.asked.asked != Some("cancel")
        },
        does: cancel,
    },
    Verb {
        name: "retry",
        label: "Retry what was given up",
        means: "The next run does the items again that were given up on.",
        asks: false,
        fits: |it| it.runs.dead_letters > 0 && it.holder.is_none(),
        does: |backend, job| {
            let count =
                stored::retry_dead_letters(Arc::clone(backend), job, LeaseOptions::default())?;
            Ok(format!("items put back, for its next run to do: {count}"))
        },
    },
    Verb {
        name: "accept",
        label: "Accept changes",
        means: "The next run goes on with another input, other arguments, another version or other code.",
        asks: true,
        fits: |it| {
            let is_over = !matches!(it.state, State::Running | State::Paused | State::Finished);
            is_over && it.asked.asked != Some("accept")
        },
        does: |backend, job| {
            Request::Accept.save(&**backend, job)?;
            Ok("its next run is to go on with what has changed".to_owned())
        },
    },
    Verb {
        name: "clear",
        label: "Clear",
        means: "Removes what is stored of the job: its next run starts over.",
        asks: true,
        fits: |it| it.holder.is_none(),
        does: |backend, job| {
            stored::clear(Arc::clone(backend), job, LeaseOptions::default())?;
            Ok("its next run starts over".to_owned())
        },
    },
];

/// Why it was not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// There is no such verb, or no such job.
    Unknown(String),
    /// It can't be done.
    Failed(String),
}

/// Those that there is a use in.
pub(crate) fn fitting(status: &Status) -> Vec<Verb> {
    VERBS.into_iter().filter(|verb| (verb.fits)(status)).collect()
}

/// Does what the verb says, and says what has been done.
pub(crate) fn perform(backend: &Arc<dyn Backend>, verb: &str, job: &str) -> Result<String, Undone> {
    let failed = |error: Error| Undone::Failed(one_line(&error));
    let verb = VERBS.iter().find(|it| it.name == verb);
    let verb = verb.ok_or_else(|| Undone::Unknown("there is no such button".to_owned()))?;
    if !backend.exists(job).map_err(|error| failed(error.into()))? {
        return Err(Undone::Unknown(format!("there is no checkpoint of job `{job}`")));
    }
    let done = (verb.does)(backend, job).map_err(failed)?;
    tracing::info!(job, verb = verb.name, "asked by the page");
    Ok(done)
}

/// Of a job that does not run there is nothing to end.
fn cancel(backend: &Arc<dyn Backend>, job: &str) -> Result<String, Error> {
    match backend.holder(job) {
        Ok(None) => return Ok("it is not running: nothing was asked".to_owned()),
        Ok(Some(_)) | Err(BackendError::Unsupported(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Request::Cancel.save(&**backend, job)?;
    Ok("it is to end before its next item".to_owned())
}
