//! A checkpoint under another name.

use std::sync::Arc;

use safe_state_backends::{Backend, Checkpoint, LeaseOptions, Request, move_outputs};

use crate::Error;

/// The checkpoint with another job's name in it.
///
/// # Errors
///
/// [`Error::NotByHand`] if it has handles that `reseal` does not give a seal with the new name.
pub fn renamed(
    checkpoint: &Checkpoint,
    to: &str,
    reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
) -> Result<Checkpoint, Error> {
    let mut renamed = checkpoint.clone();
    let done = renamed.rename(to, reseal);
    done.map_err(|reason| Error::NotByHand { job: checkpoint.job().to_owned(), reason })?;
    Ok(renamed)
}

/// Gives what is stored of a job, and what is asked of it, another name. Returns whether there was something. Ended in the
/// middle, it can be done again.
///
/// # Errors
///
/// [`Error::NameTaken`] if there is a job of the new name; one of them is running; it has handles that are sealed with its
/// name; or the backend cannot be read or written.
pub fn rename(
    backend: &Arc<dyn Backend>,
    (from, to): (&str, &str),
    options: LeaseOptions,
    reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
) -> Result<bool, Error> {
    if !backend.exists(from)? || from == to {
        return Ok(from == to);
    }
    let mut old = Arc::clone(backend).lease(from, options)?;
    let Some(found) = Checkpoint::load_held(&mut *old, &**backend, from)? else { return Ok(false) };
    let found = renamed(&found, to, reseal)?;
    let mut new = Arc::clone(backend).lease(to, options)?;
    match Checkpoint::load_held(&mut *new, &**backend, to)? {
        None => {
            let bytes = found.encode().map_err(|reason| unwritable(to, reason))?;
            new.save(&bytes)?;
        }
        // A renaming that was ended here goes on.
        Some(other) if other == found => {}
        Some(_) => {
            return Err(Error::NameTaken { job: from.to_owned(), name: to.to_owned() });
        }
    }
    // While the old one is there: else the files are nobody's for a moment.
    move_outputs(backend, &found, (from, to))?;
    if let Some((request, reason)) = Request::load_with_reason(&**backend, from)? {
        request.save_with_reason(&**backend, to, reason.as_deref())?;
        Request::delete(&**backend, from)?;
    }
    old.delete()?;
    Ok(true)
}

fn unwritable(job: &str, reason: safe_state_backends::format::FormatError) -> Error {
    let (job, place) = (job.to_owned(), "the backend".to_owned());
    safe_state_backends::Error::Unwritable { job, place, reason }.into()
}
