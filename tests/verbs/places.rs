//! The backends that each verb is tried on.

use std::path::Path;
use std::sync::Arc;

use safe_state::{Backend, Error, Job};

/// A backend, and what it is kept in.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) backend: Arc<dyn Backend>,
    _dir: tempfile::TempDir,
}

impl Place {
    /// A backend that needs no directory.
    pub(crate) fn new(name: &'static str, backend: Arc<dyn Backend>) -> Self {
        Place::below(name, |_| backend)
    }

    /// One in a directory of its own.
    pub(crate) fn below(name: &'static str, open: impl FnOnce(&Path) -> Arc<dyn Backend>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Place { name, backend: open(dir.path()), _dir: dir }
    }

    pub(crate) fn job(&self, name: &str) -> Job {
        Job::new(name).backend(Arc::clone(&self.backend))
    }

    /// A job over the numbers up to eight, which fails at that one.
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

/// The items of a run over the numbers up to eight.
pub(crate) fn done(job: &Job) -> Vec<u64> {
    let mut done = Vec::new();
    job.run(0..8_u64, |item| {
        done.push(item);
        Ok::<(), Error>(())
    })
    .unwrap();
    done
}

/// Tries it on each backend that this program is about.
pub(crate) fn on_each(test: impl Fn(&Place)) {
    for place in crate::places() {
        eprintln!("on {}", place.name);
        test(&place);
    }
}
