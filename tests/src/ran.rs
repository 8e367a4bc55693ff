//! What a job's items did, in memory.

use safe_state::Job;

use std::sync::Mutex;

/// The items that ran, in their order.
#[derive(Debug, Default)]
pub struct Ran(Mutex<Vec<u64>>);

impl Ran {
    /// Adds one.
    ///
    /// # Panics
    ///
    /// If another thread panicked while adding one.
    pub fn note(&self, item: u64) {
        self.0.lock().unwrap().push(item);
    }

    /// Those since the last call.
    ///
    /// # Panics
    ///
    /// If another thread panicked while adding one.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Runs `job` over `items`, failing at the one given, and gives those that ran.
///
/// # Panics
///
/// If it does not end as asked.
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
