//! Where a job's checkpoint is: what the job names, else what the environment names, else the working directory.

use std::ffi::OsString;
use std::sync::Arc;

use safe_state_backends::{Backend, Error as BackendError, FileBackend, from_url};

use super::{DEFAULT_STATE_DIR, Job, Unnamed, test_memory};
use crate::Error;

/// Where a checkpoint is.
pub(crate) enum Place {
    /// Where the job, a trial or the environment says.
    Named(Arc<dyn Backend>),
    /// In memory: the job is called by a test, which names no place.
    OfTest(Arc<dyn Backend>),
    /// In the working directory, as nothing says where.
    Default(Arc<FileBackend>),
}

impl Job {
    /// The job for another thread: the memory of a trial or a test is known to its own alone.
    pub(crate) fn for_another_thread(&self) -> Job {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Job { state_dir: None, ..self.clone() }.backend(backend);
        }
        match self.place() {
            Ok(Place::OfTest(backend)) => self.clone().backend(backend),
            _ => self.clone(),
        }
    }

    pub(crate) fn stored_in(&self) -> Result<Arc<dyn Backend>, Error> {
        self.place().map(|place| match place {
            Place::Named(backend) | Place::OfTest(backend) => backend,
            Place::Default(backend) => backend,
        })
    }

    pub(crate) fn place(&self) -> Result<Place, Error> {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Ok(Place::Named(backend));
        }
        if self.backend.is_some() && self.state_dir.is_some() {
            return Err(Error::TwoPlaces { job: self.name.clone() });
        }
        if let Some(backend) = &self.backend {
            return backend.clone().map(Place::Named).map_err(Error::NoBackend);
        }
        if let Some(dir) = &self.state_dir {
            return Ok(Place::Named(Arc::new(FileBackend::new(dir))));
        }
        if let Some(url) = from_environment("SAFE_STATE_BACKEND") {
            let opened = url.to_str().map_or_else(|| Err(not_text()), from_url);
            let opened = opened.map(Place::Named);
            return opened.map_err(|error| Error::NoBackend(of_environment(error).into()));
        }
        if let Some(dir) = from_environment("SAFE_STATE_DIR") {
            return Ok(Place::Named(Arc::new(FileBackend::new(dir))));
        }
        if self.unnamed == Unnamed::Memory || test_memory::is_test() {
            return Ok(Place::OfTest(test_memory::memory()));
        }
        Ok(Place::Default(Arc::new(FileBackend::new(DEFAULT_STATE_DIR))))
    }
}

fn not_text() -> BackendError {
    let reason = "it is not UTF-8".to_owned();
    BackendError::Url { url: "...".to_owned(), reason }
}

/// The error, with where its URL comes from, which the program's source does not tell.
fn of_environment(error: BackendError) -> BackendError {
    match error {
        BackendError::Url { url, reason } => {
            let reason = format!("{reason}; it comes from $SAFE_STATE_BACKEND");
            BackendError::Url { url, reason }
        }
        other => other,
    }
}

pub(crate) fn from_environment(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}
