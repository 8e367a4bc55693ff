//! The jobs that are under way on this thread. A job called within its own run is part of the
//! item that called it, and keeps no progress of its own.

use std::cell::RefCell;

thread_local! {
    static ACTIVE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Marks a job as under way until dropped.
#[derive(Debug)]
pub(crate) struct Active(String);

impl Active {
    pub(crate) fn enter(job: &str) -> Self {
        ACTIVE.with_borrow_mut(|jobs| jobs.push(job.to_owned()));
        Active(job.to_owned())
    }

    pub(crate) fn contains(job: &str) -> bool {
        ACTIVE.with_borrow(|jobs| jobs.iter().any(|active| active == job))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        // The thread's locals may be gone already, and then there is nothing to unmark.
        let _ = ACTIVE.try_with(|jobs| {
            let mut jobs = jobs.borrow_mut();
            if let Some(at) = jobs.iter().rposition(|job| *job == self.0) {
                jobs.swap_remove(at);
            }
        });
    }
}
