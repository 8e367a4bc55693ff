//! The place where a job's checkpoint is stored, as options and the environment name it.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use safe_state_backends::{Backend, Error as BackendError, FileBackend, with_pages_in};

use crate::Error;
use crate::url::from_url;

/// The directory if neither an option nor `$SAFE_STATE_DIR` names one.
pub const DEFAULT_STATE_DIR: &str = ".safe_state";

/// The place where a checkpoint is stored, as options name it. What no option names, the environment does.
#[derive(Clone, Default)]
pub struct Place {
    /// The directory of the file backend.
    pub dir: Option<PathBuf>,
    /// The backend, or the error that each use of the place returns.
    pub backend: Option<Result<Arc<dyn Backend>, Arc<BackendError>>>,
    /// The folder of the pages.
    pub page_dir: Option<PathBuf>,
}

impl Place {
    /// Returns the backend in which the job `job` is stored.
    ///
    /// # Errors
    ///
    /// Both a directory and a backend are named, or the backend cannot be used.
    pub fn backend(&self, job: &str) -> Result<Arc<dyn Backend>, Error> {
        let unnamed = || Arc::new(FileBackend::new(DEFAULT_STATE_DIR)) as Arc<dyn Backend>;
        Ok(self.with_pages(self.named(job)?.unwrap_or_else(unnamed)))
    }

    /// Returns the backend with its pages in the folder that an option or `$SAFE_STATE_PAGE_DIR` names; unchanged if none does.
    pub fn with_pages(&self, backend: Arc<dyn Backend>) -> Arc<dyn Backend> {
        match self.page_dir.clone().or_else(page_dir) {
            Some(dir) => with_pages_in(backend, dir),
            None => backend,
        }
    }

    /// Returns the backend that options or the environment name; `None` if none of them does.
    ///
    /// # Errors
    ///
    /// Both a directory and a backend are named, or the backend cannot be used.
    pub fn named(&self, job: &str) -> Result<Option<Arc<dyn Backend>>, Error> {
        if self.backend.is_some() && self.dir.is_some() {
            return Err(Error::TwoPlaces { job: job.to_owned() });
        }
        if let Some(backend) = &self.backend {
            return backend.clone().map(Some).map_err(Error::NoBackend);
        }
        if let Some(dir) = &self.dir {
            return Ok(Some(Arc::new(FileBackend::new(dir))));
        }
        if let Some(url) = from_environment("SAFE_STATE_BACKEND") {
            let opened = url.to_str().map_or_else(|| Err(not_text()), from_url);
            let opened = opened.map(Some);
            return opened.map_err(|error| Error::NoBackend(of_environment(error).into()));
        }
        let dir = from_environment("SAFE_STATE_DIR");
        Ok(dir.map(|dir| Arc::new(FileBackend::new(dir)) as Arc<dyn Backend>))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Returns the folder of the pages that the environment names.
pub fn page_dir() -> Option<PathBuf> {
    from_environment("SAFE_STATE_PAGE_DIR").map(Into::into)
}

fn not_text() -> BackendError {
    let reason = "it is not UTF-8".to_owned();
    BackendError::Url { url: "...".to_owned(), reason }
}

/// Adds to the error of a URL that it comes from the environment, as the program's source does not show it.
fn of_environment(error: BackendError) -> BackendError {
    match error {
        BackendError::Url { url, reason } => {
            let reason = format!("{reason}; it comes from $SAFE_STATE_BACKEND");
            BackendError::Url { url, reason }
        }
        other => other,
    }
}

/// Returns the value of an environment variable, if it is set and not empty.
pub fn from_environment(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}
