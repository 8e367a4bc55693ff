//! The jobs that are under way on this thread. A job that is called within its own run is part of the item that called
//! it, and keeps no progress of its own.

use std::cell::RefCell;
use std::path::PathBuf;

use crate::Job;

thread_local! {
    static ACTIVE: RefCell<Vec<Identity>> = const { RefCell::new(Vec::new()) };
}

/// The identity of a job: its name, and the file of its checkpoint if it has one, because a job of the same name in
/// another state directory is another job.
type Identity = (String, Option<PathBuf>);

fn identity(job: &Job) -> Identity {
    (job.job_name().to_owned(), job.checkpoint_path())
}

/// A mark that a job is under way on this thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct Active(Identity);

impl Active {
    pub(crate) fn enter(job: &Job) -> Self {
        ACTIVE.with_borrow_mut(|jobs| jobs.push(identity(job)));
        Active(identity(job))
    }

    pub(crate) fn contains(job: &Job) -> bool {
        ACTIVE.with_borrow(|jobs| jobs.contains(&identity(job)))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        // The thread's locals may be gone already; then no mark is left to remove.
        let _ = ACTIVE.try_with(|jobs| {
            let mut jobs = jobs.borrow_mut();
            if let Some(at) = jobs.iter().rposition(|job| *job == self.0) {
                jobs.swap_remove(at);
            }
        });
    }
}
