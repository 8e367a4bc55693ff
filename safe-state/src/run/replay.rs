//! Runs the failed item alone once more in the program where it failed, for a debugger.
//!
//! `SAFE_STATE_REPLAY=6432` lets every job of the process go on from its checkpoint as it would, but in memory: the run
//! takes no lease, saves nothing, and stops once item 6432 is complete.

use std::sync::Arc;

use safe_state_backends::{Backend, Checkpoint, Failure, LeaseOptions, MemoryBackend, Store};

use super::begun::Begun;
use crate::control::Replay;
use crate::control::requests::Source;
use crate::effects::reconnect::seal;
use crate::{Error, Job};

const VARIABLE: &str = "SAFE_STATE_REPLAY";

/// Returns the index of the item that is to be run again, if the environment names one.
pub(crate) fn asked(job: &Job) -> Result<Option<u64>, Error> {
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let index = value.to_str().and_then(|text| text.parse().ok());
    index.map(Some).ok_or_else(|| refused(job, format!("`{}` is no index", value.display())))
}

/// Begins a replay of the job, whose last failure must be in the item `index`, on a copy of the checkpoint: saving the
/// copy changes nothing.
pub(crate) fn begin(job: &Job, index: u64) -> Result<Begun, Error> {
    let original = job.stored_in()?;
    let stored = original.load(job.job_name())?;
    let none = || refused(job, "there is no checkpoint".to_owned());
    let backend = Arc::new(MemoryBackend::default());
    backend.save(job.job_name(), &stored.ok_or_else(none)?)?;
    seal::copy_key(&*original, &*backend)?;
    let source = Source::new(backend, job.job_name());
    let opening = Store::open(Arc::clone(&source.backend), &source.job, LeaseOptions::default())?;
    let failed = opening.found().and_then(Checkpoint::last_failure).and_then(Failure::index);
    if failed != Some(index) {
        let failed = failed.map_or_else(|| "none".to_owned(), |failed| format!("item {failed}"));
        return Err(refused(
            job,
            format!("the last item that failed is not {index}, but {failed}"),
        ));
    }
    let checkpoint = opening.found().cloned().ok_or_else(none)?;
    Ok(Begun {
        store: opening.begin(checkpoint)?,
        was_finished: false,
        has_crashed: false,
        accepts: false,
        source,
        asked: None,
        replay: Replay::Until(index),
        saved_at: None,
    })
}

fn refused(job: &Job, reason: String) -> Error {
    Error::Replay { job: job.job_name().to_owned(), reason }
}
