//! What a job's items did, in memory.

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
