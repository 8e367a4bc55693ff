//! Changes that people make to a checkpoint.

use std::hash::Hasher;
use std::sync::Arc;

use safe_state_backends::{Backend, Checkpoint, LeaseOptions, NotByHand, Store, check_job};
use siphasher::sip::SipHasher13;

use crate::Error;

/// Changes the checkpoint of a job that is not running, in one save. If the job has not begun, creates a checkpoint, which the
/// job's first run takes over.
///
/// # Errors
///
/// [`Error::NotByHand`] if it can't be changed in this way; the job is running; or the backend cannot be read or written.
pub fn change<T>(
    backend: Arc<dyn Backend>,
    job: &str,
    options: LeaseOptions,
    change: impl FnOnce(&mut Checkpoint) -> Result<T, NotByHand>,
) -> Result<T, Error> {
    check_job(job)?;
    let opening = Store::open(backend, job, options)?;
    let mut checkpoint = opening.found().cloned().unwrap_or_else(|| Checkpoint::by_hand(job));
    let changed = change(&mut checkpoint);
    let changed = changed.map_err(|reason| Error::NotByHand { job: job.to_owned(), reason })?;
    opening.begin(checkpoint)?;
    Ok(changed)
}

/// Returns the hash by which a loop identifies an item whose key is the text `key`.
pub fn key_of_text(key: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    // The hash is that of a key that is `Serialize`. Serialising a text never fails.
    hasher.write(&postcard::to_stdvec(key).unwrap_or_default());
    hasher.finish()
}
