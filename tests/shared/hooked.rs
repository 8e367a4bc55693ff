//! Provides a backend in memory that calls a hook between two requests of a worker.

use std::fmt;
use std::sync::{Arc, Mutex};

use safe_state::MemoryBackend;
use safe_state::backend::{Appended, Backend, Error, Lease, LeaseOptions};

type Hook = Box<dyn FnMut(Request<'_>) + Send>;

/// A request of a worker to the backend.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request<'a> {
    /// The worker is about to take the lease with this name.
    Lease(&'a str),
    /// The worker has read what is stored under this name, without its lease.
    Loaded(&'a str),
}

/// A backend that calls a hook at each request.
pub(crate) struct Hooked {
    within: Arc<MemoryBackend>,
    hook: Mutex<Hook>,
}

impl Hooked {
    pub(crate) fn new(
        within: &Arc<MemoryBackend>,
        hook: impl FnMut(Request<'_>) + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Hooked { within: Arc::clone(within), hook: Mutex::new(Box::new(hook)) })
    }

    /// Returns a backend that calls `hook` once, before the lease of the slice that comes `behind` slices after the
    /// first that a worker claims.
    pub(crate) fn before_slice(
        within: &Arc<MemoryBackend>,
        behind: u32,
        hook: impl FnOnce() + Send + 'static,
    ) -> Arc<Self> {
        let (mut claimed, mut hook) = (0, Some(hook));
        Hooked::new(within, move |request| {
            let Request::Lease(name) = request else { return };
            if !name.contains("shared/0/") {
                return;
            }
            if claimed == behind
                && let Some(hook) = hook.take()
            {
                hook();
            }
            claimed += 1;
        })
    }
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooked").finish_non_exhaustive()
    }
}

impl Backend for Hooked {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let loaded = self.within.load(job);
        (self.hook.lock().unwrap())(Request::Loaded(job));
        loaded
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.within.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.within.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.within.exists(job)
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        self.within.append(job, record)
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        self.within.list()
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        (self.hook.lock().unwrap())(Request::Lease(job));
        Arc::clone(&self.within).lease(job, options)
    }
}
