//! How long what is in flight may go on when the run is to end.

use std::time::{Duration, Instant};

use crate::run::handing::Handing;

/// The time for which futures in flight go on when the run is to end, if the job does not say how long.
pub(super) const OF_FUTURES: Duration = Duration::from_secs(15);

/// The time by which what is in flight has to end, once the run is to.
#[derive(Debug, Default)]
pub(super) struct Grace(Option<Instant>);

impl Grace {
    /// Returns whether the run is to end, and what is in flight has gone on for `grace` since.
    pub(super) fn is_over(&mut self, handing: &mut Handing<'_, '_>, grace: Duration) -> bool {
        let now = Instant::now();
        if !handing.is_ending(now) {
            self.0 = None;
            return false;
        }
        // A time too large for the clock is no limit.
        self.0 = self.0.or_else(|| now.checked_add(grace));
        self.0.is_some_and(|by| by <= now)
    }
}
