//! Notes what a job's items did, in memory.

use safe_state::Job;

use std::sync::Mutex;

/// The items that ran, in their order.
#[derive(Debug, Default)]
pub struct Ran(Mutex<Vec<u64>>);

impl Ran {
    /// Adds an item.
    ///
    /// # Panics
    ///
    /// If another thread panicked while adding an item.
    pub fn note(&self, item: u64) {
        self.0.lock().unwrap().push(item);
    }

    /// Returns the items since the last call.
    ///
    /// # Panics
    ///
    /// If another thread panicked while adding an item.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Runs `job` over `items`, and fails at the item `fails_at`. Returns the items that ran.
///
/// # Panics
///
/// If the job does not end as asked.
pub fn run(job: &Job, items: impl IntoIterator<Item = u64>, fails_at: Option<u64>) -> Vec<u64> {
    let ran = Ran::default();
    let outcome = job.run(items, |item| {
        ran.note(item);
        anyhow::ensure!(fails_at != Some(item), "asked to fail");
        Ok(())
    });
    assert_eq!(outcome.is_err(), fails_at.is_some(), "{outcome:?}");
    ran.take()
}
