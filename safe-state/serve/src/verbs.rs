//! The verbs of the page: what it can do with a job, as the command line can.

use std::sync::Arc;

use safe_state_backends::{
    Backend, Error as BackendError, Failure, LeaseOptions, LoopProgress, Press, Request,
};
use safe_state_base::error::one_line;
use safe_state_base::status::look::Look;
use safe_state_base::status::{Death, State, Status};
use safe_state_base::{Error, stored};
use serde::{Deserialize, Serialize};

/// A verb of the page. A new one is a line in [`VERBS`].
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Verb {
    /// The name of the command that does the same.
    pub(crate) name: &'static str,
    /// The text on the button.
    label: &'static str,
    /// A text that tells what the verb will do.
    means: &'static str,
    /// Whether the page asks first, because the verb cannot be undone.
    asks: bool,
    /// Returns whether the verb is useful for a job with this status, and this item that it is stuck at.
    #[serde(skip)]
    fits: fn(&Status, Option<u64>) -> bool,
    /// Does the verb. Returns a text that tells what was done.
    #[serde(skip)]
    does: fn(&Arc<dyn Backend>, &PressRequest) -> Result<String, Error>,
}

/// A button's request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PressRequest {
    pub(crate) verb: String,
    pub(crate) job: String,
    /// The item that the button named.
    #[serde(default)]
    pub(crate) item: Option<u64>,
}

const VERBS: [Verb; 7] = [
    Verb {
        name: "pause",
        label: "Pause",
        means: "The run saves, and waits before its next item.",
        asks: false,
        fits: |it, _| it.asked.asked.is_none() && it.state != State::Finished,
        does: |backend, PressRequest { job, .. }| {
            Request::Pause.save(backend, job)?;
            Ok("it was asked to wait before its next item".to_owned())
        },
    },
    Verb {
        name: "resume",
        label: "Resume",
        means: "Takes back what was asked, so that the job goes on.",
        asks: false,
        fits: |it, _| it.asked.asked.is_some(),
        does: |backend, PressRequest { job, .. }| {
            Request::delete(&**backend, job)?;
            Ok("it may continue".to_owned())
        },
    },
    Verb {
        name: "cancel",
        label: "Cancel",
        means: "The run ends before its next item. A later run goes on from there.",
        asks: true,
        fits: |it, _| {
            matches!(it.state, State::Running | State::Paused | State::Open)
                && !matches!(it.asked.asked, Some("cancel" | "abandon"))
        },
        does: cancel,
    },
    Verb {
        name: "retry",
        label: "Retry what was given up",
        means: "The next run tries the given-up items again.",
        asks: false,
        fits: |it, _| it.runs.dead_letters > 0 && it.holder.is_none(),
        does: |backend, PressRequest { job, .. }| {
            let count =
                stored::retry_dead_letters(Arc::clone(backend), job, LeaseOptions::default())?;
            Ok(format!("items put back, for its next run to do: {count}"))
        },
    },
    Verb {
        name: "skip",
        label: "Skip",
        means: "The next run passes over the item in which the last one has failed or died. It counts as skipped.",
        asks: true,
        fits: |it, item| it.holder.is_none() && item.is_some(),
        does: skip,
    },
    Verb {
        name: "accept",
        label: "Accept changes",
        means: "The next run goes on with another input, other arguments, another version or other code.",
        asks: true,
        fits: |it, _| {
            let is_over = !matches!(it.state, State::Running | State::Paused | State::Finished);
            is_over && !matches!(it.asked.asked, Some("accept" | "abandon"))
        },
        does: |backend, PressRequest { job, .. }| {
            Request::Accept.save(backend, job)?;
            Ok("its next run may resume with what has changed".to_owned())
        },
    },
    Verb {
        name: "clear",
        label: "Clear",
        means: "Removes what is stored of the job: its next run starts over.",
        asks: true,
        fits: |it, _| it.holder.is_none(),
        does: |backend, PressRequest { job, .. }| {
            stored::clear(Arc::clone(backend), job, LeaseOptions::default())?;
            Ok("its next run starts over".to_owned())
        },
    },
];

/// The reason why a verb was not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// The verb or the job does not exist.
    Unknown(String),
    /// The verb failed.
    Failed(String),
}

/// A verb with the item that it is about.
#[derive(Serialize)]
pub(crate) struct Button {
    #[serde(flatten)]
    verb: Verb,
    item: Option<u64>,
}

/// Returns the buttons that are useful for the job now.
pub(crate) fn fitting(status: &Status, look: &Look) -> Vec<Button> {
    let item = stuck_at(look).map(|(_, item)| item);
    let verbs = VERBS.into_iter().filter(|verb| (verb.fits)(status, item));
    verbs.map(|verb| Button { verb, item: item.filter(|_| verb.name == "skip") }).collect()
}

/// Returns the item in which the last run failed or died, with the number of its loop. The job must have one loop only,
/// because a failure does not tell the loop of its item.
fn stuck_at(look: &Look) -> Option<(u16, u64)> {
    let checkpoint = &look.checkpoint;
    let mut loops = checkpoint.numbered_loops();
    let (number, only) = loops.next().filter(|(_, it)| it.keys().is_none())?;
    if loops.next().is_some() {
        return None;
    }
    let failed = checkpoint.last_failure().and_then(Failure::index);
    let item = failed.or_else(|| Death::of_last_run(look)?.item)?;
    let is_open = !checkpoint.has_slices() && only.cursor().is_none();
    (is_open && is_next(only, item)).then_some((number, item))
}

/// Returns whether `item` is the first incomplete item of the loop. An item of an inner loop, of which nothing is
/// stored yet, has another index.
fn is_next(progress: &LoopProgress, item: u64) -> bool {
    progress.completed().prefix() == item && progress.total().is_none_or(|total| item < total)
}

/// Does what the verb says, and keeps who asked for it. Returns a text that tells what was done.
pub(crate) fn perform(
    backend: &Arc<dyn Backend>,
    asked: &PressRequest,
    who: &str,
) -> Result<String, Undone> {
    let job = &asked.job;
    let failed = |error: Error| Undone::Failed(one_line(&error));
    let verb = VERBS.iter().find(|it| it.name == asked.verb);
    let verb = verb.ok_or_else(|| Undone::Unknown("there is no such button".to_owned()))?;
    if !backend.exists(job).map_err(|error| failed(error.into()))? {
        return Err(Undone::Unknown(format!("there is no checkpoint of job `{job}`")));
    }
    let mut done = (verb.does)(backend, asked).map_err(failed)?;
    tracing::info!(job, verb = verb.name, who, "asked by the page");
    // The verb's effect stays, even if who asked for it cannot be kept.
    if let Err(error) = Press::now(verb.name, who, &done).keep(backend, job) {
        tracing::warn!(job, error = one_line(&error), "cannot keep who pressed a button");
        done += "; who asked for it could not be kept";
    }
    Ok(done)
}

fn skip(backend: &Arc<dyn Backend>, asked: &PressRequest) -> Result<String, Error> {
    let PressRequest { job, item, .. } = asked;
    // The state that the page has shown may be outdated.
    let now = Look::at(&**backend, job)?.and_then(|look| stuck_at(&look));
    let Some((number, item)) = now.filter(|(_, now)| *item == Some(*now)) else {
        return Ok("it is at another item by now: nothing was skipped".to_owned());
    };
    let added = stored::change(Arc::clone(backend), job, LeaseOptions::default(), |it| {
        // A run may have begun and ended since.
        if !it.numbered_loops().any(|(its, progress)| its == number && is_next(progress, item)) {
            return Ok(0);
        }
        let added = it.complete_by_hand(number, std::iter::once(item..item.saturating_add(1)))?;
        it.count_skipped(added);
        Ok(added)
    })?;
    Ok(match added {
        0 => format!("item {item} is complete: nothing was skipped"),
        _ => format!("its next run passes over item {item}"),
    })
}

/// Asks the run of the job to end. A job that does not run is not asked.
fn cancel(
    backend: &Arc<dyn Backend>,
    PressRequest { job, .. }: &PressRequest,
) -> Result<String, Error> {
    match backend.holder(job) {
        Ok(None) => return Ok("it is not running: nothing was asked".to_owned()),
        Ok(Some(_)) | Err(BackendError::Unsupported(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Request::Cancel.save(backend, job)?;
    Ok("it was asked to end before its next item".to_owned())
}
