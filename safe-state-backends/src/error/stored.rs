//! Errors about what is stored under a name, with its place.

use crate::format::FormatError;
use crate::{Backend, Error};

impl Error {
    pub(crate) fn unreadable(backend: &dyn Backend, job: &str, reason: FormatError) -> Error {
        Error::Format { job: job.to_owned(), place: place(backend, job), reason }
    }

    #[doc(hidden)]
    pub fn unwritable(backend: &dyn Backend, job: &str, reason: FormatError) -> Error {
        Error::Unwritable { job: job.to_owned(), place: place(backend, job), reason }
    }

    pub(crate) fn other_job(backend: &dyn Backend, job: &str, found: String) -> Error {
        Error::OtherJob { job: job.to_owned(), found, place: place(backend, job) }
    }
}

/// Returns the place where the job is stored, for messages.
pub(crate) fn place(backend: &dyn Backend, job: &str) -> String {
    let file = backend.path(job).map(|path| path.display().to_string());
    match file.or_else(|| backend.store_name()) {
        Some(name) => format!("`{name}`"),
        None => "the backend".to_owned(),
    }
}
