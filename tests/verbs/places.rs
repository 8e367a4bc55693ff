//! Provides the backends that each verb is tried on.

use std::path::Path;
use std::sync::Arc;

use safe_state::{Backend, Error, Job};

/// A backend, and the folder that it is kept in.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) backend: Arc<dyn Backend>,
    _dir: tempfile::TempDir,
}

impl Place {
    /// Makes a place of a backend that needs no folder.
    pub(crate) fn new(name: &'static str, backend: Arc<dyn Backend>) -> Self {
        Place::below(name, |_| backend)
    }

    /// Makes a place of a backend in a folder of its own.
    pub(crate) fn below(name: &'static str, open: impl FnOnce(&Path) -> Arc<dyn Backend>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Place { name, backend: open(dir.path()), _dir: dir }
    }

    pub(crate) fn job(&self, name: &str) -> Job {
        Job::new(name).backend(Arc::clone(&self.backend))
    }

    /// Runs the job `name` over the numbers below eight, which fails at the number `at`.
    pub(crate) fn fail(&self, name: &str, at: u64) -> Job {
        let job = self.job(name);
        let failed =
            job.run(
                0..8_u64,
                |item| {
                    if item == at { Err(std::io::Error::other("no")) } else { Ok(()) }
                },
            );
        failed.unwrap_err();
        job
    }
}

/// Runs the job over the numbers below eight, and returns the items of the run.
pub(crate) fn done(job: &Job) -> Vec<u64> {
    let mut done = Vec::new();
    job.run(0..8_u64, |item| {
        done.push(item);
        Ok::<(), Error>(())
    })
    .unwrap();
    done
}

/// Calls `test` with each backend of this program.
pub(crate) fn on_each(test: impl Fn(&Place)) {
    for place in crate::places() {
        eprintln!("on {}", place.name);
        test(&place);
    }
}
