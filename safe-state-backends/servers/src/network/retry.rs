//! Repeated attempts at what may succeed the next time.

use std::time::{Duration, Instant};

use backon::{BlockingRetryable, ExponentialBuilder};

use super::Trouble;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Repeats `once` until it succeeds, fails for a reason that lasts, or `limit` has passed. The pauses double, and have a random
/// length, so that many runs do not come back in step.
pub(super) fn until<T>(
    limit: Duration,
    job: &str,
    once: impl FnMut() -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let began = Instant::now();
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter();
    once.retry(pauses)
        .when(|trouble| trouble.is_transient() && began.elapsed() < limit)
        .notify(|trouble, pause| {
            tracing::warn!(target: "safe_state", job, %trouble, ?pause, "trying again");
        })
        .call()
}
