//! What is changed in a checkpoint by hand.

use std::hash::Hasher;
use std::sync::Arc;

use safe_state_backends::{Backend, Checkpoint, LeaseOptions, NotByHand, Store};
use siphasher::sip::SipHasher13;

use crate::Error;

/// Changes what is stored of a job that is not running, in one save. One that has not begun has a checkpoint from then
/// on, which its first run takes over.
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
    let opening = Store::open(backend, job, options)?;
    let mut checkpoint = opening.found().cloned().unwrap_or_else(|| Checkpoint::by_hand(job));
    let changed = change(&mut checkpoint);
    let changed = changed.map_err(|reason| Error::NotByHand { job: job.to_owned(), reason })?;
    opening.begin(checkpoint)?;
    Ok(changed)
}

/// The hash by which a loop knows an item whose key is that text.
pub fn key_of_text(key: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    // As a key that is `Serialize` is hashed; text can always be.
    hasher.write(&postcard::to_stdvec(key).unwrap_or_default());
    hasher.finish()
}
