//! The functions whose jobs have run in this process under their default names. Two functions may have one: those of one
//! name in two blocks of a function, and methods of one name in two traits.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::{Error, Job};

static PLACES: Mutex<BTreeMap<String, &'static Location<'static>>> = Mutex::new(BTreeMap::new());

/// Refuses a job whose default name is also that of another function, which has run before.
pub(super) fn check(job: &Job) -> Result<(), Error> {
    let Some(place) = job.expected.code.place else { return Ok(()) };
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(other) = places.get(job.job_name()).filter(|other| **other != place) {
        return Err(Error::SharedName {
            job: job.job_name().to_owned(),
            place: place.to_string(),
            other: other.to_string(),
        });
    }
    places.entry(job.job_name().to_owned()).or_insert(place);
    Ok(())
}
