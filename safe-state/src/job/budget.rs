//! How much of its time a job may save.

use crate::{Job, SaveEvery};

impl Job {
    /// Saves as often as that takes at most this share of the run's time, in percent, in place of
    /// [`save_every`](Job::save_every): see [`SaveEvery::share`]. So a save that takes 5 ms is made twice a second with
    /// one percent, whatever the items are, and of one that takes 50 µs there are two hundred.
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mut sum = 0;
    /// Job::new("sum").state_dir(dir.path()).budget(1.0).run(1..=10, |item| {
    ///     sum += item;
    ///     Ok::<(), safe_state::Error>(())
    /// })?;
    /// assert_eq!(sum, 55);
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    pub fn budget(self, percent: f64) -> Self {
        self.save_every(SaveEvery::share(percent))
    }
}
