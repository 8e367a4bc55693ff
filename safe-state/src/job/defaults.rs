//! The default options of all jobs of a program.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use safe_state_backends::{Backend, Error as BackendError, IntoBackend};
use safe_state_base::url;

/// The backend of checkpoints, or the reason why it cannot be used.
type DefaultBackend = Result<Arc<dyn Backend>, Arc<BackendError>>;

static DEFAULTS: Mutex<Defaults> = Mutex::new(Defaults::NONE);

/// Default options for all jobs of a program: see [`defaults`].
#[derive(Clone)]
#[must_use = "they count once they are set"]
pub struct Defaults {
    backend: Option<DefaultBackend>,
    pub(super) page_dir: Option<PathBuf>,
    max_runtime: Option<Duration>,
    grace_period: Option<Duration>,
}

/// Returns the program's defaults, to be changed and [set](Defaults::set). They apply to jobs that are created
/// afterwards. A job's own options take precedence.
///
/// ```
/// use std::time::Duration;
///
/// safe_state::defaults().backend("memory:").max_runtime(Duration::from_secs(3600)).set();
/// assert_eq!(safe_state::Job::new("mail").checkpoint_path(), None);
/// ```
pub fn defaults() -> Defaults {
    DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Defaults {
    const NONE: Defaults =
        Defaults { backend: None, page_dir: None, max_runtime: None, grace_period: None };

    /// Sets where checkpoints are stored, unless a job names a `backend` or a `state_dir`. The argument is one for
    /// [`Job::backend`](crate::Job::backend). This default takes precedence over `$SAFE_STATE_BACKEND` and
    /// `$SAFE_STATE_DIR`.
    pub fn backend(mut self, backend: impl IntoBackend) -> Self {
        self.backend = Some(url::open(backend).map_err(Arc::new));
        self
    }

    /// Sets the folder of this machine where jobs with a `page` keep it, like [`Job::page_dir`](crate::Job::page_dir).
    /// This default takes precedence over `$SAFE_STATE_PAGE_DIR`.
    pub fn page_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.page_dir = Some(dir.into());
        self
    }

    /// Limits how long a run may take, like [`Job::max_runtime`](crate::Job::max_runtime).
    pub fn max_runtime(mut self, time: Duration) -> Self {
        self.max_runtime = Some(time);
        self
    }

    /// Sets how long an item has to end once it has passed a limit, like
    /// [`Job::grace_period`](crate::Job::grace_period).
    #[cfg(feature = "limits")]
    pub fn grace_period(mut self, grace_period: impl Into<safe_state_limits::Time>) -> Self {
        self.grace_period = Some(grace_period.into().into());
        self
    }

    /// Applies these defaults to all jobs that are created from now on.
    pub fn set(self) {
        *DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner) = self;
    }

    pub(super) fn place(&self) -> Option<&DefaultBackend> {
        self.backend.as_ref()
    }

    pub(super) fn longest_run(&self) -> Option<Duration> {
        self.max_runtime
    }

    #[cfg(feature = "limits")]
    pub(super) fn grace(&self) -> Option<Duration> {
        self.grace_period
    }
}

impl std::fmt::Debug for Defaults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Defaults")
            .field("max_runtime", &self.max_runtime)
            .field("grace_period", &self.grace_period)
            .finish_non_exhaustive()
    }
}
