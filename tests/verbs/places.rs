//! The backends that each verb is tried on.

use std::sync::Arc;

use safe_state::backend::SqliteBackend;
use safe_state::{Backend, Error, FileBackend, Job, MemoryBackend};

/// A backend, and what it is kept in.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) backend: Arc<dyn Backend>,
    _dir: tempfile::TempDir,
}

impl Place {
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

/// Tries it on each backend.
pub(crate) fn on_each(test: impl Fn(&Place)) {
    let dir = || tempfile::tempdir().unwrap();
    let (files, database) = (dir(), dir());
    let places = [
        ("file", Arc::new(FileBackend::new(files.path().join("state"))) as Arc<dyn Backend>, files),
        ("sqlite", Arc::new(SqliteBackend::new(database.path().join("jobs.db"))), database),
        ("memory", Arc::new(MemoryBackend::default()), dir()),
    ];
    for (name, backend, dir) in places {
        eprintln!("on {name}");
        test(&Place { name, backend, _dir: dir });
    }
}
